import type { KernelState } from '../api/status.ts';
import { type Desired, desiring, type Node } from '../core/desired/desired.ts';
import { type Plan, planning } from '../core/plan/plan.ts';
import type { Report } from '../core/report/report.ts';
import { reportOf } from '../core/report/reportof.ts';
import type { Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { breath, unhurried } from '../pace/pace.ts';
import type { Publisher } from '../publish/publish.ts';
import type { Source } from '../source/source.ts';
import { apply } from './apply/apply.ts';
import type { Outcome } from './apply/outcome.ts';
import type { Progress } from './apply/site.ts';
import { fold } from './fold.ts';
import type { Memory } from './memory.ts';
import { type Due, observe } from './observe/observe.ts';
import { type Clock, turnedOf } from './turned.ts';

/** One node's agent: its three ports, who it is, and what it remembers between turns. */
export interface Agent {
  readonly source: Source;
  readonly kernel: Kernel;
  readonly publisher: Publisher;
  readonly node: Node & { readonly bootID: string };
  readonly kernelState: KernelState;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly progress?: Progress;
}

/** What a turn leaves for the next one: whether to try again, and what was told. */
export interface Turn {
  readonly report: Report;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
}

/**
 * Level-driven: it never asks what changed, only what is.
 * - Read what is wanted, whole.
 * - Work out what this node's kernel should hold.
 * - Read the kernel, as far as it is not known.
 * - Plan the steps between the two; a dry run ends here.
 * - Apply them: the one place that writes.
 * - Fold the outcomes into memory.
 * - Report what is true now, and publish it.
 */
export async function turn(agent: Agent, due: Due, previous?: Report): Promise<Turn> {
  const started = agent.clock.now();
  const wanted = await agent.source.read();
  const desired = await desiredOf(wanted, agent);
  const found = await observe(agent.kernel, desired, agent.memory, due);
  const plan = await unhurried(
    planning(desired, found, { mayRemove: wanted.complete, releases: wanted.releases }),
  );
  const outcomes = await apply(plan, agent.kernel, agent.progress);
  const drift = await fold(agent.memory, desired, plan, outcomes);
  await breath();
  const report = reportOf(
    turnedOf(agent, { wanted, desired, plan, outcomes, drift, started, due, previous }),
  );
  await agent.publisher.publish(report);
  return { report, plan, outcomes };
}

async function desiredOf(wanted: Wanted, { memory, node }: Agent): Promise<Desired> {
  if (memory.desired?.of !== wanted)
    memory.desired = { of: wanted, is: await unhurried(desiring(wanted, node)) };
  return memory.desired.is;
}
