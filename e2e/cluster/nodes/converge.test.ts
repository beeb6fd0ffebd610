import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { condition, isReady, useNodes } from './nodesfixture.ts';

const WEB = ['im', 'web', '-n', 'team-a'];

const web = (pairs: Readonly<Record<number, number>>, spec: object = {}) =>
  innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, pairs, spec);

describeCluster('agents and controller in a cluster', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a');

  it('apply, change, delete: every kernel holds it when kubectl wait returns, and never before', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const nodes = await nodesFixture().agents(2);
    await fixture.put(outerMap('tenants'));
    for (const version of [1, 2, 3, 4, 5]) {
      await fixture.put(web({ 1: version, 2: 20 }));
      expect(await nodesFixture().waits('im/team-a.web', 'Ready', 20), `version ${version}`).to.equal(true);
      for (const node of nodes)
        expect(node.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: version, 2: 20 }) });
    }
    const status = await nodesFixture().statusWhen(WEB, isReady);
    expect(status).to.deep.include({ observedGeneration: 5, entries: 2 });
    expect(status.nodes).to.include({ desired: 2, ready: 2, failed: 0, unknown: 0, summary: '2/2' });
    await fixture.kubectl.must(['delete', ...WEB]);
    expect(await nodesFixture().waits('om/tenants', 'Ready', 20)).to.equal(true);
    for (const node of nodes) expect(node.contents('tenants')).to.deep.equal({});
  });

  it('one agent held back keeps it False, with that node named', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const [, second] = await nodesFixture().agents(2);
    await fixture.put(outerMap('tenants'));
    await fixture.put(web({ 1: 1 }));
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 20)).to.equal(true);
    second!.agent!.signal('SIGSTOP');
    await fixture.put(web({ 1: 2 }));
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 4)).to.equal(false);
    const behind = await nodesFixture().statusWhen(
      WEB,
      each => condition(each, 'Ready')?.reason === 'Progressing',
    );
    expect(condition(behind, 'Ready')).to.include({ status: 'False', observedGeneration: 2 });
    expect(condition(behind, 'Ready')?.message).to.contain('node-1');
    expect(behind.nodes).to.include({ desired: 2, ready: 1, summary: '1/2' });
    await fixture.kubectl.must(['delete', ...WEB]);
    expect(await nodesFixture().waits('om/tenants', 'Ready', 3)).to.equal(false);
    second!.agent!.signal('SIGCONT');
    expect(await nodesFixture().waits('om/tenants', 'Ready', 20)).to.equal(true);
    expect(second!.contents('tenants')).to.deep.equal({});
  });
});
