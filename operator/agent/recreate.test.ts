import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { type Acting, AgentFixture, startedAgent } from './testing/fixture.ts';

const PIN = '/sys/fs/bpf/tenants';
const DIRECTORY = '/sys/fs/bpf/innermap/tenants';

interface Given {
  readonly token?: string;
  readonly [field: string]: unknown;
}

/** Inner maps at these keys, of values with this type. */
function fixtureOf(value: string, keys: readonly number[], given: Given = {}): AgentFixture {
  const { token, ...spec } = given;
  const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value };
  const metadata = token === undefined ? {} : { annotations: { 'innermap.io/recreate': token } };
  const empty = new AgentFixture().outer('tenants', { pin: 'tenants', inner, ...spec }, metadata);
  return keys.reduce((fixture, key) => fixture.inner(`a/m${key}`, 'tenants', key, { 1: key }), empty);
}

async function started(machine: FakeMachine, fixture: AgentFixture): Promise<Acting> {
  const acting = await startedAgent(machine.openKernel(), fixture);
  await acting.turn();
  return acting;
}

/** The token that the refusal of another layout names. */
async function tokenOf(acting: Acting, fixture: AgentFixture): Promise<string> {
  const { report } = await acting.turn(fixture);
  expect(report.outerMaps[0]).to.include({ reason: 'LayoutMismatch' });
  return /innermap\.io\/recreate: ([0-9a-f]{12}) /.exec(report.outerMaps[0]!.message)![1]!;
}

async function tokenFor(before: AgentFixture, after: AgentFixture): Promise<string> {
  return tokenOf(await started(new FakeMachine(), before), after);
}

