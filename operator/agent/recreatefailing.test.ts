import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { walkFailures } from './testing/failures.ts';
import { type Acting, AgentFixture, startedAgent } from './testing/fixture.ts';

const PIN = '/sys/fs/bpf/tenants';
const OUTER = '/sys/fs/bpf/innermap/tenants/outer';

interface Given {
  readonly value: string;
  readonly keys?: readonly number[];
  readonly pin?: string;
  readonly token?: string;
}

function fixtureOf({ value, keys = [1, 2, 3], pin = 'tenants', token }: Given): AgentFixture {
  const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value };
  const metadata = token === undefined ? {} : { annotations: { 'innermap.io/recreate': token } };
  const empty = new AgentFixture().outer('tenants', { pin, inner, undeclaredKeys: 'Keep' }, metadata);
  return keys.reduce((fixture, key) => fixture.inner(`a/m${key}`, 'tenants', key, { 1: key }), empty);
}

async function turned(machine: FakeMachine, fixture: AgentFixture): Promise<Acting> {
  const acting = await startedAgent(machine.openKernel(), fixture);
  await acting.turn();
  return acting;
}

/** The token from values of u32 to values of u64. */
async function tokenOf(): Promise<string> {
  const acting = await turned(new FakeMachine(), fixtureOf({ value: 'u32' }));
  const { report } = await acting.turn(fixtureOf({ value: 'u64' }));
  return /innermap\.io\/recreate: ([0-9a-f]{12}) /.exec(report.outerMaps[0]!.message)![1]!;
}

function unfinished(machine: FakeMachine): readonly string[] {
  return Object.keys(machine.files()).filter(path => path.endsWith('-new'));
}

function innerIds(machine: FakeMachine): readonly number[] {
  return machine.liveMaps().flatMap(({ id, spec }) => (spec.type === 'Hash' ? [id] : []));
}

async function expectQuiet(acting: Acting): Promise<void> {
  expect((await acting.resync()).plan.steps).to.deep.equal([]);
}

