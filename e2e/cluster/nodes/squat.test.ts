import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { useNodes } from './nodesfixture.ts';

const web = innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: 1 });
/** The same key, with an entry that cannot be taken. */
const squat = innerMap('team-b/squat', { outerMap: 'tenants', key: 7 }, { 1: 'no number' });

describeCluster('a neighbour at the same key, with entries that cannot be taken', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a', 'team-b');

  /** So many nodes say so. */
  const squatIs = (reason: string, nodes: number) =>
    nodesFixture().statusWhen(
      ['im', 'squat', '-n', 'team-b'],
      ({ failures = [] }) => failures.filter(each => each.reason === reason).length === nodes,
      reason,
    );

  it('keeps no revoked contents alive: Ready of the OuterMap proves them gone, also where an agent was away', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const [first, second] = await nodesFixture().agents(2);
    await fixture.put(outerMap('tenants'));
    await fixture.put(web);
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 20)).to.equal(true);
    await fixture.put(squat);
    await squatIs('KeyConflict', 2);
    await second!.agent!.end('SIGKILL');
    await fixture.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
    await squatIs('InvalidEntries', 1);
    await first!.holds('tenants', {});
    expect(second!.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
    expect(await nodesFixture().waits('om/tenants', 'Ready', 1), 'with a node behind').to.equal(false);
    await second!.start();
    expect(await nodesFixture().waits('om/tenants', 'Ready', 30)).to.equal(true);
    for (const node of [first!, second!]) expect(node.contents('tenants')).to.deep.equal({});
  });
});
