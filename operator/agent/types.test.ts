import { expect } from 'chai';
import { outerLayout } from '../core/layout/outer.ts';
import type { MapSpec } from '../core/mapspec.ts';
import { outerMapOf } from '../core/testing/outermap.ts';
import type { FakeKernel } from '../kernel/testing/fake/kernel.ts';
import { linux618 } from '../kernel/testing/fake/linux.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { type Acting, AgentFixture, startedAgent } from './testing/fixture.ts';

const PIN = '/sys/fs/bpf/program';
const RULE = 'struct { u32 action; u32 hits; }';
const LIMIT = 'struct { struct bpf_spin_lock lock; u32 rate; }';
const INNER = { type: 'Hash', maxEntries: 16, key: 'u32' } as const;

const all = { bpf: true, sysAdmin: true, perfmon: true, dacOverride: true };

/** A kernel of before 6.3 compares types of a struct, a newer one does not. */
function machineWhich(compares: boolean): FakeMachine {
  const state = linux618(all);
  return new FakeMachine({
    state: { ...state, features: { ...state.features, innerTypesCompared: compares } },
  });
}

/** A program's loader pins an outer map whose template has the types of this value, or none. */
function load(
  machine: FakeMachine,
  { value, typed, type = 'HashOfMaps' }: { value: string; typed: boolean; type?: MapSpec['type'] },
): void {
  const layout = outerLayout(outerMapOf({ provision: 'Adopt', inner: { ...INNER, value } }));
  if (!layout.ok) throw new Error(JSON.stringify(layout.problems));
  const { types, ...sizes } = layout.value.template;
  const template = typed ? { ...sizes, types: types! } : sizes;
  const loader = machine.openKernel();
  const outer = loader.createOuter(
    { type, keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 },
    template,
    'own',
  );
  loader.pins.pin(outer, PIN, 0o600);
  machine.kill(loader);
}

/** Inner maps at the keys 1 to 4. */
function adopting(value: string, type: MapSpec['type'] = 'HashOfMaps'): AgentFixture {
  const spec = { type, provision: 'Adopt', pin: 'program', inner: { ...INNER, value } };
  return [1, 2, 3, 4].reduce(
    (fixture, key) => fixture.inner(`a/web${key}`, 'tenants', key, { 1: field(value, key) }),
    new AgentFixture().outer('tenants', spec),
  );
}

function field(value: string, number: number): object {
  return value === LIMIT ? { rate: number } : { action: number };
}

/** Calls of the agent's process meanwhile. */
async function calls(
  kernel: FakeKernel,
  work: () => Promise<unknown>,
): Promise<[create: number, load: number]> {
  const before = kernel.counts();
  await work();
  const after = kernel.counts();
  return [after.create - before.create, after.load_btf - before.load_btf];
}

async function message(acting: Acting, key: number): Promise<string> {
  const { report } = await acting.turn();
  const found = report.innerMaps.find(({ name }) => name === `web${key}`);
  return `${found?.reason}: ${found?.message}`;
}

