import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { type AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';

const ROOT = '/sys/fs/bpf';
const OUTER = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 } as const;
const INNER = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;

describe('turn, an OuterMap that is deleted or selects the node no longer', () => {
  const deleting = twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' });
  const elsewhere = { nodeSelector: { matchLabels: { zone: 'b' } } };
  const ends = {
    deleted: deleting.without('tenants'),
    deselected: deleting.outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete', ...elsewhere }),
  };

  for (const [what, end] of Object.entries(ends)) {
    it(`${what}: keeps everything until what is wanted is complete, and tells that it waits`, async () => {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), deleting);
      await acting.turn();
      const before = machine.files();
      const { plan } = await acting.turn(end.incomplete());
      expect(plan).to.deep.include({ steps: [], waiting: 2 });
      expect(machine.files()).to.deep.equal(before);
      await acting.turn(end);
      expect(machine.liveMaps()).to.deep.equal([]);
    });
  }
});

describe('turn, removing', () => {
  it('takes the proof of an entry away after the entry: a crash leaves no foreign one behind', async () => {
    const keeping = (fixture: AgentFixture) =>
      fixture.outer('tenants', { pin: 'tenants', undeclaredKeys: 'Keep' });
    const end = keeping(twoTenants().without('b/web'));
    const steps = await walkCrashes({
      begin: keeping(twoTenants()),
      end,
      check: machine => expect(machine.dump(LEDGER)).to.deep.equal(end.contents('tenants')),
    });
    expect(steps).to.be.at.least(3);
  });

  it('keeps the proof where the entry cannot be taken away', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    machine.failNext('remove', 'ENOMEM');
    await acting.turn(twoTenants().without('b/web'));
    expect(machine.files()).to.have.property(`${ROOT}/innermap/tenants/inner/02000000`);
  });
});

describe('turn, an inner map that the outer map refuses', () => {
  const temporary = (machine: FakeMachine) =>
    Object.keys(machine.files()).filter(path => path.endsWith('-new'));

  it('leaves no pin: of a replacement the one before stays, of an insert none', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    machine.failNext('replace', 'EINVAL', 2);
    const changed = twoTenants().inner('a/web', 'tenants', 1, { 10: 9 }).inner('c/new', 'tenants', 3, {});
    const { report } = await acting.turn(changed);
    expect(report.innerMaps.map(({ reason }) => reason)).to.deep.equal(['LayoutMismatch', 'LayoutMismatch']);
    expect(temporary(machine)).to.deep.equal([]);
    expect(machine.files()).not.to.have.property(`${ROOT}/innermap/tenants/inner/03000000`);
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    expect(machine.liveMaps()).to.have.length(3);
  });
});

describe('turn, the ledger’s pin of an outer map that is gone', () => {
  it('is not made of a stranger’s map at the declared pin: nothing proves it ours', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    const stranger = machine.openKernel();
    for (const pin of [LEDGER, `${ROOT}/tenants`]) stranger.pins.unlink(pin);
    stranger.pins.pin(stranger.createOuter(OUTER, INNER, 'theirs'), `${ROOT}/tenants`, 0o600);
    machine.kill(stranger);
    const { report, plan } = await (await startedAgent(machine.openKernel(), twoTenants())).turn();
    expect(plan.steps).to.deep.equal([]);
    expect(report.outerMaps[0]).to.include({ name: 'tenants', reason: 'PinInUse' });
    expect(machine.files()).not.to.have.property(LEDGER);
  });
});

describe('turn, the watermark', () => {
  const at = (version: string, fixture: AgentFixture = twoTenants()) => fixture.watermark('tenants', version);
  const held = {
    'an outer map is unsettled': (fixture: AgentFixture) => fixture.unsettled('tenants'),
    'an outer map cannot be read': (fixture: AgentFixture) => fixture.unreadable('tenants'),
    'what is wanted is incomplete': (fixture: AgentFixture) => fixture.incomplete(),
  };

  for (const [what, making] of Object.entries(held)) {
    it(`stands while ${what}: what was deleted may still be in the kernel`, async () => {
      const acting = await startedAgent(new FakeMachine().openKernel(), at('10'));
      const mark = async (fixture: AgentFixture) =>
        (await acting.turn(fixture)).report.state.outerMaps[0]?.programmedResourceVersion;
      expect(await mark(at('10'))).to.equal('10');
      expect(await mark(making(at('20', twoTenants().without('b/web'))))).to.equal('10');
      expect(await mark(at('20', twoTenants().without('b/web')))).to.equal('20');
    });
  }
});