describe('turn, making an outer map anew', () => {
  it('needs the token; then a map with all of its inner maps is where programs look, and the old one is gone', async () => {
    const machine = new FakeMachine();
    const acting = await started(machine, fixtureOf('u32', [1, 2, 3]));
    const before = machine.dump(PIN);
    const token = await tokenOf(acting, fixtureOf('u64', [1, 2, 3]));
    expect(machine.dump(PIN)).to.deep.equal(before);
    const other = await acting.turn(fixtureOf('u64', [1, 2, 3], { token: '000000000000' }));
    expect([other.plan.steps, machine.dump(PIN)]).to.deep.equal([[], before]);
    const anew = fixtureOf('u64', [1, 2, 3], { token });
    const { report, plan } = await acting.turn(anew);
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['recreate']);
    expect([report.outerMaps[0]?.reason, report.innerMaps]).to.deep.equal(['Programmed', []]);
    expect(report.turn).to.include({ inserted: 3, failed: 0 });
    expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
    expect(machine.liveMaps()).to.have.length(4);
    expect(Object.keys(machine.files()).filter(path => path.endsWith('-new'))).to.deep.equal([]);
    const again = [await acting.resync(), await acting.resync(fixtureOf('u64', [1, 2, 3]))];
    expect(again.map(turn => turn.plan.steps)).to.deep.equal([[], []]);
    expect(machine.openFds(acting.agent.kernel as never)).to.equal(0);
  });

  it('leaves what a program holds as it was', async () => {
    const machine = new FakeMachine();
    const acting = await started(machine, fixtureOf('u32', [1]));
    const program = machine.openKernel();
    const held = program.open(PIN);
    const before = machine.dump(PIN);
    const token = await tokenOf(acting, fixtureOf('u64', [1]));
    await acting.turn(fixtureOf('u64', [1], { token }));
    program.pins.pin(held, '/sys/fs/bpf/held', 0o600);
    expect(machine.dump('/sys/fs/bpf/held')).to.deep.equal(before);
  });

  it('takes another type, more slots and another key, and moves the pin', async () => {
    for (const [spec, keys] of [
      [{ maxEntries: 128 }, [1, 2]],
      [{ type: 'ArrayOfMaps' }, [1, 2]],
      [{ key: 'u64' }, [1, 2]],
      [{ pin: 'elsewhere/tenants', maxEntries: 128 }, [1, 2]],
      [{ pin: undefined, maxEntries: 128 }, [1, 2]],
    ] as const) {
      const machine = new FakeMachine();
      const acting = await started(machine, fixtureOf('u32', keys));
      const token = await tokenOf(acting, fixtureOf('u32', keys, spec));
      const anew = fixtureOf('u32', keys, { ...spec, token });
      await acting.turn(anew);
      const pin = 'pin' in spec ? spec.pin : 'tenants';
      expect(machine.dump(`${DIRECTORY}/outer`)).to.deep.equal(anew.contents('tenants'));
      expect(PIN in machine.files(), JSON.stringify(spec)).to.equal(pin === 'tenants');
      if (pin !== undefined)
        expect(machine.dump(`/sys/fs/bpf/${pin}`)).to.deep.equal(anew.contents('tenants'));
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
      expect(machine.liveMaps()).to.have.length(3);
    }
  });

  it('waits while an InnerMap cannot move, or not all is read', async () => {
    const machine = new FakeMachine();
    const acting = await started(machine, fixtureOf('u32', [1, 2]));
    const before = machine.dump(PIN);
    const token = await tokenOf(acting, fixtureOf('u64', [1, 2]));
    const anew = fixtureOf('u64', [1, 2], { token });
    const broken = await acting.turn(anew.inner('a/m2', 'tenants', 2, { 1: 'text' }));
    expect(broken.report.outerMaps[0]?.message).to.contain('InnerMap a/m2 cannot move: InvalidEntries');
    const partly = await acting.turn(anew.incomplete());
    expect(partly.report.outerMaps[0]?.message).to.contain('not all declarations are read');
    expect((await acting.turn(anew.unreadable('tenants'))).plan.steps).to.deep.equal([]);
    expect(machine.dump(PIN)).to.deep.equal(before);
    await acting.turn(anew);
    expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
  });

  it('does not wait for an InnerMap that programs have nothing of, after a restart too', async () => {
    for (const restarted of [false, true])
      for (const spec of [{}, { key: 'be32' }]) {
        const machine = new FakeMachine();
        const acting = await started(machine, fixtureOf('u32', [1, 2]));
        const token = await tokenOf(acting, fixtureOf('u64', [1, 2], spec));
        const anew = fixtureOf('u64', [1, 2], { ...spec, token });
        const bad = anew.inner('t/bad', 'tenants', 9, { 1: 'text' });
        const next = restarted ? await startedAgent(machine.openKernel(), bad) : acting;
        const { report } = await next.turn(bad);
        expect(report.innerMaps.map(({ name, reason }) => [name, reason])).to.deep.equal([
          ['bad', 'InvalidEntries'],
        ]);
        expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
      }
  });

  it('is held by the brake where the new map would lack too many keys', async () => {
    const machine = new FakeMachine();
    const keys = Array.from({ length: 30 }, (_, at) => at + 1);
    const acting = await started(machine, fixtureOf('u32', keys));
    const before = machine.dump(PIN);
    const token = await tokenOf(acting, fixtureOf('u64', [1]));
    const anew = fixtureOf('u64', [1], { token });
    const { plan, report } = await acting.turn(anew);
    expect(plan.held).to.have.length(1);
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'LayoutMismatch' });
    expect(report.outerMaps[0]?.message).to.contain(plan.held[0]!.token);
    expect(machine.dump(PIN)).to.deep.equal(before);
    await acting.turn(anew.released(plan.held[0]!.token));
    expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });

  it('leaves the old map where it is when a part fails, and tells the InnerMaps so', async () => {
    const machine = new FakeMachine();
    const acting = await started(machine, fixtureOf('u32', [1, 2]));
    const before = machine.dump(PIN);
    const token = await tokenOf(acting, fixtureOf('u64', [1, 2]));
    const anew = fixtureOf('u64', [1, 2], { token });
    machine.failNext('replace', 'ENOMEM');
    const { report } = await acting.turn(anew);
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'OutOfMemory' });
    expect(report.innerMaps.map(({ name }) => name)).to.have.members(['m1', 'm2']);
    expect(machine.dump(PIN)).to.deep.equal(before);
    expect(Object.keys(machine.files()).filter(path => path.endsWith('-new'))).to.deep.equal([]);
    await acting.turn(anew);
    expect(machine.dump(PIN)).to.deep.equal(anew.contents('tenants'));
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
    expect(machine.liveMaps()).to.have.length(3);
  });

  it('touches no map of others at the pin, and asks nothing of an adopted one', async () => {
    const machine = new FakeMachine();
    const acting = await started(machine, fixtureOf('u32', [1]));
    const token = await tokenOf(acting, fixtureOf('u64', [1]));
    const stranger = machine.openKernel();
    const spec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 } as const;
    const inner = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;
    stranger.pins.unlink(PIN);
    stranger.pins.pin(stranger.createOuter(spec, inner, 'theirs'), PIN, 0o600);
    const { report } = await acting.resync(fixtureOf('u64', [1], { token }));
    expect(report.outerMaps[0]).to.include({ reason: 'PinInUse' });
    const adopting = fixtureOf('u64', [1], { provision: 'Adopt' });
    const adopted = await (await startedAgent(new FakeMachine().openKernel(), adopting)).turn();
    expect(adopted.report.outerMaps[0]?.message).to.not.contain('recreate');
  });

  it('killed at every step: what programs find is all of the old map or all of the new one', async () => {
    const [begin, after] = [fixtureOf('u32', [1, 2, 3]), fixtureOf('u64', [1, 2, 3])];
    const end = fixtureOf('u64', [1, 2, 3], { token: await tokenFor(begin, after) });
    const steps = await walkCrashes({
      begin,
      end,
      check: machine => {
        expect(machine.dump(PIN)).to.deep.equal(end.contents('tenants'));
        expect(machine.liveMaps()).to.have.length(4);
        expect(Object.keys(machine.files()).filter(path => path.endsWith('-new'))).to.deep.equal([]);
      },
    });
    expect(steps).to.be.greaterThan(8);
  });

  it('killed at every step, and taken back: all of the old map is there, or all of the new one with its record', async () => {
    const [begin, after] = [fixtureOf('u32', [1, 2, 3]), fixtureOf('u64', [1, 2, 3])];
    const attempted = fixtureOf('u64', [1, 2, 3], { token: await tokenFor(begin, after) });
    const contents = [begin.contents('tenants'), attempted.contents('tenants')];
    await walkCrashes({
      begin,
      attempted,
      end: begin,
      check: machine => {
        expect(contents).to.deep.include(machine.dump(PIN));
        expect(Object.keys(machine.files()).filter(path => path.endsWith('-new'))).to.deep.equal([]);
      },
    });
  });
});
