import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const GOOD = { [u32(7)]: u32Pairs({ 1: 1 }) };
const BAD = 'im/e2e-bad.bad';

describeScenario(import.meta.filename, 'an entry that does not fit costs nobody else anything', scene => {
  const nodes = () => scene.provider.nodes;
  const mended = (value: number) => scene.object('InnerMap/bad', { entries: [{ key: 2, value }] });

  it('nothing of the object is in a kernel, and it is told which entry', async () => {
    await scene.apply();
    const { message } = await scene.mustTell(BAD, 'Accepted', { status: 'False', reason: 'InvalidEntries' });
    expect(message).to.contain('4294967296');
    await scene.mustBeReady('im/e2e-bad.good');
    await scene.holds(nodes(), 'bad-entries', GOOD);
  });

  it('mended, it is there', async () => {
    await scene.apply(mended(2));
    await scene.mustBeReady(BAD);
    await scene.holds(nodes(), 'bad-entries', { ...GOOD, [u32(8)]: u32Pairs({ 2: 2 }) });
  });

  it('spoilt again, the last good contents stay', async () => {
    await scene.apply(mended(-1));
    await scene.mustTell(BAD, 'Ready', { status: 'False', reason: 'InvalidEntries' });
    await scene.holds(nodes(), 'bad-entries', { ...GOOD, [u32(8)]: u32Pairs({ 2: 2 }) });
  });
});
