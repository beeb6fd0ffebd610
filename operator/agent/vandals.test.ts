import { expect } from 'chai';
import { hex } from '../core/bytes/hex.ts';
import type { Kernel, OuterEntries } from '../kernel/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants } from './testing/tenants.ts';

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
