import { expect } from 'chai';
import { build } from '../../native/stage.ts';
import { innerMap, outerMap, u32, u32Pairs } from '../agent/support/manifests.ts';
import { describeCluster } from './stand.ts';
import { makeAccounts } from './support/accounts.ts';
import { SimulatedNode } from './support/node.ts';

describeCluster('agent in a cluster', stand => {
  const nodes: SimulatedNode[] = [];

  before(async function () {
    build(this);
    this.timeout(120_000);
    await stand.install();
    await makeAccounts(stand);
    await stand.namespaces('team-a');
  });

  beforeEach(async function () {
    this.timeout(60_000);
    nodes.push(await new SimulatedNode(stand, 'agent-a').join({ zone: 'a' }));
  });

  afterEach(async function () {
    this.timeout(60_000);
    const left = await Promise.all(nodes.splice(0).map(node => node.leave()));
    await stand.kubectl.must(['delete', 'im,om,nms', '--all', '-A']);
    await stand.kubectl.must(['delete', 'node', 'agent-a', '--ignore-not-found']);
    expect(left.flat(), 'maps that outlive the test').to.deep.equal([]);
  });

  it('makes the kernel hold what is applied, changed and deleted, and says so', async function () {
    this.timeout(60_000);
    const [node] = nodes as [SimulatedNode];
    await node.started();
    await stand.put(outerMap('tenants'));
    await stand.put(innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: 10, 2: 20 }));
    await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: 10, 2: 20 }) });
    await stand.put(innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: 11 }));
    await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: 11 }) });
    const version = Number(
      await stand.kubectl.must([
        'get',
        'im',
        'web',
        '-n',
        'team-a',
        '-o',
        'jsonpath={.metadata.resourceVersion}',
      ]),
    );
    await stand.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
    await node.holds('tenants', {});
    const told = await node.told(
      ({ outerMaps: [outer] }) => Number(outer?.programmedResourceVersion) > version,
    );
    expect(told.outerMaps[0]).to.include({ name: 'tenants', innerMaps: 0, failuresTotal: 0 });
    expect(told.conditions[0]).to.include({ type: 'Ready', status: 'True', reason: 'Programmed' });
  });
});
