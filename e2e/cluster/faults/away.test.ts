import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { bpftool } from '../../../native/stage.ts';
import { u32 } from '../../agent/support/manifests.ts';
import { idsIn } from '../../agent/support/witness.ts';
import { isReady } from '../nodes/nodesfixture.ts';
import { describeFaults } from './support/faults.ts';
import type { FaultyNode } from './support/faultynode.ts';
import { holdsWithin } from './support/patience.ts';
import { RequestCount } from './support/requestcount.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

const M1 = ['im', 'm1', '-n', 'team-a'];
const MANY = 30;
const AWAY_MS = 20_000;
/** An agent has 4 streams: OuterMaps, its Node, its NodeMapState, the InnerMaps of one outer map. */
const MOST_WHILE_AWAY = 16;
const MOST_OF_AGENT = 25;
/** A controller that lost its Lease meanwhile was started again: 5 streams, statuses, events. */
const MOST_OF_CONTROLLER = 120;

describeFaults('API server away', (nodesFixture, fixture) => {
  it('stopped for 20 s: nothing goes, drift is repaired meanwhile; back, all converge by at most 25 requests an agent', async function () {
    this.timeout(600_000);
    const leader = await nodesFixture().contender('one');
    const nodes = await running(['away-0', 'away-1']);
    const before = nodes.map(idsOf);
    const meanwhile = [...nodes, leader].map(({ proxy }) => new RequestCount(proxy));
    await fixture.controlPlane.stopServer();
    const stoppedAt = performance.now();
    await Promise.all(nodes.map(repairs));
    await sleep(AWAY_MS - (performance.now() - stoppedAt));
    for (const node of nodes) expect(node.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
    for (const requests of meanwhile.slice(0, 2)) requests.isAtMost(MOST_WHILE_AWAY);
    const afterwards = [...nodes, leader].map(({ proxy }) => new RequestCount(proxy));
    await fixture.controlPlane.startServer();
    await changed(nodes, 2);
    for (const [at, node] of nodes.entries()) sameBut([u32(1), u32(2)], before[at]!, idsOf(node));
    for (const requests of afterwards.slice(0, 2)) requests.isAtMost(MOST_OF_AGENT);
    afterwards[2]!.isAtMost(MOST_OF_CONTROLLER);
  });

  it('started again without its history: listed anew, no inner map is replaced', async function () {
    this.timeout(600_000);
    await nodesFixture().contender('one');
    const nodes = await running(['gone-0', 'gone-1']);
    const before = nodes.map(idsOf);
    const requests = nodes.map(({ proxy }) => new RequestCount(proxy));
    await fixture.put(tenants(1, 2)[0]!);
    await fixture.controlPlane.stopServer();
    await fixture.controlPlane.compact();
    await fixture.controlPlane.startServer();
    await changed(nodes, 3);
    for (const node of nodes) expect(node.agent!.log).to.match(/410/);
    for (const [at, node] of nodes.entries()) sameBut([u32(1)], before[at]!, idsOf(node));
    for (const each of requests) each.isAtMost(MOST_OF_AGENT);
  });

  it('hanging, answering 429 or 500, cutting connections: converges when it is well, by few requests', async function () {
    this.timeout(600_000);
    const leader = await nodesFixture().contender('one');
    const nodes = await running(['hanging', 'busy', 'broken', 'cut', 'direct']);
    const [hanging, busy, broken, cut] = nodes;
    const before = nodes.map(idsOf);
    const requests = nodes.map(({ proxy }) => new RequestCount(proxy));
    leader.proxy.mood = 500;
    hanging!.proxy.mood = 'hang';
    busy!.proxy.mood = 429;
    broken!.proxy.mood = 500;
    for (let second = 0; second < 6; second++) {
      for (const { proxy } of [hanging!, busy!, broken!, cut!, leader]) proxy.cut();
      await sleep(1_000);
    }
    for (const each of requests) each.isAtMost(MOST_WHILE_AWAY + 10);
    await fixture.put(tenants(1, 2)[0]!);
    for (const { proxy } of [...nodes, leader]) proxy.mood = 'pass';
    const afterwards = nodes.map(({ proxy }) => new RequestCount(proxy));
    await changed(nodes, 3);
    for (const [at, node] of nodes.entries()) sameBut([u32(1)], before[at]!, idsOf(node));
    for (const each of afterwards) each.isAtMost(MOST_OF_AGENT);
  });

  /** Agents whose kernels hold everything, and that is told. */
  async function running(names: readonly string[]): Promise<readonly FaultyNode[]> {
    const nodes = await nodesFixture().faultyAgents(names);
    await putAll(fixture, [TENANTS, ...tenants(MANY, 1)]);
    await Promise.all(nodes.map(node => holdsWithin(20, node, tenantsIn(MANY, 1))));
    await nodesFixture().statusWhen(M1, isReady);
    return nodes;
  }

  /** One InnerMap becomes another, and everybody has it and says so. */
  async function changed(nodes: readonly FaultyNode[], value: number): Promise<void> {
    await fixture.put(tenants(1, value)[0]!);
    const expected = { ...tenantsIn(MANY, 1), ...tenantsIn(1, value) };
    await Promise.all(nodes.map(node => holdsWithin(60, node, expected)));
    await nodesFixture().statusWhen(M1, status => status.observedGeneration >= 2 && isReady(status));
  }
});

/** An intruder changes two inner maps; the agent needs nobody to put them right. */
async function repairs(node: FaultyNode): Promise<void> {
  const ids = idsOf(node);
  bpftool('delete', node.pin('tenants'), u32(1));
  bpftool('update', ids.get(u32(2))!, u32(1), u32(99));
  await holdsWithin(10, node, tenantsIn(MANY, 1));
}

function idsOf(node: FaultyNode): ReadonlyMap<string, number> {
  return idsIn(node.pin('tenants'));
}

function sameBut(
  keys: readonly string[],
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): void {
  const rest = (ids: ReadonlyMap<string, number>) => [...ids].filter(([key]) => !keys.includes(key));
  expect(rest(after), 'ids of keys that nobody changed').to.deep.equal(rest(before));
}
