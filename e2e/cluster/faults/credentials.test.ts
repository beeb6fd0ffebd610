import { expect } from 'chai';
import { isReady } from '../site/nodesfixture.ts';
import { NAMESPACE } from '../support/accounts.ts';
import { Asked } from './support/asked.ts';
import { anotherAuthority } from './support/authority.ts';
import { describeFaults } from './support/faults.ts';
import { holdsWithin, within } from './support/patience.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

const M1 = ['im', 'm1', '-n', 'team-a'];

describeFaults('credentials that are rotated', (site, stand) => {
  it('a token revoked and another in its file: the agent goes on without a restart, by few requests', async function () {
    this.timeout(180_000);
    const [node] = await site().faultyAgents(['token-0']);
    await putAll(stand, [TENANTS, ...tenants(3, 1)]);
    await holdsWithin(20, node!, tenantsIn(3, 1));
    const { pid } = node!.agent!;
    await stand.kubectl.must(['delete', 'pod', node!.pod, '-n', NAMESPACE, '--force', '--grace-period=0']);
    const revoked = stand.controlPlane.kubectlWith(node!.access.token);
    await within(30, 'the old token is refused', async () => (await revoked.run(['get', 'om'])).code !== 0);
    const asked = new Asked(node!.proxy);
    node!.proxy.cut();
    await node!.agent!.said(/401 Unauthorized/);
    await node!.join();
    await putAll(stand, tenants(3, 2));
    node!.access.come(await node!.token());
    await holdsWithin(60, node!, tenantsIn(3, 2));
    await node!.told(({ totals, conditions }) => totals?.innerMaps === 3 && conditions[0]?.status === 'True');
    expect([node!.agent!.isOver, node!.agent!.pid]).to.deep.equal([false, pid]);
    asked.isAtMost(40);
  });

  it('a server under another authority, and that in its file: agents go on without a restart', async function () {
    this.timeout(180_000);
    const nodes = await site().faultyAgents(['ca-0', 'ca-1'], 'direct');
    await putAll(stand, [TENANTS, ...tenants(3, 1)]);
    for (const node of nodes) await holdsWithin(20, node, tenantsIn(3, 1));
    const authority = anotherAuthority(stand.controlPlane);
    await stand.controlPlane.stopServer();
    await stand.controlPlane.startServer();
    await Promise.all(nodes.map(node => node.agent!.said(/does not fit the configured CA/)));
    await putAll(stand, tenants(3, 2));
    for (const node of nodes) {
      expect(node.contents('tenants'), 'nobody trusts a stranger').to.deep.equal(tenantsIn(3, 1));
      node.access.trust(authority);
    }
    await site().controller();
    await Promise.all(nodes.map(node => holdsWithin(60, node, tenantsIn(3, 2))));
    await site().told(M1, status => status.observedGeneration === 2 && isReady(status));
    for (const node of nodes) expect(node.agent!.isOver).to.equal(false);
  });
});
