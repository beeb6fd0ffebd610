import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { isReady, onSite } from './nodesfixture.ts';
import { requestsBetween, requestsTo } from './requests.ts';

const KINDS = ['innermaps', 'outermaps', 'nodemapstates', 'nodes', 'pods', 'events'];
const WEB = ['im', 'web', '-n', 'team-a'];
const IDLE_MS = 75_000;

const web = (version: number) => innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: version });

describeCluster('what it costs the API server', stand => {
  const site = onSite(stand, 'team-a');

  it('a change costs each node one write and the InnerMap at most two; an idle minute nothing', async function () {
    this.timeout(240_000);
    await site().controller();
    const nodes = await site().agents(3);
    await stand.put(outerMap('tenants'));
    await stand.put(web(1));
    await site().told(WEB, isReady, 'ready');
    await sleep(3_000);
    for (const version of [2, 3]) {
      const before = await requestsTo(stand);
      await stand.put(web(version));
      await site().told(WEB, each => isReady(each) && each.observedGeneration === version, 'ready again');
      for (const node of nodes) await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: version }) });
      await sleep(3_000);
      const made = requestsBetween(
        before,
        await requestsTo(stand),
        'nodemapstates',
        'innermaps',
        'outermaps',
      );
      const { 'GET innermaps': _, 'APPLY innermaps': __, 'PATCH innermaps': ___, ...ours } = made;
      expect(ours['APPLY nodemapstates/status'] ?? ours['PATCH nodemapstates/status']).to.equal(3);
      expect(ours['PATCH innermaps/status']).to.be.within(1, 2);
      expect(ours['PATCH outermaps/status'] ?? 0).to.equal(0);
      expect(Object.keys(ours)).to.have.length(2);
    }
    const before = await requestsTo(stand);
    await sleep(IDLE_MS);
    expect(requestsBetween(before, await requestsTo(stand), ...KINDS)).to.deep.equal({});
  });

  it('fifty agents: every kernel holds what is declared when kubectl wait returns', async function () {
    this.timeout(300_000);
    await site().controller();
    const nodes = await site().agents(50, 'of-fifty');
    await stand.put(outerMap('tenants'));
    await stand.put(web(1));
    expect(await site().waits('im/team-a.web', 'Ready', 60)).to.equal(true);
    for (const node of nodes)
      expect(node.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
    const before = await requestsTo(stand);
    await stand.put(web(2));
    expect(await site().waits('im/team-a.web', 'Ready', 60)).to.equal(true);
    for (const node of nodes)
      expect(node.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 2 }) });
    const status = await site().told(WEB, isReady, 'ready');
    expect(status.nodes).to.include({ desired: 50, ready: 50, summary: '50/50' });
    const made = requestsBetween(before, await requestsTo(stand), 'nodemapstates');
    expect(made['APPLY nodemapstates/status'] ?? made['PATCH nodemapstates/status']).to.equal(50);
    await stand.kubectl.must(['delete', ...WEB]);
    expect(await site().waits('om/tenants', 'Ready', 60)).to.equal(true);
    for (const node of nodes) expect(node.contents('tenants')).to.deep.equal({});
  });
});
