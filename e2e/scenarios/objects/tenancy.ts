import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const A = { [u32(7)]: u32Pairs({ 1: 1 }) };
const B = { [u32(107)]: u32Pairs({ 1: 2 }) };

describeScenario(import.meta.filename, 'each team has its own keys', scene => {
  it('both have theirs', async () => {
    await scene.apply('Namespace/e2e-tenant-a', 'Namespace/e2e-tenant-b', 'OuterMap/tenancy');
    await scene.apply('InnerMap/own', 'InnerMap/own-b');
    await scene.mustBeReady('im/e2e-tenant-a.own');
    await scene.mustBeReady('im/e2e-tenant-b.own-b');
    await scene.holds(scene.provider.nodes, 'tenancy', { ...A, ...B });
  });

  it('another team’s key is refused at kubectl apply', async () => {
    const refused = await scene.apply('InnerMap/foreign').then(() => '', String);
    expect(refused).to.contain('Namespace e2e-tenant-a may not declare key 108');
  });

  it('what is no longer allowed is told, and goes from every kernel', async () => {
    const access = [{ namespaces: ['e2e-tenant-b'], keys: ['100..199'] }];
    await scene.apply(scene.object('OuterMap/tenancy', { access }));
    await scene.mustTell('im/e2e-tenant-a.own', 'Accepted', { status: 'False', reason: 'KeyNotAllowed' });
    for (const node of scene.provider.nodes) await scene.mustHold(node, 'tenancy', B);
    await scene.mustBeReady('im/e2e-tenant-b.own-b');
  });
});
