import { expect } from 'chai';
import { planLines } from '../core/plan/print.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { forgetKernel } from './memory.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import {
  adopting,
  agentOn,
  BPF_ALONE,
  HASH,
  INNER_PIN,
  idsOf,
  loadedBy,
  PROGRAM_PIN,
  putAt,
  tenant,
} from './testing/loaded.ts';

const RING = { pin: 'program/tenants', inner: { type: 'RingBuf', maxEntries: 4096 } };

/** Contents can be read by none of the ways, once. */
function failReads(machine: FakeMachine, errno: string): void {
  for (const operation of ['asExpected', 'verify', 'readInner'] as const)
    machine.failNext(operation, errno, 1);
}

describe('turn, where what is wrong passes', () => {
  it('puts nothing in the place of an inner map that could not be read for want of files or memory', async () => {
    for (const [errno, fixture, load] of [
      [
        'EMFILE',
        adopting().inner('a/seven', 'tenants', 7, { 1: 70 }, { content: 'AtLeast', replaceUnreadable: true }),
        true,
      ],
      ['ENFILE', new AgentFixture().outer('tenants', RING).inner('a/ring', 'tenants', 7, {}), false],
      [
        'ENOMEM',
        new AgentFixture()
          .outer('tenants', { pin: 'program/tenants' })
          .inner('a/web', 'tenants', 7, { 1: 1 }),
        false,
      ],
    ] as const) {
      const machine = new FakeMachine();
      if (load) await loadedBy(machine, HASH, [{ keys: [7], pairs: { 1: 70, 2: 99 } }]);
      const acting = load
        ? await agentOn(machine, fixture, {})
        : await startedAgent(machine.openKernel(), fixture);
      await acting.turn();
      const before = await idsOf(machine);
      failReads(machine, errno);
      const { plan, report } = await acting.resync();
      expect(
        planLines(plan).filter(line => !line.startsWith('!')),
        errno,
      ).to.deep.equal([]);
      expect(report.innerMaps.map(({ message }) => message).join(), errno).to.contain(errno);
      const again = await acting.resync();
      expect([again.plan.steps, again.report.innerMaps], errno).to.deep.equal([[], []]);
      expect(await idsOf(machine)).to.deep.equal(before);
    }
  });

  it('keeps the map of a program that comes back at a key whose InnerMap took it over before', async () => {
    const machine = new FakeMachine();
    const { loader, ids } = await loadedBy(machine, HASH, [{ keys: [7, 9], pairs: { 1: 70 } }]);
    const own = tenant();
    const acting = await agentOn(machine, own, {});
    await acting.turn();
    await acting.turn(own.without('a/seven'));
    expect(await idsOf(machine)).to.deep.equal({ '09000000': ids[0] });
    await putAt(loader, 7, ids[0]!);
    await acting.turn(adopting().inner('b/seven', 'tenants', 7, { 1: 70 }), {
      resync: true,
      contentShare: 1,
    });
    expect((await idsOf(machine))['07000000']).to.equal(ids[0]);
  });

  it('keeps what an InnerMap took over, and may keep, after a turn that threw', async () => {
    const machine = new FakeMachine();
    await loadedBy(machine, HASH, [{ keys: [7], pairs: { 1: 70 } }]);
    const others = adopting().inner('a/eight', 'tenants', 8, { 1: 8 });
    const acting = await agentOn(machine, others.inner('b/seven', 'tenants', 7, { 1: 70 }), {});
    await acting.turn();
    forgetKernel(acting.agent.memory);
    const { report } = await acting.turn(others.inner('b/seven', 'tenants', 8, { 1: 70 }));
    expect(report.innerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.deep.equal([
      'seven KeyConflict',
    ]);
    expect(Object.keys(machine.dump(PROGRAM_PIN))).to.deep.equal(['07000000', '08000000']);
  });

  it('edits through the outer map what has a record alone, though the agent made it', async () => {
    const machine = new FakeMachine();
    await loadedBy(machine, HASH, []);
    const seven = (value: number) =>
      adopting().inner('a/seven', 'tenants', 7, { 1: value }, { content: 'AtLeast' });
    const acting = await agentOn(machine, seven(1), BPF_ALONE);
    await acting.turn();
    machine.failNext('edit', 'ENOMEM', 1);
    await acting.turn(seven(2));
    machine.openKernel().pins.unlink(INNER_PIN);
    await acting.turn(seven(2));
    const { tally } = await acting.turn(seven(3));
    expect(tally.failed).to.deep.equal([]);
    expect(machine.dump(PROGRAM_PIN)).to.deep.equal({ '07000000': { '01000000': '03000000' } });
  });
});
