import { expect } from 'chai';
import type { FakeKernel } from '../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';

const PIN = '/sys/fs/bpf/program/tenants';
const OUTER = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 } as const;
const INNER = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;

/** A program's loader: makes its outer map, puts one inner map of its own at key 7, and pins it. */
async function load(machine: FakeMachine, value = 70): Promise<FakeKernel> {
  const loader = machine.openKernel();
  const outer = loader.createOuter(OUTER, INNER, 'tenants');
  const entries = { count: 1, keys: Uint8Array.of(1, 0, 0, 0), values: Uint8Array.of(value, 0, 0, 0) };
  const scratch = '/sys/fs/bpf/scratch';
  const [inner] = await loader.build([
    { spec: INNER, name: 'own', label: 'own', entries, freeze: false, pins: [scratch] },
  ]);
  if (inner === undefined || inner instanceof Error) throw inner;
  await loader.replace(outer, Uint8Array.of(7, 0, 0, 0), [inner]);
  inner.close();
  loader.pins.unlink(scratch);
  loader.pins.makeDirectory('/sys/fs/bpf/program');
  loader.pins.unlink(PIN);
  loader.pins.pin(outer, PIN, 0o600);
  outer.close();
  return loader;
}

function adopting(spec: object = {}): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { pin: 'program/tenants', provision: 'Adopt', ...spec })
    .inner('a/web', 'tenants', 1, { 10: 1 });
}

