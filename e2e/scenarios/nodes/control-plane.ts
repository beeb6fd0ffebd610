import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

describeScenario(import.meta.filename, 'a node with the control plane’s taint has its maps, too', fixture => {
  it('an agent works where ordinary pods may not', async () => {
    const tainted = fixture.provider.nodes.filter(node => !fixture.provider.workers.includes(node));
    expect(tainted).to.have.length(1);
    const taints = ['get', 'node', tainted[0]!, '-o', 'jsonpath={.spec.taints[*].effect}'];
    expect(await fixture.kubectl.must(taints)).to.contain('NoSchedule');
    await fixture.apply();
    await fixture.mustBeReady('im/e2e-control-plane.web');
    await fixture.holds(tainted, 'control-plane', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });
});
