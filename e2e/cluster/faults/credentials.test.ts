import { expect } from 'chai';
import { isReady } from '../nodes/nodesfixture.ts';
import { NAMESPACE } from '../support/accounts.ts';
import { anotherAuthority } from './support/authority.ts';
import { describeFaults } from './support/faults.ts';
import { holdsWithin, within } from './support/patience.ts';
import { RequestCount } from './support/requestcount.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

const M1 = ['im', 'm1', '-n', 'team-a'];

describeFaults('credentials that are rotated', (nodesFixture, fixture) => {
  it('a token revoked and another in its file: the agent goes on without a restart, by few requests', async function () {
    this.timeout(600_000);
    const [node] = await nodesFixture().faultyAgents(['token-0']);
    await putAll(fixture, [TENANTS, ...tenants(3, 1)]);
    await holdsWithin(20, node!, tenantsIn(3, 1));
    const { pid } = node!.agent!;
    await fixture.kubectl.must(['delete', 'pod', node!.pod, '-n', NAMESPACE, '--force', '--grace-period=0']);
    const revoked = fixture.controlPlane.kubectlWith(node!.access.token);
    await within(30, 'the old token is refused', async () => (await revoked.run(['get', 'om'])).code !== 0);
    const requests = new RequestCount(node!.proxy);
    node!.proxy.cut();
    await node!.agent!.said(/401 Unauthorized/);
    await node!.join();
    await putAll(fixture, tenants(3, 2));
    node!.access.come(await node!.token());
    await holdsWithin(60, node!, tenantsIn(3, 2));
    await node!.stateWhen(
      ({ totals, conditions }) => totals?.innerMaps === 3 && conditions[0]?.status === 'True',
    );
    expect([node!.agent!.isOver, node!.agent!.pid]).to.deep.equal([false, pid]);
    requests.isAtMost(40);
  });

  it('a server under another authority, and that in its file: agents go on without a restart', async function () {
    this.timeout(600_000);
    const nodes = await nodesFixture().faultyAgents(['ca-0', 'ca-1'], 'direct');
    await putAll(fixture, [TENANTS, ...tenants(3, 1)]);
    for (const node of nodes) await holdsWithin(20, node, tenantsIn(3, 1));
    const authority = anotherAuthority(fixture.controlPlane);
    await fixture.controlPlane.stopServer();
    await fixture.controlPlane.startServer();
    await Promise.all(nodes.map(node => node.agent!.said(/does not fit the configured CA/)));
    await putAll(fixture, tenants(3, 2));
    for (const node of nodes) {
      expect(node.contents('tenants'), 'nobody trusts a stranger').to.deep.equal(tenantsIn(3, 1));
      node.access.trust(authority);
    }
    await nodesFixture().controller();
    await Promise.all(nodes.map(node => holdsWithin(60, node, tenantsIn(3, 2))));
    await nodesFixture().statusWhen(M1, status => status.observedGeneration === 2 && isReady(status));
    for (const node of nodes) expect(node.agent!.isOver).to.equal(false);
  });
});
