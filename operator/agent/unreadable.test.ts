import { expect } from 'chai';
import fc from 'fast-check';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER } from './testing/tenants.ts';

const OTHERS = '/sys/fs/bpf/innermap/others/outer';
const keys = fc.uniqueArray(fc.integer({ min: 0, max: 40 }));

/** Two outer maps with inner maps at these keys. */
function fixture(tenants: readonly number[], others: readonly number[] = []): AgentFixture {
  const deleted = { deletionPolicy: 'Delete', maxRemoval: '100%' };
  let both = new AgentFixture().outer('tenants', { ...deleted, pin: 'tenants' }).outer('others', deleted);
  for (const key of tenants) both = both.inner(`a/t${key}`, 'tenants', key, { 1: key });
  for (const key of others) both = both.inner(`a/o${key}`, 'others', key, { 1: key });
  return both;
}

const inside = (machine: FakeMachine, pin: string) => Object.keys(machine.dump(pin));

describe('turn, where an OuterMap cannot be read', () => {
  it('removes nothing of it, whatever it was before, and goes on with the others', async () => {
    await fc.assert(
      fc.asyncProperty(keys, keys, keys, keys, async (tenants, fewer, others, now) => {
        const machine = new FakeMachine();
        await (await startedAgent(machine.openKernel(), fixture(tenants, others))).turn();
        const before = inside(machine, LEDGER);
        const wanted = fixture(fewer, now).unreadable('tenants');
        await (await startedAgent(machine.openKernel(), wanted)).turn();
        expect(inside(machine, LEDGER)).to.include.members(before);
        expect(machine.dump(OTHERS)).to.deep.equal(wanted.contents('others'));
      }),
      { numRuns: 60 },
    );
  });

  it('lets nothing of it go, though it never could be read', async () => {
    const machine = new FakeMachine();
    const whole = fixture([1, 2], [3]);
    await (await startedAgent(machine.openKernel(), whole)).turn();
    const files = () => Object.keys(machine.files()).filter(path => path.includes('tenants'));
    const before = files();
    const restarted = await startedAgent(machine.openKernel(), new AgentFixture().unreadable('tenants'));
    const { plan } = await restarted.turn();
    expect(files()).to.deep.equal(before);
    expect(plan.steps.map(({ verb, outer }) => `${verb} ${outer}`)).to.deep.equal(['letGo others']);
    expect(plan.waiting).to.equal(2);
  });

  it('leaves its entries in a map that another OuterMap fills too', async () => {
    const machine = new FakeMachine();
    await (await startedAgent(machine.openKernel(), fixture([1, 2]))).turn();
    const shared = { pin: 'tenants', provision: 'Adopt', undeclaredKeys: 'Remove' };
    const greedy = new AgentFixture()
      .outer('greedy', shared)
      .inner('a/g', 'greedy', 7, {})
      .inner('a/h', 'greedy', 8, {});
    const acting = await startedAgent(machine.openKernel(), greedy.unreadable('tenants'));
    await acting.turn();
    await acting.turn(greedy.without('a/g').unreadable('tenants'));
    expect(inside(machine, LEDGER)).to.deep.equal(['01000000', '02000000', '08000000']);
  });

  it('makes no room in it either, and its watermark stands still', async () => {
    const machine = new FakeMachine();
    const full = (...all: readonly number[]) =>
      all.reduce(
        (so, key) => so.inner(`a/m${key}`, 'tenants', key, {}),
        new AgentFixture().outer('tenants', { maxEntries: 2 }).outer('others'),
      );
    const acting = await startedAgent(machine.openKernel(), full(1, 2).watermark('tenants', '10'));
    await acting.turn();
    const later = full(1, 3).watermark('tenants', '20').watermark('others', '20').unreadable('tenants');
    const { report } = await acting.turn(later);
    expect(inside(machine, LEDGER)).to.deep.equal(['01000000', '02000000']);
    const marks = report.state.outerMaps.map(
      ({ name, programmedResourceVersion: mark }) => `${name} ${mark}`,
    );
    expect(marks).to.deep.equal(['others 20', 'tenants 10']);
  });
});
