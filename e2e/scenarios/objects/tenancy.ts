import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const A = { [u32(7)]: u32Pairs({ 1: 1 }) };
const B = { [u32(107)]: u32Pairs({ 1: 2 }) };

describeScenario(import.meta.filename, 'each team has its own keys', fixture => {
  it('both have theirs', async () => {
    await fixture.apply('Namespace/e2e-tenant-a', 'Namespace/e2e-tenant-b', 'OuterMap/tenancy');
    await fixture.apply('InnerMap/own', 'InnerMap/own-b');
    await fixture.mustBeReady('im/e2e-tenant-a.own');
    await fixture.mustBeReady('im/e2e-tenant-b.own-b');
    await fixture.holds(fixture.provider.nodes, 'tenancy', { ...A, ...B });
  });

  it('another team’s key is refused at kubectl apply', async () => {
    const refused = await fixture.apply('InnerMap/foreign').then(() => '', String);
    expect(refused).to.contain('Namespace e2e-tenant-a may not declare key 108');
  });

  it('what is no longer allowed is told, and goes from every kernel', async () => {
    const access = [{ namespaces: ['e2e-tenant-b'], keys: ['100..199'] }];
    await fixture.apply(fixture.object('OuterMap/tenancy', { access }));
    await fixture.mustTell('im/e2e-tenant-a.own', 'Accepted', { status: 'False', reason: 'KeyNotAllowed' });
    for (const node of fixture.provider.nodes) await fixture.mustHold(node, 'tenancy', B);
    await fixture.mustBeReady('im/e2e-tenant-b.own-b');
  });
});