describe('turn, on a kernel that compares types', () => {
  for (const type of ['HashOfMaps', 'ArrayOfMaps'] as const)
    for (const typed of [true, false])
      it(`puts inner maps into an ${type} whose template has ${typed ? 'types' : 'none'}, one tried before the others`, async () => {
        const machine = machineWhich(true);
        load(machine, { value: RULE, typed, type });
        const kernel = machine.openKernel();
        const fixture = adopting(RULE, type);
        const acting = await startedAgent(kernel, fixture);
        // What is tried without types was made with them before
        expect(await calls(kernel, () => acting.turn())).to.deep.equal([typed ? 4 : 5, 1]);
        expect(Object.keys(machine.dump(PIN))).to.have.length(4);
        const more = fixture.inner('a/more', 'tenants', 9, { 1: { action: 9 } });
        expect(await calls(kernel, () => acting.turn(more)), 'remembered').to.deep.equal([1, 1]);
        expect(machine.openFds(kernel)).to.equal(0);
      });

  for (const typed of [true, false])
    it(`learns nothing of one that was refused for its pin, where the template has ${typed ? 'types' : 'none'}`, async () => {
      const machine = machineWhich(true);
      load(machine, { value: RULE, typed });
      const acting = await startedAgent(machine.openKernel(), adopting(RULE));
      machine.failNext('build', 'EEXIST', 1);
      const { report } = await acting.turn();
      expect(report.innerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.deep.equal([
        'web1 KernelError',
      ]);
      expect(Object.keys(machine.dump(PIN))).to.have.length(3);
    });

  it('fills an outer map of its own', async () => {
    const machine = machineWhich(true);
    const spec = { pin: 'made', inner: { ...INNER, value: RULE } };
    const fixture = new AgentFixture()
      .outer('tenants', spec)
      .inner('a/web', 'tenants', 1, { 1: { action: 1 } });
    const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
    expect(report.innerMaps).to.deep.equal([]);
  });

  it('says LayoutMismatch where the layout is another, with types and without', async () => {
    const machine = machineWhich(true);
    load(machine, { value: 'struct { u32 action; }', typed: true, type: 'ArrayOfMaps' });
    const kernel = machine.openKernel({ capabilities: { perfmon: false } });
    const acting = await startedAgent(kernel, adopting(RULE, 'ArrayOfMaps'));
    expect(await message(acting, 1)).to.match(/^LayoutMismatch/);
    expect(machine.openFds(kernel)).to.equal(0);
  });
});

describe('turn, on a kernel that does not compare types', () => {
  for (const typed of [true, false])
    it(`makes all at once, where the template has ${typed ? 'types' : 'none'}, and loads them once`, async () => {
      const machine = machineWhich(false);
      load(machine, { value: RULE, typed });
      const kernel = machine.openKernel();
      const acting = await startedAgent(kernel, adopting(RULE));
      expect(await calls(kernel, () => acting.turn())).to.deep.equal([4, 1]);
      expect(machine.openFds(kernel)).to.equal(0);
    });

  it('does without types that the kernel refuses', async () => {
    const machine = machineWhich(false);
    load(machine, { value: RULE, typed: true });
    machine.failNext('loadTypes', 'EINVAL');
    await (await startedAgent(machine.openKernel(), adopting(RULE))).turn();
    expect(Object.keys(machine.dump(PIN))).to.have.length(4);
  });
});

describe('turn, of values with a lock', () => {
  for (const compares of [true, false])
    it(`makes them with their types, where types are ${compares ? '' : 'not '}compared`, async () => {
      const machine = machineWhich(compares);
      load(machine, { value: LIMIT, typed: true });
      const kernel = machine.openKernel();
      const acting = await startedAgent(kernel, adopting(LIMIT));
      expect(await calls(kernel, () => acting.turn())).to.deep.equal([4, 1]);
      expect(Object.keys(machine.dump(PIN))).to.have.length(4);
    });

  it('names the lock where the template has none', async () => {
    const machine = machineWhich(false);
    load(machine, { value: LIMIT, typed: false });
    const acting = await startedAgent(machine.openKernel(), adopting(LIMIT));
    expect(await message(acting, 1)).to.match(
      /^LayoutMismatch: .*EINVAL, the value has a bpf_spin_lock, which the template does not have at the same place/,
    );
  });

  it('never makes them without the types that the kernel refuses, and says so', async () => {
    const machine = machineWhich(false);
    load(machine, { value: LIMIT, typed: true });
    machine.failNext('loadTypes', 'EINVAL', 9);
    const acting = await startedAgent(machine.openKernel(), adopting(LIMIT));
    expect(await message(acting, 1)).to.match(
      /^KernelError: Cannot load the types of inner maps of tenants: EINVAL/,
    );
    expect(machine.dump(PIN)).to.deep.equal({});
  });

  it('says of a list that its program’s loader alone makes such maps', async () => {
    const value = 'struct { struct bpf_spin_lock lock; u32 rate; struct bpf_list_head head; }';
    const machine = machineWhich(false);
    const plain = 'u8[24]';
    load(machine, { value: plain, typed: false });
    const fixture = new AgentFixture()
      .outer('tenants', { provision: 'Adopt', pin: 'program', inner: { ...INNER, value } })
      .inner('a/web1', 'tenants', 1, { 1: { rate: 1 } });
    expect(await message(await startedAgent(machine.openKernel(), fixture), 1)).to.match(
      /^Unsupported: Cannot load the types/,
    );
  });
});
