import { expect } from 'chai';
import { hex } from '../core/bytes/hex.ts';
import type { Kernel, OuterEntries } from '../kernel/kernel.ts';
import { HASH } from '../kernel/testing/contract/fixture.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, removeBelow, twoTenants } from './testing/tenants.ts';

const DIRECTORY = '/sys/fs/bpf/innermap/tenants';
const ONE = Uint8Array.of(1, 0, 0, 0);
const TWO = Uint8Array.of(2, 0, 0, 0);

/** Puts the inner map that is at one key at another key too. */
async function copyEntry(kernel: Kernel, from: Uint8Array, to: Uint8Array): Promise<void> {
  const outer = kernel.open(LEDGER);
  const inner = kernel.openById(idAt(await kernel.readOuter(outer), from));
  await kernel.replace(outer, to, [inner]);
  inner.close();
  outer.close();
}

function idAt({ keys, ids }: OuterEntries, key: Uint8Array): number {
  for (let at = 0; at < ids.length; at++) if (hex(keys, 4 * at, 4 * at + 4) === hex(key)) return ids[at]!;
  throw new Error(`Cannot find key ${hex(key)}`);
}

function idOf(machine: FakeMachine, pin: string): number {
  const map = machine.openKernel().open(pin);
  map.close();
  return map.id;
}