describe('turn, adopting', () => {
  it('waits with PinNotFound until the program’s loader has pinned its map', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), adopting());
    const { report } = await acting.turn();
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'PinNotFound' });
    await load(machine);
    await acting.resync();
    expect(Object.keys(machine.dump(PIN))).to.deep.equal(['01000000', '07000000']);
  });

  it('leaves keys alone that nobody declares', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const acting = await startedAgent(machine.openKernel(), adopting());
    await acting.turn();
    await acting.resync(adopting().without('a/web'));
    expect(machine.dump(PIN)).to.deep.equal({ '07000000': { '01000000': '46000000' } });
  });

  it('removes them where undeclaredKeys says so', async () => {
    const machine = new FakeMachine();
    await load(machine);
    await (await startedAgent(machine.openKernel(), adopting({ undeclaredKeys: 'Remove' }))).turn();
    expect(Object.keys(machine.dump(PIN))).to.deep.equal(['01000000']);
  });

  it('plans nothing for a key that already holds what is declared', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const fixture = adopting().inner('a/own', 'tenants', 7, { 1: 70 });
    const acting = await startedAgent(machine.openKernel(), fixture);
    const { plan, report } = await acting.turn();
    const verbs = plan.steps.flatMap(step =>
      'inner' in step && step.inner.keyText === '7' ? [step.verb] : [],
    );
    expect(verbs, 'no write').to.deep.equal(['claim']);
    expect(report.innerMaps).to.deep.equal([]);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });

  it('keeps one map of others at many keys that declare what is in it, and tells no drift', async () => {
    for (const undeclaredKeys of ['Keep', 'Remove']) {
      const machine = new FakeMachine();
      const loader = await load(machine);
      const outer = loader.open(PIN);
      const id = (await loader.readOuter(outer)).ids[0]!;
      const map = loader.openById(id);
      await loader.replace(outer, Uint8Array.of(8, 0, 0, 0, 9, 0, 0, 0), [map, map]);
      for (const opened of [map, outer]) opened.close();
      const three = [7, 8, 9].reduce(
        (fixture, key) => fixture.inner(`ns-${key}/own`, 'tenants', key, { 1: 70 }),
        adopting({ undeclaredKeys }).without('a/web'),
      );
      const acting = await startedAgent(machine.openKernel(), three);
      await acting.turn();
      const { plan, report } = await acting.resync();
      expect(plan.steps).to.deep.equal([]);
      expect(report.state.drift).to.include({ found: 0 });
      const invalid = three.inner('ns-8/own', 'tenants', 8, { none: 1 });
      expect((await acting.resync(invalid)).plan.steps, 'the last good contents stay').to.deep.equal([]);
      await acting.resync(three.stored('ns-9/own', { uid: 'again' }));
      const after = await loader.readOuter(loader.open(PIN));
      expect([...after.ids].filter(one => one === id)).to.have.length(2);
    }
  });

  it('refuses another layout and shows both', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const fixture = withOtherLayout();
    const { report } = await (await startedAgent(machine.openKernel(), fixture)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch' });
    expect(report.outerMaps[0]!.message).to.contain('value 4').and.to.contain('value 8');
    expect(report.outerMaps[0]!.message, 'clean leaves maps of others').not.to.contain('clean');
  });

  it('finds the mismatch by a dry trial where the template cannot be read', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const fixture = withOtherLayout();
    const kernel = machine.openKernel({ capabilities: { perfmon: false, sysAdmin: false } });
    const { report } = await (await startedAgent(kernel, fixture)).turn();
    expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch' });
  });

  it('keeps what is at a declared key already as declared, where it is seen through the outer map alone', async () => {
    // What the declaration says beyond the entries is not seen: nothing says that it is so, and nothing is lost
    for (const [value, verb, spec] of [
      [70, 'claim', {}],
      [71, 'replace', {}],
      [70, 'claim', { maxEntries: INNER.maxEntries }],
      [70, undefined, { maxEntries: 8 }],
      [70, undefined, { sealed: true }],
    ] as const) {
      const machine = new FakeMachine();
      await load(machine);
      const before = machine.liveMaps().map(({ id }) => id);
      const kernel = machine.openKernel({ capabilities: { perfmon: false, sysAdmin: false } });
      const fixture = adopting().inner('a/seven', 'tenants', 7, { 1: value }, spec);
      const acting = await startedAgent(kernel, fixture);
      const { outcomes, report } = await acting.turn();
      const verbs = outcomes.flatMap(({ step }) =>
        'inner' in step && step.inner.keyText === '7' ? [step.verb] : [],
      );
      expect(verbs).to.deep.equal(verb === undefined ? [] : [verb]);
      const reasons = report.innerMaps.map(({ reason }) => reason);
      expect(reasons).to.deep.equal(verb === undefined ? ['PermissionDenied'] : []);
      expect(machine.dump(PIN)['07000000']).to.deep.equal({ '01000000': `${value.toString(16)}000000` });
      expect(machine.liveMaps().filter(({ id }) => before.includes(id))).to.have.length(
        verb === 'replace' ? 1 : 2,
      );
      expect((await acting.resync()).plan.steps).to.be.empty;
    }
  });

  it('fills a reloaded program’s new map, and lets the old one go', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const acting = await startedAgent(machine.openKernel(), adopting());
    await acting.turn();
    await load(machine, 71);
    await acting.resync();
    expect(machine.dump(PIN)).to.deep.equal({
      '01000000': { '0a000000': '01000000' },
      '07000000': { '01000000': '47000000' },
    });
    expect(machine.liveMaps(), 'one outer map, two inner maps').to.have.length(3);
  });

  it('does not take an adopted map for its own when the OuterMap says Create from now on', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const acting = await startedAgent(machine.openKernel(), adopting());
    await acting.turn();
    const { report } = await acting.turn(adopting({ provision: 'Create', deletionPolicy: 'Delete' }));
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'PinInUse' });
    await acting.resync(new AgentFixture());
    expect(Object.keys(machine.dump(PIN))).to.include('07000000');
  });

  it('adopts no other map than the one that it looked at', async () => {
    const machine = new FakeMachine();
    const kernel = machine.openKernel();
    await load(machine, 71);
    kernel.pins.rename(PIN, '/sys/fs/bpf/program/next');
    await load(machine);
    const acting = await startedAgent(kernel, adopting());
    const writeRecord = kernel.pins.writeRecord.bind(kernel.pins);
    kernel.pins.writeRecord = (path, text) => {
      writeRecord(path, text);
      kernel.pins.rename('/sys/fs/bpf/program/next', PIN);
    };
    const { outcomes } = await acting.turn();
    expect(outcomes.flatMap(({ step, ok }) => (ok ? [] : [step.verb]))).to.deep.equal(['adopt', 'insert']);
    expect(Object.keys(machine.dump(PIN)), 'the new map, not looked at yet').to.deep.equal(['07000000']);
    await acting.turn();
    expect(Object.keys(machine.dump(PIN))).to.deep.equal(['01000000', '07000000']);
  });

  it('takes only our entries away when the OuterMap is deleted with Delete', async () => {
    const machine = new FakeMachine();
    await load(machine);
    const acting = await startedAgent(machine.openKernel(), adopting({ deletionPolicy: 'Delete' }));
    await acting.turn();
    await acting.turn(new AgentFixture());
    expect(machine.dump(PIN)).to.deep.equal({ '07000000': { '01000000': '46000000' } });
    expect(Object.keys(machine.files()).filter(path => path.includes('innermap/'))).to.deep.equal([]);
  });

  it('killed at every step of adopting: converges', async () => {
    const steps = await walkCrashes({
      end: adopting(),
      meanwhile: async machine => void (await load(machine)),
      check: machine => expect(Object.keys(machine.dump(PIN))).to.deep.equal(['01000000', '07000000']),
    });
    expect(steps).to.be.greaterThan(5);
  });

  it('killed at every step of adopting a reloaded program’s map: converges, the old map is let go', async () => {
    const reloaded = async (machine: FakeMachine): Promise<void> => {
      await load(machine);
      await (await startedAgent(machine.openKernel(), adopting())).turn();
      await load(machine, 71);
    };
    await walkCrashes({
      end: adopting(),
      meanwhile: reloaded,
      check: machine => {
        expect(Object.keys(machine.dump(PIN))).to.deep.equal(['01000000', '07000000']);
        expect(machine.liveMaps()).to.have.length(3);
      },
    });
  });
});

/** An OuterMap that adopts the program's map by another layout. */
function withOtherLayout(): AgentFixture {
  const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u64' };
  return new AgentFixture().outer('tenants', { pin: 'program/tenants', provision: 'Adopt', inner });
}
