import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { type Acting, type AgentFixture, startedAgent } from './fixture.ts';

export interface FailureWalk {
  readonly begin: AgentFixture;
  /** What the turn with the failure is about. */
  readonly attempted: AgentFixture;
  /** After the turn in which the n-th mutation failed. */
  readonly check: (machine: FakeMachine, acting: Acting, n: number) => Promise<void>;
}

/** The n-th mutation of a turn fails, for every n until none is left to fail. Answers how many there are. */
export async function walkFailures({ begin, attempted, check }: FailureWalk): Promise<number> {
  for (let n = 0; ; n++) {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), begin);
    await acting.turn();
    const before = machine.mutations;
    machine.failMutation(n);
    await acting.turn(attempted);
    machine.failMutation(undefined);
    const isOver = machine.mutations - before <= n;
    await check(machine, acting, n);
    if (isOver) return n;
  }
}
