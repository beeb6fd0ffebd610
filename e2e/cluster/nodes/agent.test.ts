import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { useNodes } from './nodesfixture.ts';

describeCluster('agent in a cluster', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a');

  it('makes the kernel hold what is applied, changed and deleted, and says so', async function () {
    this.timeout(60_000);
    const node = await nodesFixture().node('agent-a', { zone: 'a' });
    await node.started();
    await fixture.put(outerMap('tenants'));
    await fixture.put(innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: 10, 2: 20 }));
    await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: 10, 2: 20 }) });
    await fixture.put(innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: 11 }));
    await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: 11 }) });
    const version = Number(await nodesFixture().resourceVersion('im', 'web', '-n', 'team-a'));
    await fixture.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
    await node.holds('tenants', {});
    const state = await node.stateWhen(
      ({ outerMaps: [outer] }) => Number(outer?.programmedResourceVersion) > version,
    );
    expect(state.outerMaps[0]).to.include({ name: 'tenants', innerMaps: 0, failuresTotal: 0 });
    expect(state.conditions[0]).to.include({ type: 'Ready', status: 'True', reason: 'Programmed' });
  });
});
