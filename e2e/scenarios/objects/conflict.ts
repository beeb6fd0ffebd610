import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const ELDER = 'im/e2e-conflict.elder';
const YOUNGER = 'im/e2e-conflict.younger';

describeScenario(import.meta.filename, 'the older of two has the key', fixture => {
  it('the younger one is told by whom', async () => {
    await fixture.apply('Namespace/e2e-conflict', 'OuterMap/conflict', 'InnerMap/elder');
    await fixture.mustBeReady(ELDER);
    await fixture.apply('InnerMap/younger');
    const { message } = await fixture.mustTell(YOUNGER, 'Accepted', {
      status: 'False',
      reason: 'KeyConflict',
    });
    expect(message).to.contain('e2e-conflict/elder');
    await fixture.mustBeReady(ELDER);
    await fixture.holds(fixture.provider.nodes, 'conflict', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });

  it('it gets the key when the older one goes', async () => {
    await fixture.delete('InnerMap/elder');
    await fixture.mustBeReady(YOUNGER);
    await fixture.holds(fixture.provider.nodes, 'conflict', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });
});
