import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { isReady, useNodes } from './nodesfixture.ts';
import { requestsBetween, requestsTo } from './requests.ts';

const KINDS = ['innermaps', 'outermaps', 'nodemapstates', 'nodes', 'pods', 'events'];
const WEB = ['im', 'web', '-n', 'team-a'];
const IDLE_MS = 75_000;

const web = (version: number) => innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: version });

describeCluster('what it costs the API server', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a');

  it('a change costs each node one write and the InnerMap at most two; an idle minute nothing', async function () {
    this.timeout(320_000);
    await nodesFixture().controller();
    const nodes = await nodesFixture().agents(3);
    await fixture.put(outerMap('tenants'));
    await fixture.put(web(1));
    await nodesFixture().statusWhen(WEB, isReady, 'ready');
    await sleep(3_000);
    for (const version of [2, 3]) {
      const before = await requestsTo(fixture);
      await fixture.put(web(version));
      await nodesFixture().statusWhen(
        WEB,
        each => isReady(each) && each.observedGeneration === version,
        'ready again',
      );
      for (const node of nodes) await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: version }) });
      await sleep(3_000);
      const made = requestsBetween(
        before,
        await requestsTo(fixture),
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
    const made = await madeIdle();
    // How often Ready came again is counted in its event, which is written up to half a minute after the last change
    if (made['PATCH events'] === 1 && Object.keys(made).length === 1)
      expect(await madeIdle()).to.deep.equal({});
    else expect(made).to.deep.equal({});
  });

  async function madeIdle(): Promise<Record<string, number>> {
    const before = await requestsTo(fixture);
    await sleep(IDLE_MS);
    return requestsBetween(before, await requestsTo(fixture), ...KINDS);
  }

  async function writesDuring(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await requestsTo(fixture);
    await work();
    return requestsBetween(before, await requestsTo(fixture), 'nodemapstates', 'innermaps', 'outermaps');
  }

  it('a label that no selector names costs nothing, one that a selector names what it must', async function () {
    this.timeout(240_000);
    await nodesFixture().controller();
    const [first] = await nodesFixture().agents(3);
    await fixture.put(outerMap('tenants', { maxEntries: 1024 }));
    const items = Array.from({ length: 300 }, (_, key) =>
      innerMap(`team-a/m${key}`, { outerMap: 'tenants', key }, { 1: key }),
    );
    await fixture.put({ apiVersion: 'v1', kind: 'List', items });
    const selected = { nodeSelector: { matchLabels: { zone: 'a' } } };
    await fixture.put(innerMap('team-a/web', { outerMap: 'tenants', key: 900 }, { 1: 1 }, selected));
    await first!.label('zone', 'a');
    for (const name of ['m0', 'm299', 'web'])
      await nodesFixture().statusWhen(['im', name, '-n', 'team-a'], isReady, name);
    expect(await nodesFixture().waits('om/tenants', 'Ready', 20)).to.equal(true);
    // A status may wait for its step, 15 or 60 s after the wave
    while (Object.keys(await writesDuring(() => sleep(20_000))).length > 0);
    const made = await writesDuring(async () => {
      for (const node of nodesFixture().nodes) await node.label('billing', 'green');
      await sleep(10_000);
    });
    expect(made).to.deep.equal({});
    const state = await first!.stateWhen(({ node }) => node.selectorLabels?.includes('zone=a') === true);
    expect(state.node.selectorLabels).to.deep.equal(['zone=a']);
    await first!.label('zone', 'b');
    await nodesFixture().statusWhen(WEB, each => each.nodes['desired'] === 0, 'selected no more');
    await first!.stateWhen(({ node }) => node.selectorLabels?.includes('zone=b') === true);
    await nodesFixture().statusWhen(['im', 'm0', '-n', 'team-a'], isReady, 'ready again');
  });

  it('fifty agents: every kernel holds what is declared when kubectl wait returns', async function () {
    this.timeout(300_000);
    await nodesFixture().controller();
    const nodes = await nodesFixture().agents(50, 'of-fifty');
    await fixture.put(outerMap('tenants'));
    await fixture.put(web(1));
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 60)).to.equal(true);
    for (const node of nodes)
      expect(node.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
    const before = await requestsTo(fixture);
    await fixture.put(web(2));
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 60)).to.equal(true);
    for (const node of nodes)
      expect(node.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 2 }) });
    const status = await nodesFixture().statusWhen(WEB, isReady, 'ready');
    expect(status.nodes).to.include({ desired: 50, ready: 50, summary: '50/50' });
    const made = requestsBetween(before, await requestsTo(fixture), 'nodemapstates');
    expect(made['APPLY nodemapstates/status'] ?? made['PATCH nodemapstates/status']).to.equal(50);
    await fixture.kubectl.must(['delete', ...WEB]);
    expect(await nodesFixture().waits('om/tenants', 'Ready', 60)).to.equal(true);
    for (const node of nodes) expect(node.contents('tenants')).to.deep.equal({});
  });
});
