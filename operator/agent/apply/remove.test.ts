import { expect } from 'chai';
import { ledgerPaths } from '../../core/ledgerrecord.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Failed, Kernel } from '../../kernel/kernel.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { ApplyContext } from './context.ts';
import { applyRemovals } from './remove.ts';

type Removal = Extract<Step, { verb: 'remove' }>;

const INNER: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
const PATHS = ledgerPaths('/sys/fs/bpf', 'tenants');
const MANY = 10_000;

describe('applyRemovals', () => {
  it('unpins what is gone while the next keys go, each pin after its key', async () => {
    const { context, calls } = fixture();
    let settled = (): void => {};
    const firstIsUnpinned = new Promise<void>(resolve => {
      settled = resolve;
    });
    calls.settle = settled;
    // The second waits for pins of the first
    calls.remove = async number => (number === 2 ? firstIsUnpinned : undefined);
    const outcomes = await applyRemovals(removals(MANY), context);
    expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(outcomes).to.have.length(MANY);
    expect(calls.log.join(' ')).to.match(/^remove remove settle .*settle$/);
  });

  it('names what failed as a whole, and no other: the rest goes', async () => {
    const { context, calls } = fixture();
    calls.remove = async number => {
      if (number === 2) throw new KernelError('remove keys of', 'tenants', 'ENOMEM', 'by order');
    };
    const steps = removals(MANY);
    const outcomes = await applyRemovals(steps, context);
    const failed = outcomes.filter(({ ok }) => !ok).map(({ step }) => (step as Removal).keyText);
    expect(failed).to.have.length(4096);
    expect(failed.at(0)).to.equal('4096');
    expect(calls.unpinned).to.equal(MANY - failed.length);
    expect(outcomes.map(({ step }) => step)).to.deep.equal(steps);
  });

  it('ends with what broke once no call works with the outer map any more', async () => {
    const { context, calls } = fixture();
    let isRemoving = false;
    calls.remove = async () => {
      isRemoving = true;
      await ticks(20);
      isRemoving = false;
    };
    calls.settle = () => {
      throw new TypeError('broken');
    };
    const error = await applyRemovals(removals(MANY), context).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TypeError);
    expect(calls.log.filter(name => name === 'remove')).to.have.length(2);
    expect(isRemoving, 'a call is under way').to.equal(false);
  });
});

/** So many turns of the event loop. */
async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) await new Promise(resume => setImmediate(resume));
}

/** An empty outer map in the ledger, whose keys and pins are gone already: neither is a failure. */
function fixture() {
  const kernel = new FakeMachine().openKernel();
  kernel.pins.makeDirectory(PATHS.inner);
  const map = kernel.createOuter({ ...INNER, type: 'HashOfMaps', maxEntries: MANY }, INNER, 'tenants');
  kernel.pins.pin(map, PATHS.outer, 0o600);
  map.close();
  const calls = {
    log: [] as string[],
    unpinned: 0,
    remove: async (_number: number): Promise<void> => {},
    settle: (): void => {},
  };
  let removes = 0;
  const watched: Partial<Kernel> = {
    pins: kernel.pins,
    open: pin => kernel.open(pin),
    remove: async (outer, keys) => {
      calls.log.push('remove');
      removes += 1;
      await calls.remove(removes);
      return kernel.remove(outer, keys);
    },
    settle: async (settlings): Promise<Failed> => {
      const all = [...settlings];
      calls.unpinned += all.filter(({ unlink }) => unlink !== undefined).length;
      const failed = await kernel.settle(all);
      calls.log.push('settle');
      calls.settle();
      return failed;
    },
  };
  return { context: new ApplyContext(watched as Kernel), calls };
}

function removals(count: number): readonly Removal[] {
  return Array.from({ length: count }, (_, at) => {
    const keyHex = Buffer.from(Uint32Array.of(at).buffer).toString('hex');
    return { verb: 'remove', outer: 'tenants', keyHex, keyText: `${at}`, ours: true, pin: keyHex };
  });
}
