import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const GOOD = { [u32(7)]: u32Pairs({ 1: 1 }) };
const BAD = 'im/e2e-bad.bad';

describeScenario(import.meta.filename, 'an entry that does not fit costs nobody else anything', fixture => {
  const nodes = () => fixture.provider.nodes;
  const mended = (value: number) => fixture.object('InnerMap/bad', { entries: [{ key: 2, value }] });

  it('nothing of the object is in a kernel, and it is told which entry', async () => {
    await fixture.apply();
    const { message } = await fixture.mustTell(BAD, 'Accepted', {
      status: 'False',
      reason: 'InvalidEntries',
    });
    expect(message).to.contain('4294967296');
    await fixture.mustBeReady('im/e2e-bad.good');
    await fixture.holds(nodes(), 'bad-entries', GOOD);
  });

  it('mended, it is there', async () => {
    await fixture.apply(mended(2));
    await fixture.mustBeReady(BAD);
    await fixture.holds(nodes(), 'bad-entries', { ...GOOD, [u32(8)]: u32Pairs({ 2: 2 }) });
  });

  it('spoilt again, the last good contents stay', async () => {
    await fixture.apply(mended(-1));
    await fixture.mustTell(BAD, 'Ready', { status: 'False', reason: 'InvalidEntries' });
    await fixture.holds(nodes(), 'bad-entries', { ...GOOD, [u32(8)]: u32Pairs({ 2: 2 }) });
  });
});
