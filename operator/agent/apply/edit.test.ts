import { expect } from 'chai';
import { innerPinName, ledgerPaths } from '../../core/ledgerrecord.ts';
import type { Step } from '../../core/plan/step.ts';
import { HASH, numbered, openMap } from '../../kernel/testing/contract/fixture.ts';
import type { FakeKernel } from '../../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { loopDuring } from '../../testing/loop.ts';
import { ApplyContext } from './context.ts';
import { applyEdits } from './edit.ts';

type Edit = Extract<Step, { verb: 'edit' }>;

const MANY = 5000;
const PATHS = ledgerPaths('/sys/fs/bpf', 'tenants');

describe('applyEdits', () => {
  it('lets the event loop go on between inner maps', async () => {
    const kernel = new FakeMachine().openKernel({ openMapsLimit: 10_000 });
    const steps = await editsOf(kernel, MANY);
    const work = () => applyEdits(steps, new ApplyContext(kernel));
    const { result, turns } = await loopDuring(work);
    expect(result.filter(({ ok }) => ok)).to.have.length(MANY);
    // Counted and not timed: on a busy machine one turn takes as long as all should
    expect(turns).to.be.greaterThan(4);
  });

  it('a map that was replaced meanwhile is ESTALE, the others are written', async () => {
    const kernel = new FakeMachine().openKernel({ openMapsLimit: 10_000 });
    const [first, second] = await editsOf(kernel, 2);
    const outcomes = await applyEdits([{ ...first!, id: 999 }, second!], new ApplyContext(kernel));
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([false, true]);
    expect(outcomes[0]).to.have.property('message').that.includes('ESTALE, it was replaced meanwhile');
  });
});

/** Inner maps in the ledger, and an edit of one entry for each. */
async function editsOf(kernel: FakeKernel, count: number): Promise<readonly Edit[]> {
  kernel.pins.makeDirectory(PATHS.inner);
  const keys = Array.from({ length: count }, (_, at) => at.toString(16).padStart(8, '0'));
  const built = await kernel.build(
    keys.map(keyHex => ({
      ...{ spec: HASH, name: 'm', label: keyHex, entries: numbered(0, 10), freeze: false },
      pins: [`${PATHS.inner}/${innerPinName(keyHex)}`],
    })),
  );
  return built.map((answer, at) => {
    const { id } = openMap(answer);
    openMap(answer).close();
    const difference = { upserts: numbered(0, 1, 7), deletes: new Uint8Array(0) };
    const inner = { keyHex: keys[at], innerMap: { metadata: { namespace: 'a', name: `m${at}` } } };
    return { verb: 'edit', outer: 'tenants', inner, id, difference } as unknown as Edit;
  });
}
