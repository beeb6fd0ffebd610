import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER } from './testing/tenants.ts';

/** A map of 65,536 places takes 5 MiB: one fits. */
const QUOTA = 8 * 2 ** 20;
const LARGE = { maxEntries: 65_536 };
const SMALL = { maxEntries: 16 };

describe('turn, memory of a namespace', () => {
  const inner = { type: 'Hash', key: 'u32', value: 'u32', maxEntries: 65_536 };
  const outer = new AgentFixture().outer('tenants', { inner, maxNamespaceBytes: QUOTA });
  const keys = (machine: FakeMachine) => Object.keys(machine.dump(LEDGER)).toSorted();

  it('counts what is kept, whatever is declared: broken and declared small, it leaves no room for the next', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(
      machine.openKernel(),
      outer.inner('t/a', 'tenants', 1, { 1: 1 }, LARGE),
    );
    await acting.turn();
    const broken = outer.inner('t/a', 'tenants', 1, { 1: 'text' }, SMALL);
    await acting.turn(broken);
    const next = broken.inner('t/b', 'tenants', 2, { 1: 1 }, LARGE);
    const { report } = await acting.turn(next);
    expect(keys(machine)).to.deep.equal(['01000000']);
    const reasons = report.innerMaps.map(({ name, reason }) => [name, reason]);
    expect(reasons).to.deep.equal([
      ['a', 'InvalidEntries'],
      ['b', 'TooManyEntries'],
    ]);
    await acting.turn(
      outer.inner('t/a', 'tenants', 1, {}, SMALL).inner('t/b', 'tenants', 2, { 1: 1 }, LARGE),
    );
    expect(keys(machine)).to.deep.equal(['01000000', '02000000']);
  });

  it('lets no older one grow over what a younger one has', async () => {
    const machine = new FakeMachine();
    const of = (a: object, b: object) =>
      outer.inner('t/a', 'tenants', 1, { 1: 1 }, a).inner('t/b', 'tenants', 2, { 1: 1 }, b);
    const acting = await startedAgent(machine.openKernel(), of(SMALL, LARGE));
    await acting.turn();
    const { report, plan } = await acting.turn(of(LARGE, LARGE));
    expect(plan.steps).to.deep.equal([]);
    expect(report.innerMaps[0]).to.include({ name: 'a', reason: 'TooManyEntries' });
    const swapped = await acting.turn(of(LARGE, SMALL));
    expect(swapped.report.innerMaps.every(({ ready }) => ready)).to.equal(true);
  });
});
