import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../agent/support/process.ts';
import { treeBelow } from '../../agent/support/witness.ts';
import { declareCrowd } from '../support/crowd.ts';
import { describeFaults } from './support/faults.ts';
import type { FaultyNode } from './support/faultynode.ts';
import { TENANTS, tenants, tenantsIn } from './support/tenants.ts';

const MANY = 2_000;
const LONGEST_WAVE_MS = 10_000;

/** Where in a wave the agent is killed: by how many inner maps are pinned, and how many replacements wait. */
const POINTS: Readonly<Record<string, { readonly pinned: number; readonly replacing: number }>> = {
  early: { pinned: 1, replacing: 1 },
  middle: { pinned: 700, replacing: 700 },
  late: { pinned: 1_900, replacing: 1_900 },
};

describeFaults('agents killed in the middle of a wave', (nodesFixture, fixture) => {
  it(`${MANY} inserts, then ${MANY} swaps: after the next start kernel and NodeMapState are as declared, no pin is left over`, async function () {
    this.timeout(600_000);
    const names = Object.keys(POINTS);
    const nodes = await Promise.all(names.map(name => nodesFixture().faulty(name, 'direct')));
    await fixture.put(TENANTS);
    const inserts = await declareCrowd(fixture.controlPlane, tenants(MANY, 1));
    for (const [at, node] of nodes.entries())
      await killedAt(node, () => innerNames(node).length, POINTS[names[at]!]!.pinned);
    expect(
      nodes.filter(node => innerNames(node).length < MANY),
      'killed before the end',
    ).to.not.be.empty;
    await Promise.all(nodes.map(node => node.start()));
    for (const node of nodes) await isWhole(node, 1, inserts);
    for (const node of nodes) await node.agent!.end('SIGKILL');
    const swaps = await declareCrowd(fixture.controlPlane, tenants(MANY, 2));
    for (const [at, node] of nodes.entries())
      await killedAt(node, () => replacements(node), POINTS[names[at]!]!.replacing);
    expect(
      nodes.filter(node => replacements(node) > 0),
      'killed before the end',
    ).to.not.be.empty;
    await Promise.all(nodes.map(node => node.start()));
    for (const node of nodes) await isWhole(node, 2, swaps);
  });
});

/** Starts the agent, and kills it as soon as so many of its pins are there; or, where we were too slow, when none is any more. */
async function killedAt(node: FaultyNode, count: () => number, wanted: number): Promise<void> {
  const agent = await node.start();
  await eventually(`${node.name} is in its wave`, () => {
    // Between two looks of a test that waits, a wave would be over
    for (const end = performance.now() + 5; performance.now() < end; ) if (count() > 0) return true;
    return undefined;
  });
  const end = performance.now() + LONGEST_WAVE_MS;
  for (let there = count(); there > 0 && there < wanted && performance.now() < end; ) there = count();
  await agent.end('SIGKILL');
}

async function isWhole(node: FaultyNode, value: number, version: number): Promise<void> {
  const { outerMaps } = await node.stateWhen(
    ({ outerMaps, conditions }) =>
      Number(outerMaps[0]?.programmedResourceVersion ?? 0) >= version && conditions[0]?.status === 'True',
  );
  expect(outerMaps[0]).to.include({ name: 'tenants', innerMaps: MANY, entries: 2 * MANY, failuresTotal: 0 });
  expect(node.contents('tenants')).to.deep.equal(tenantsIn(MANY, value));
  expect(treeBelow(node.bpffs).filter(name => name.endsWith('-new'))).to.deep.equal([]);
  expect(innerNames(node)).to.have.length(MANY);
}

function innerNames(node: FaultyNode): readonly string[] {
  try {
    return readdirSync(join(node.bpffs, 'innermap', 'tenants', 'inner'));
  } catch {
    return [];
  }
}

function replacements(node: FaultyNode): number {
  return innerNames(node).filter(name => name.endsWith('-new')).length;
}