describe('turn, after vandals', () => {
  it('never writes one key’s contents into another key’s map, though somebody put that map at both', async () => {
    const inPlace = { update: 'InPlace' };
    const fixture = new AgentFixture()
      .outer('tenants')
      .inner('a/one', 'tenants', 1, { 10: 1 }, inPlace)
      .inner('a/two', 'tenants', 2, { 20: 2 }, inPlace);
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), fixture);
    await acting.turn();
    await copyEntry(machine.openKernel(), ONE, TWO);
    const { plan } = await acting.turn(fixture, { resync: true, contentShare: 0 });
    const writes = plan.steps.flatMap(step =>
      'inner' in step ? [`${step.verb} ${step.inner.keyText}`] : [],
    );
    expect(writes).to.deep.equal(['replace 2']);
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
    await copyEntry(machine.openKernel(), TWO, ONE);
    await acting.resync();
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
  });

  it('edits no inner map that somebody put at a further key: it is replaced', async () => {
    const inPlace = { update: 'InPlace' };
    const tenants = new AgentFixture().outer('tenants', { undeclaredKeys: 'Keep' });
    const fixture = tenants.inner('a/one', 'tenants', 1, { 10: 1 }, inPlace);
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), fixture);
    await acting.turn();
    await copyEntry(machine.openKernel(), ONE, TWO);
    await acting.resync();
    const { plan } = await acting.turn(tenants.inner('a/one', 'tenants', 1, { 10: 2 }, inPlace));
    expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['replace']);
    expect(machine.dump(LEDGER)).to.deep.equal({
      '01000000': { '0a000000': '02000000' },
      '02000000': { '0a000000': '01000000' },
    });
  });

  it('makes the directory of its inner pins anew where somebody took it away', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const { pins } = machine.openKernel();
    for (const name of pins.list(`${DIRECTORY}/inner`)) pins.unlink(`${DIRECTORY}/inner/${name}`);
    pins.removeDirectory(`${DIRECTORY}/inner`);
    const { report } = await acting.resync();
    expect(report.innerMaps).to.deep.equal([]);
    expect(pins.list(`${DIRECTORY}/inner`)).to.have.length(2);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });

  for (const after of ['a turn', 'a turn that failed'] as const)
    it(`writes the ledger anew where somebody removed all of it after ${after}: the map at the pin is the same`, async () => {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), twoTenants());
      await acting.turn();
      const before = idOf(machine, '/sys/fs/bpf/tenants');
      removeBelow(machine.openKernel().pins, '/sys/fs/bpf/innermap');
      if (after === 'a turn that failed') acting.agent.memory.outers.clear();
      const { report } = await acting.resync();
      expect(report.outerMaps[0]).to.include({ ready: true, reason: 'Programmed' });
      expect([LEDGER, '/sys/fs/bpf/tenants'].map(pin => idOf(machine, pin))).to.deep.equal([before, before]);
      expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
      const restarted = await startedAgent(machine.openKernel(), twoTenants());
      expect((await restarted.turn()).plan.steps).to.deep.equal([]);
    });

  it('takes no other map for its own where somebody removed the ledger and pinned that in its place', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const stranger = machine.openKernel();
    removeBelow(stranger.pins, '/sys/fs/bpf/innermap');
    stranger.pins.unlink('/sys/fs/bpf/tenants');
    const theirs = stranger.createOuter({ ...HASH, type: 'HashOfMaps', valueSize: 4 }, HASH, 'theirs');
    stranger.pins.pin(theirs, '/sys/fs/bpf/tenants', 0o600);
    const { report, plan } = await acting.resync();
    expect(report.outerMaps[0]).to.include({ ready: false, reason: 'PinInUse' });
    expect(plan.steps).to.deep.equal([]);
  });

  it('puts back what an intruder deleted right after it was inserted, though the outer map reads as before', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    await acting.resync();
    const more = twoTenants().inner('c/web', 'tenants', 3, { 30: 1 });
    await acting.turn(more);
    const intruder = machine.openKernel();
    const outer = intruder.open(LEDGER);
    await intruder.remove(outer, Uint8Array.of(3, 0, 0, 0));
    outer.close();
    const { plan } = await acting.turn(more, { resync: true, contentShare: 0 });
    expect(plan.steps.map(({ verb }) => verb)).to.include('insert');
    expect(machine.dump(LEDGER)).to.deep.equal(more.contents('tenants'));
  });

  it('leaves a pin alone that names another map by now, when the declared pin moves away from it', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    await acting.turn();
    const stranger = machine.openKernel();
    const theirs = stranger.createOuter({ ...HASH, type: 'HashOfMaps', valueSize: 4 }, HASH, 'theirs');
    stranger.pins.unlink('/sys/fs/bpf/tenants');
    stranger.pins.pin(theirs, '/sys/fs/bpf/tenants', 0o600);
    const { report } = await acting.resync(twoTenants().outer('tenants', { pin: 'moved' }));
    expect(report.outerMaps[0]).to.include({ ready: true });
    expect(idOf(machine, '/sys/fs/bpf/tenants')).to.equal(theirs.id);
    expect(idOf(machine, '/sys/fs/bpf/moved')).to.equal(idOf(machine, LEDGER));
  });

  it('leaves a key alone that somebody else took since the last look, where such keys are kept', async () => {
    const machine = new FakeMachine();
    const fixture = new AgentFixture()
      .outer('tenants', { undeclaredKeys: 'Keep' })
      .inner('a/one', 'tenants', 1, { 10: 1 })
      .inner('a/two', 'tenants', 2, { 20: 2 });
    const acting = await startedAgent(machine.openKernel(), fixture);
    await acting.turn();
    await copyEntry(machine.openKernel(), ONE, TWO);
    await acting.turn(fixture.without('a/two'));
    await acting.turn();
    expect(Object.keys(machine.dump(LEDGER))).to.deep.equal(['01000000', '02000000']);
    expect((await acting.resync()).plan.steps).to.deep.equal([]);
  });

  for (const text of [
    '{"version":1,"layoutDigest":"x","deletionPolicy":"Delete","provision":"Create"}',
    '{"version":1,"layoutDigest":"x","deletionPolicy":"Delete","provision":"Create","maxRemoval":7}',
    '{"version":1,"layoutDigest":"x","provision":"Create","maxRemoval":{"percent":50},"declared":7}',
    '{"version":1,"layoutDigest":"x","maxRemoval":{"percent":50},"pin":["a"]}',
  ]) {
    it(`goes on with all others whatever somebody wrote as a record: ${text}`, async () => {
      const machine = new FakeMachine();
      const acting = await startedAgent(machine.openKernel(), twoTenants());
      await acting.turn();
      const { pins } = machine.openKernel();
      pins.makeDirectory('/sys/fs/bpf/innermap/strange/inner');
      pins.writeRecord('/sys/fs/bpf/innermap/strange/spec', text);
      pins.writeRecord(`${DIRECTORY}/spec`, text);
      const { report } = await acting.resync();
      expect(report.outerMaps[0]).to.include({ ready: true });
      expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
    });
  }
});
