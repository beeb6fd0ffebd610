import { expect } from 'chai';
import { Crash } from '../../kernel/testing/fake/faults.ts';
import type { FakeKernel } from '../../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import type { FakeCapabilities } from '../../kernel/testing/fake/process.ts';
import { type AgentFixture, startedAgent } from './fixture.ts';

export interface Walk {
  /** What stood before: brought about by a turn that nothing disturbs. */
  readonly begin?: AgentFixture;
  readonly end: AgentFixture;
  /** What the turn that is killed was about; `end` where it is absent. */
  readonly attempted?: AgentFixture;
  /** Done to each fresh machine between the two, by somebody else. */
  readonly meanwhile?: (machine: FakeMachine) => Promise<void>;
  /** What the agents may do. */
  readonly capabilities?: Partial<FakeCapabilities>;
  /** Turns of the next start until nothing is left to do; 1 where it is absent. */
  readonly turns?: number;
  readonly check: (machine: FakeMachine) => void;
}

/**
 * kill -9 before the n-th mutation of a turn, for every n until a turn gets through; after each a start, which must
 * converge, and then find nothing to do, itself and after another start. Answers how many mutations the turn has.
 */
export async function walkCrashes(walk: Walk): Promise<number> {
  for (let n = 0; ; n++) {
    const machine = new FakeMachine();
    const opened = () => machine.openKernel(walk.capabilities ? { capabilities: walk.capabilities } : {});
    if (walk.begin !== undefined) await (await startedAgent(opened(), walk.begin)).turn();
    await walk.meanwhile?.(machine);
    const crashed = await crashedAt(n, { machine, doomed: opened(), end: walk.attempted ?? walk.end });
    const recovering = await startedAgent(opened(), walk.end);
    for (let turns = walk.turns ?? 1; turns > 0; turns--) await recovering.turn();
    walk.check(machine);
    const quiet = machine.mutations;
    await recovering.resync();
    expect(machine.mutations, `mutations of the resync after a crash at ${n}`).to.equal(quiet);
    await (await startedAgent(opened(), walk.end)).turn();
    expect(machine.mutations, `mutations of the second start after a crash at ${n}`).to.equal(quiet);
    if (!crashed) return n;
  }
}

interface Doomed {
  readonly machine: FakeMachine;
  readonly doomed: FakeKernel;
  readonly end: AgentFixture;
}

async function crashedAt(n: number, { machine, doomed, end }: Doomed): Promise<boolean> {
  const acting = await startedAgent(doomed, end);
  let left = n;
  machine.onMutation(description => {
    if (left-- === 0) throw new Crash(description);
  });
  try {
    await acting.turn();
    return false;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return true;
  } finally {
    machine.onMutation(undefined);
    machine.kill(doomed);
  }
}
