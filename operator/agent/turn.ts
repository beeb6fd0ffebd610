import type { KernelState } from '../api/status.ts';
import { type Desired, desiring, type Node } from '../core/desired/desired.ts';
import { redesiring } from '../core/desired/redesired.ts';
import { type Plan, type Policy, planning } from '../core/plan/plan.ts';
import { reporting } from '../core/report/nodereport.ts';
import type { Report } from '../core/report/report.ts';
import { asksTheSame, type Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { cleanAsked } from '../ledger/cleaning.ts';
import type { Publisher } from '../publish/publish.ts';
import type { Source } from '../source/source.ts';
import type { NodeClock } from '../timing/clock.ts';
import { runSliced } from '../timing/sliced.ts';
import { apply } from './apply/apply.ts';
import type { Outcome, Tally } from './apply/outcome.ts';
import { fold } from './fold.ts';
import type { LedgerLock } from './lock.ts';
import { bytesThereOf, forget, type Memory, recentlyHeld, recentlyRemoved } from './memory.ts';
import { lookBack } from './observe/lookback.ts';
import { type Due, observe } from './observe/observe.ts';
import { reportInput, type TurnParts } from './reportinput.ts';

/** One node's agent: its three ports, its node, and what it remembers between turns. */
export interface Agent {
  readonly source: Source;
  readonly kernel: Kernel;
  readonly publisher: Publisher;
  readonly lock: Pick<LedgerLock, 'keep'>;
  readonly node: Node & { readonly bootID: string; readonly uid?: string };
  readonly kernelState: KernelState;
  readonly memory: Memory;
  /** Where the node mounts the bpffs, if elsewhere than this process. */
  readonly bpffsOnNode?: string;
  readonly clock: NodeClock;
  /** Called with each plan before it is applied. */
  readonly planned?: (plan: Plan) => void;
}

const EVERYTHING: Due = { resync: true, contentShare: 1 };

/** The result of one turn. */
export interface Turn {
  readonly report: Report;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly tally: Readonly<Tally>;
  /** Outer maps that were removed because `innermap clean` asked for it. */
  readonly cleaned: readonly string[];
  /** Milliseconds of each step. */
  readonly times: Readonly<Record<string, number>>;
}

/**
 * One turn of a node's agent, to be read beside the controller's. It is level-driven: it compares what is declared with
 * what the kernel holds, and does not ask what changed.
 *
 * - Make sure that the bpffs is still there, and this the only writer in it.
 * - Remove what `innermap clean` asks to have removed: what is still declared is made anew.
 * - Read all that is declared, as one set. In a cluster it comes with the labels of the Node object.
 * - Work out, purely, what this node's kernel should hold: outer maps, and the bytes of each inner map. Nothing is
 *   worked out again while the set asks for the same, and where some InnerMaps have changed, only what they ask for.
 * - Observe the kernel where memory does not know it: what failed in the last turn, everything at a resync, and the
 *   share of all contents that is due.
 * - Plan the steps between the two, purely. No removal before the whole set was read; one above maxRemoval is held.
 *   `innermap plan` ends here (dryrun.ts).
 * - Apply the plan. Nothing else writes into the kernel. A step that fails is an outcome, and costs only what builds on it.
 * - Fold the outcomes into memory: the next turn need not read what succeeded, and reads anew what failed.
 * - Look back at the LRU maps that were written: they may have evicted what they were given.
 * - Report, purely, what the kernel now holds and why the rest is missing.
 * - Publish the report.
 */
export async function turn(agent: Agent, asked: Due, previous?: Report): Promise<Turn> {
  const { memory, kernel, source, publisher, clock, lock } = agent;
  const { times, timed } = stepTimer();
  const [started, uptime] = [clock.now(), clock.uptime()];
  const due = lock.keep() ? asked : EVERYTHING;
  const cleaned = await timed('clean', cleanAsked(kernel, uptime));
  for (const name of cleaned) forget(memory, name);
  const wanted = await timed('read', source.read());
  const node = { ...agent.node, ...wanted.node };
  const desired = await timed('desired', desiredOf(wanted, node, memory));
  const found = await timed('observe', observe(kernel, desired, memory, due));
  const plan = await timed('plan', runSliced(planning(desired, found, policyOf(wanted, memory, uptime))));
  agent.planned?.(plan);
  const known = { now: uptime, removed: recentlyRemoved(memory, uptime), typed: memory.typed };
  const outcomes = await timed('apply', apply(plan, kernel, known));
  const tally = await timed('fold', fold(memory, desired, { plan, outcomes, now: uptime }));
  await timed('lookBack', lookBack(kernel, memory, { desired, outcomes }));
  const parts = { wanted, node, desired, plan, tally, started, uptime, due, previous };
  const report = await timed('report', reportOf(agent, parts));
  await timed('publish', publisher.publish(report));
  return { report, plan, outcomes, tally, cleaned, times };
}

/** `timed` measures a step: from the end of the step before to its own. */
function stepTimer() {
  const times: Record<string, number> = {};
  let since = performance.now();
  const timed = async <T>(step: string, work: T | Promise<T>): Promise<T> => {
    const result = await work;
    const now = performance.now();
    times[step] = now - since;
    since = now;
    return result;
  };
  return { times, timed };
}

async function reportOf(agent: Agent, parts: TurnParts): Promise<Report> {
  return runSliced(reporting(await reportInput(agent, parts)));
}

async function desiredOf(wanted: Wanted, node: Node, memory: Memory): Promise<Desired> {
  const known = memory.desired;
  if (known !== undefined && asksTheSame(known.of, wanted)) return known.is;
  const changed = known === undefined ? undefined : await runSliced(redesiring(known, wanted));
  const is = changed ?? (await runSliced(desiring(wanted, node, bytesThereOf(memory))));
  memory.desired = { of: wanted, is };
  return is;
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
