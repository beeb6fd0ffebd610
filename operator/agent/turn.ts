import type { KernelState } from '../api/status.ts';
import { type Desired, desiring, type Node } from '../core/desired/desired.ts';
import { type Plan, type Policy, planning } from '../core/plan/plan.ts';
import { reportOf } from '../core/report/nodereport.ts';
import type { Report } from '../core/report/report.ts';
import { asksTheSame, type Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Publisher } from '../publish/publish.ts';
import type { Source } from '../source/source.ts';
import { runSliced, yieldToEventLoop } from '../timing/sliced.ts';
import { apply } from './apply/apply.ts';
import type { OnStepsDone } from './apply/context.ts';
import type { Outcome } from './apply/outcome.ts';
import { fold } from './fold.ts';
import { type Memory, recentlyHeld, recentlyRemoved } from './memory.ts';
import { type Due, observe } from './observe/observe.ts';
import { reportInput, type WallClock } from './reportinput.ts';
import { type StepTimes, StopWatch } from './stopwatch.ts';

/** One node's agent: its three ports, who it is, and what it remembers between turns. */
export interface Agent {
  readonly source: Source;
  readonly kernel: Kernel;
  readonly publisher: Publisher;
  readonly node: Node & { readonly bootID: string; readonly uid?: string };
  readonly kernelState: KernelState;
  readonly memory: Memory;
  /** Where the node has the kernel's bpffs, if elsewhere than this process. */
  readonly bpffsOnNode?: string;
  readonly clock: WallClock;
  readonly progress?: OnStepsDone;
}

/** What a turn leaves for the next one: whether to try again, and what was told. */
export interface Turn {
  readonly report: Report;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  /** Milliseconds of each step. */
  readonly times: StepTimes;
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
  const { memory, kernel } = agent;
  const watch = new StopWatch();
  const started = agent.clock.now();
  const wanted = await watch.time('read', agent.source.read());
  const node = nodeNow(agent, wanted);
  const desired = await watch.time('desired', desiredOf(wanted, node, memory));
  const found = await watch.time('observe', observe(kernel, desired, memory, due));
  const plan = await watch.time(
    'plan',
    runSliced(planning(desired, found, policyOf(wanted, memory, started))),
  );
  const outcomes = await watch.time('apply', apply(plan, kernel, agent.progress));
  const drift = await watch.time('fold', fold(memory, desired, { plan, outcomes, now: started }));
  await yieldToEventLoop();
  const parts = { wanted, node, desired, plan, outcomes, drift, started, due, previous };
  const report = reportOf(reportInput(agent, parts));
  watch.mark('report');
  await watch.time('publish', agent.publisher.publish(report));
  return { report, plan, outcomes, times: watch.times };
}

/** A cluster's word on the node counts more than what the agent was started with. */
function nodeNow({ node }: Agent, wanted: Wanted): Agent['node'] {
  return wanted.node === undefined ? node : { ...node, ...wanted.node };
}

async function desiredOf(wanted: Wanted, node: Node, memory: Memory): Promise<Desired> {
  const known = memory.desired;
  if (known !== undefined && asksTheSame(known.of, wanted)) return known.is;
  memory.desired = { of: wanted, is: await runSliced(desiring(wanted, node)) };
  return memory.desired.is;
}

function policyOf(
  { complete, unsettled, unreadable, releases }: Wanted,
  memory: Memory,
  now: number,
): Policy {
  return {
    mayRemove: complete,
    releases,
    recentlyRemoved: recentlyRemoved(memory, now),
    recentlyHeld: recentlyHeld(memory, now),
    ...(unsettled === undefined ? {} : { unsettled }),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}
