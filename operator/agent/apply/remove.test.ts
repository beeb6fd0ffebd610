import { expect } from 'chai';
import { ledgerPaths } from '../../core/ledgerrecord.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Step } from '../../core/plan/step.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { ApplyContext } from './context.ts';
import { applyRemovals } from './remove.ts';

type Removal = Extract<Step, { verb: 'remove' }>;

const INNER: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
const PATHS = ledgerPaths('/sys/fs/bpf', 'tenants');
const MANY = 100;

describe('applyRemovals', () => {
  it('takes each key and its pin, and answers in the order of the steps', async () => {
    const { context, machine } = fixture();
    const steps = removals(MANY);
    const outcomes = await applyRemovals(steps, context);
    expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(outcomes.map(({ step }) => step)).to.deep.equal(steps);
    expect(machine.openKernel().pins.list(PATHS.inner)).to.deep.equal([]);
  });

  it('names what failed, and no other: the rest goes', async () => {
    const { context, machine } = fixture();
    const { pins } = context.kernel;
    pins.unlink(`${PATHS.inner}/07000000`);
    pins.makeDirectory(`${PATHS.inner}/07000000`);
    const outcomes = await applyRemovals(removals(MANY), context);
    const failed = outcomes.filter(({ ok }) => !ok).map(({ step }) => (step as Removal).keyText);
    expect(failed).to.deep.equal(['7']);
    expect(machine.openKernel().pins.list(PATHS.inner)).to.deep.equal(['07000000']);
  });
});

/** An outer map in the ledger without keys, which is no failure, and a pin for each key. */
function fixture() {
  const machine = new FakeMachine();
  const kernel = machine.openKernel();
  kernel.pins.makeDirectory(PATHS.inner);
  const map = kernel.createOuter({ ...INNER, type: 'HashOfMaps', maxEntries: MANY }, INNER, 'tenants');
  kernel.pins.pin(map, PATHS.outer, 0o600);
  for (const { pin } of removals(MANY)) kernel.pins.pin(map, `${PATHS.inner}/${pin}`, 0o600);
  map.close();
  return { machine, context: new ApplyContext(kernel) };
}

function removals(count: number): readonly Removal[] {
  return Array.from({ length: count }, (_, at) => {
    const keyHex = Buffer.from(Uint32Array.of(at).buffer).toString('hex');
    return { verb: 'remove', outer: 'tenants', keyHex, keyText: `${at}`, ours: true, pin: keyHex };
  });
}