describe('turn, when a part of making an outer map anew fails', () => {
  const begin = fixtureOf({ value: 'u32' });
  let token: string;
  let end: AgentFixture;

  before(async () => {
    token = await tokenOf();
    end = fixtureOf({ value: 'u64', token });
  });

  it('whichever it is: all of the old map or all of the new one is there, and the next turn goes on', async () => {
    const count = await walkFailures({
      begin,
      attempted: end,
      check: async (machine, acting, n) => {
        expect([begin.contents('tenants'), end.contents('tenants')]).to.deep.include(machine.dump(PIN));
        expect(machine.openFds(acting.agent.kernel as never), `files after ${n}`).to.equal(0);
        for (let turns = 0; turns < 2; turns++) await acting.turn();
        for (const pin of [PIN, OUTER]) expect(machine.dump(pin)).to.deep.equal(end.contents('tenants'));
        expect([unfinished(machine), machine.liveMaps().length]).to.deep.equal([[], 4]);
        const { report } = await acting.resync();
        expect([report.outerMaps[0]?.reason, report.innerMaps]).to.deep.equal(['Programmed', []]);
        await expectQuiet(acting);
      },
    });
    expect(count).to.be.greaterThan(15);
  });

  it('whichever it is, and it is taken back: the old map is as it was, or the new one has its record', async () => {
    const outcomes = new Set<string | undefined>();
    await walkFailures({
      begin,
      attempted: end,
      check: async (machine, acting, n) => {
        const { id } = machine.liveMaps()[0]!;
        await acting.turn(begin);
        const { report } = await acting.resync();
        const { reason } = report.outerMaps[0]!;
        outcomes.add(reason);
        const stays = reason === 'Programmed';
        expect(machine.dump(PIN), `after ${n}`).to.deep.equal((stays ? begin : end).contents('tenants'));
        // The very inner maps: what they were proven by was not taken from them
        if (stays) expect(innerIds(machine), `after ${n}`).to.deep.equal([id + 1, id + 2, id + 3]);
        expect(unfinished(machine)).to.deep.equal([]);
        await expectQuiet(acting);
      },
    });
    expect([...outcomes]).to.have.members(['Programmed', 'LayoutMismatch']);
  });

  it('leaves the old map with its record where the new pin cannot be made, and takes another pin', async () => {
    const machine = new FakeMachine();
    const acting = await turned(machine, begin);
    const before = machine.files();
    const { report } = await acting.turn(fixtureOf({ value: 'u64', pin: 'tenants/below', token }));
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'KernelError' });
    expect(report.outerMaps[0]?.message).to.contain('EEXIST');
    expect(machine.files()).to.deep.equal(before);
    const corrected = fixtureOf({ value: 'u64', pin: 'beside/it', token });
    await acting.turn(corrected);
    expect(machine.dump('/sys/fs/bpf/beside/it')).to.deep.equal(corrected.contents('tenants'));
    expect([PIN in machine.files(), unfinished(machine)]).to.deep.equal([false, []]);
    await expectQuiet(acting);
  });

  it('killed at every step, and another pin is declared, or the one before: the new map goes there', async () => {
    for (const pin of ['third/place', 'tenants']) {
      const corrected = fixtureOf({ value: 'u64', pin, token });
      await walkCrashes({
        begin,
        attempted: fixtureOf({ value: 'u64', pin: 'elsewhere/it', token }),
        end: corrected,
        turns: 2,
        check: machine => {
          expect(machine.dump(`/sys/fs/bpf/${pin}`)).to.deep.equal(corrected.contents('tenants'));
          const pins = Object.entries(machine.files()).filter(([, file]) => file.startsWith('map '));
          expect(pins).to.have.length(5);
          expect(machine.liveMaps()).to.have.length(4);
        },
      });
    }
  });

  it('finishes at another pin where the recorded one became impossible', async () => {
    const machine = new FakeMachine();
    const acting = await turned(machine, begin);
    machine.failNext('rename', 'EIO', 1, 'pin-new');
    await acting.turn(fixtureOf({ value: 'u64', pin: 'elsewhere/it', token }));
    const vandal = machine.openKernel();
    vandal.pins.makeDirectory('/sys/fs/bpf/elsewhere/it');
    const { report } = await acting.turn();
    expect(report.outerMaps[0]).to.include({ ready: false });
    expect(machine.dump(PIN)).to.deep.equal(begin.contents('tenants'));
    await acting.turn(end);
    expect(machine.dump(PIN)).to.deep.equal(end.contents('tenants'));
    await acting.turn();
    await expectQuiet(acting);
    expect(unfinished(machine)).to.deep.equal([]);
  });

  it('finds the map before at its pin where the ledger lost it', async () => {
    const machine = new FakeMachine();
    const acting = await turned(machine, begin);
    machine.openKernel().pins.unlink(OUTER);
    await acting.resync(end);
    for (const pin of [PIN, OUTER]) expect(machine.dump(pin)).to.deep.equal(end.contents('tenants'));
    expect([unfinished(machine), machine.liveMaps().length]).to.deep.equal([[], 4]);
    await expectQuiet(acting);
  });

  it('drops what is unfinished once the token is taken away, or while it waits', async () => {
    const other = fixtureOf({ value: 'u64' });
    const waiting = end.inner('a/m2', 'tenants', 2, { 1: 'text' });
    for (const now of [other, waiting])
      await walkCrashes({
        begin,
        attempted: end,
        end: now,
        turns: 2,
        check: machine => {
          expect(unfinished(machine)).to.deep.equal([]);
          expect(machine.liveMaps()).to.have.length(4);
        },
      });
  });
});

describe('turn, when another pin is declared', () => {
  it('looks there at once, and moves the map in the same turn', async () => {
    const machine = new FakeMachine();
    const acting = await turned(machine, fixtureOf({ value: 'u32' }));
    const { report } = await acting.turn(fixtureOf({ value: 'u32', pin: 'another' }));
    expect(report.outerMaps[0]).to.include({ ready: true });
    expect(Object.keys(machine.files())).to.include('/sys/fs/bpf/another').and.not.include(PIN);
    const stranger = machine.openKernel();
    stranger.pins.pin(
      stranger.open('/sys/fs/bpf/innermap/tenants/inner/01000000'),
      '/sys/fs/bpf/taken',
      0o600,
    );
    const taken = await acting.turn(fixtureOf({ value: 'u32', pin: 'taken' }));
    expect(taken.report.outerMaps[0]).to.include({ ready: false, reason: 'PinInUse' });
    expect(Object.keys(machine.files())).to.include('/sys/fs/bpf/another');
  });
});
