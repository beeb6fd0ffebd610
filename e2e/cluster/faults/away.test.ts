import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { bpftool } from '../../../native/stage.ts';
import { u32 } from '../../agent/support/manifests.ts';
import { idsIn } from '../../agent/support/witness.ts';
import { Asked } from '../support/asked.ts';
import { describeFaults } from '../support/faults.ts';
import type { FaultyNode } from '../support/faultynode.ts';
import { isReady } from '../support/site.ts';
import { putAll, TENANTS, tenants, tenantsIn } from '../support/tenants.ts';

const M1 = ['im', 'm1', '-n', 'team-a'];
const MANY = 30;

describeFaults('API server away', (site, stand) => {
  it('20 s stopped: nothing goes, drift is repaired meanwhile, all is well again after few requests', async function () {
    this.timeout(180_000);
    const leader = await site().contender('one');
    const nodes = await site().faultyAgents(['away-0', 'away-1']);
    await putAll(stand, [TENANTS, ...tenants(MANY, 1)]);
    for (const node of nodes) await node.holds('tenants', tenantsIn(MANY, 1));
    await site().told(M1, isReady);
    const before = nodes.map(idsOf);
    const whileAway = [...nodes, leader].map(({ proxy }) => new Asked(proxy));
    await stand.controlPlane.stopServer();
    const stoppedAt = performance.now();
    await Promise.all(nodes.map(node => repairs(node)));
    await sleep(20_000 - (performance.now() - stoppedAt));
    for (const node of nodes) expect(node.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
    for (const asked of whileAway) expect(asked.count, `while away: ${asked}`).to.be.below(20);
    await stand.controlPlane.startServer();
    const afterwards = [...nodes, leader].map(({ proxy }) => new Asked(proxy));
    await putAll(stand, tenants(1, 2));
    for (const node of nodes)
      await node.holds('tenants', { ...tenantsIn(MANY, 1), ...tenantsIn(1, 2) });
    await site().told(M1, status => status.observedGeneration === 2 && isReady(status));
    for (const [at, node] of nodes.entries())
      expect(without(idsOf(node), 1, 2)).to.deep.equal(without(before[at]!, 1, 2));
    console.log(whileAway.map(String), afterwards.map(String));
    for (const asked of afterwards) expect(asked.count, `when it is back: ${asked}`).to.be.below(30);
  });
});

/** An intruder changes two inner maps; the agent needs nobody to put them right. */
async function repairs(node: FaultyNode): Promise<void> {
  const ids = idsOf(node);
  bpftool('delete', node.pin('tenants'), u32(1));
  bpftool('update', ids.get(u32(2))!, u32(1), u32(99));
  await sleep(100);
  await node.holds('tenants', tenantsIn(MANY, 1));
}

function idsOf(node: FaultyNode): ReadonlyMap<string, number> {
  return idsIn(node.pin('tenants'));
}

function without(ids: ReadonlyMap<string, number>, ...keys: readonly number[]): object {
  const gone = keys.map(key => u32(key));
  return Object.fromEntries([...ids].filter(([key]) => !gone.includes(key)));
}
