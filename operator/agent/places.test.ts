import { expect } from 'chai';
import { u32 } from '../kernel/testing/contract/fixture.ts';
import type { FakeKernel } from '../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';

const LEDGER = '/sys/fs/bpf/innermap/slots/outer';
const HALF = { resync: true, contentShare: 0.5 };

/** A kernel whose lookups in outer maps wait for a grace period each, as before 6.8. */
async function waitingMachine(): Promise<FakeMachine> {
  const state = await new FakeMachine().openKernel().probe();
  return new FakeMachine({ state: { ...state, features: { ...state.features, outerLookupsWait: true } } });
}

const slots = () =>
  [0, 3, 4, 6].reduce(
    (fixture, key) => fixture.inner(`a/slot-${key}`, 'slots', key, { 1: key }),
    new AgentFixture().outer('slots', { type: 'ArrayOfMaps', key: undefined, maxEntries: 7 }),
  );

async function empty(stranger: FakeKernel, ...keys: readonly number[]): Promise<void> {
  const outer = stranger.open(LEDGER);
  expect((await stranger.remove(outer, u32(...keys))).size).to.equal(0);
  outer.close();
}

const keysIn = (machine: FakeMachine) =>
  Object.keys(machine.dump(LEDGER)).map(key => Number(`0x${key.slice(0, 2)}`));

describe('turn, where each place of an ArrayOfMaps waits for a grace period', () => {
  it('reads the places in parts, each once in a period of the content check', async () => {
    const machine = await waitingMachine();
    const acting = await startedAgent(machine.openKernel(), slots());
    await acting.turn();
    await acting.resync();
    expect(keysIn(machine)).to.deep.equal([0, 3, 4, 6]);
    await empty(machine.openKernel(), 0, 6);
    await acting.turn(slots(), HALF);
    expect(keysIn(machine), 'after the first part').to.deep.equal([0, 3, 4]);
    await acting.turn(slots(), HALF);
    expect(keysIn(machine), 'after the second').to.deep.equal([0, 3, 4, 6]);
    await empty(machine.openKernel(), 0);
    await acting.turn(slots(), HALF);
    expect(keysIn(machine), 'and from the first again').to.deep.equal([0, 3, 4, 6]);
  });

  it('reads all of them at once where everything is due', async () => {
    const machine = await waitingMachine();
    const acting = await startedAgent(machine.openKernel(), slots());
    await acting.turn();
    await acting.resync();
    await acting.turn(slots(), HALF);
    await empty(machine.openKernel(), 0, 3, 4, 6);
    await acting.resync();
    expect(keysIn(machine)).to.deep.equal([0, 3, 4, 6]);
  });

  it('finds what somebody put there, too', async () => {
    const machine = await waitingMachine();
    const acting = await startedAgent(machine.openKernel(), slots());
    await acting.turn();
    await acting.resync();
    const stranger = machine.openKernel();
    const outer = stranger.open(LEDGER);
    const inner = stranger.openById([...(await stranger.readOuter(outer)).ids][0]!);
    await stranger.replace(outer, u32(1, 5), [inner, inner]);
    for (const map of [inner, outer]) map.close();
    await acting.turn(slots(), HALF);
    expect(keysIn(machine)).to.deep.equal([0, 3, 4, 5, 6]);
    await acting.turn(slots(), HALF);
    expect(keysIn(machine)).to.deep.equal([0, 3, 4, 6]);
  });
});
