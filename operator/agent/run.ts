import { asOnNode } from '../core/report/onnode.ts';
import type { Report } from '../core/report/report.ts';
import { staleReport } from '../core/report/stalereport.ts';
import { REAL_CLOCK } from '../timing/clock.ts';
import { Trigger } from '../timing/trigger.ts';
import type { Due } from './observe/observe.ts';
import { bpffsOf } from './reportinput.ts';
import { type Agent, type Turn, turn } from './turn.ts';

/** When the agent looks without being told. Milliseconds. */
export interface ResyncSchedule {
  /** Outer maps and the ledger. */
  readonly resyncMs: number;
  /** Over this long, every entry of every inner map. */
  readonly contentResyncMs: number;
}

/** Told after each turn, and when a turn could not be finished. */
export interface TurnListener {
  turned(result: Turn): void;
  failed(error: unknown, retryMs: number): void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Turns until stopped. A turn comes when something changed, when what failed is to be tried again, and at each resync;
 * what changes while a turn runs is the next turn's.
 */
export async function run(
  agent: Agent,
  schedule: ResyncSchedule,
  told: TurnListener,
  stop: AbortSignal,
): Promise<void> {
  const trigger = new TurnTrigger(stop);
  agent.source.onChange(() => trigger.fire('changed'));
  const unwatch = watchPins(agent, trigger);
  let previous: Report | undefined;
  let retryMs = FIRST_RETRY_MS;
  let due: Due = { resync: true, contentShare: 1 };
  try {
    while (!stop.aborted) {
      const { result, report } = await attempted(agent, due, previous, { told, retryMs });
      previous = report;
      if (result !== undefined) unwatch.renew();
      const trouble = result === undefined || result.outcomes.some(outcome => !outcome.ok);
      const cause = await trigger.next(schedule.resyncMs, trouble ? retryMs : undefined);
      retryMs = !trouble || cause === 'changed' ? FIRST_RETRY_MS : Math.min(LAST_RETRY_MS, retryMs * 2);
      due = dueAfter(cause, schedule, result === undefined);
    }
  } finally {
    unwatch.end();
  }
}

/** Something changed, pins changed, what failed is due again, or it is time to look. */
export type TurnCause = 'changed' | 'pins' | 'retry' | 'resync';

/** Waits for the cause of the next turn; of those that came meanwhile the most thorough counts. */
export class TurnTrigger {
  readonly #trigger = new Trigger();
  readonly #stop: AbortSignal;
  #fired: 'changed' | 'pins' | undefined;
  #resyncAt: number | undefined;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  fire(cause: 'changed' | 'pins'): void {
    if (this.#fired !== 'pins') this.#fired = cause;
    this.#trigger.fire();
  }

  /** A resync that is due comes next, however much fires: a turn sees what changed in any case. */
  async next(resyncMs: number, retryMs: number | undefined): Promise<TurnCause> {
    const now = REAL_CLOCK.now();
    this.#resyncAt ??= now + resyncMs;
    const resyncIn = this.#resyncAt - now;
    const isRetry = retryMs !== undefined && retryMs < resyncIn;
    await this.#trigger.wait(REAL_CLOCK, isRetry ? retryMs : resyncIn, this.#stop);
    const due = isRetry ? 'retry' : 'resync';
    const cause = resyncIn > 0 ? (this.#fired ?? due) : 'resync';
    if (cause === 'resync') this.#resyncAt = REAL_CLOCK.now() + resyncMs;
    this.#fired = undefined;
    return cause;
  }
}

/** `result`: absent where the turn broke off. `report`: the last one, if any. */
interface Attempt {
  readonly result?: Turn;
  readonly report: Report | undefined;
}

async function attempted(
  agent: Agent,
  due: Due,
  previous: Report | undefined,
  { told, retryMs }: { readonly told: TurnListener; readonly retryMs: number },
): Promise<Attempt> {
  try {
    const result = await turn(agent, due, previous);
    told.turned(result);
    return { result, report: result.report };
  } catch (error) {
    told.failed(error, retryMs);
    return { report: await afterBroken(agent, previous, error) };
  }
}

/** What was done is not in memory, and what is published is no longer known to be true. */
async function afterBroken(
  agent: Agent,
  previous: Report | undefined,
  error: unknown,
): Promise<Report | undefined> {
  const { memory, publisher, clock } = agent;
  memory.outers.clear();
  if (previous === undefined) return undefined;
  const message = error instanceof Error ? error.message : String(error);
  const told = asOnNode(bpffsOf(agent), message);
  const report = staleReport(previous, told, new Date(clock.now()).toISOString());
  await publisher.publish(report);
  return report;
}

/** A broken turn may have left anything: look at everything. */
function dueAfter(cause: TurnCause, schedule: ResyncSchedule, broken: boolean): Due {
  if (broken) return { resync: true, contentShare: 1 };
  if (cause === 'resync')
    return { resync: true, contentShare: Math.min(1, schedule.resyncMs / schedule.contentResyncMs) };
  return { resync: cause === 'pins', contentShare: 0 };
}

/** Watches where programs' loaders pin: a reloaded program's new outer map is filled at once. */
function watchPins(agent: Agent, trigger: TurnTrigger): { renew(): void; end(): void } {
  let watched = '';
  let end = (): void => {};
  const renew = (): void => {
    const directories = pinDirectories(agent);
    if (directories.join('\n') === watched) return;
    end();
    watched = directories.join('\n');
    end = agent.kernel.pins.watch(directories, () => trigger.fire('pins'));
  };
  return { renew, end: () => end() };
}

function pinDirectories({ memory }: Agent): readonly string[] {
  const paths = [...memory.outers.values()].flatMap(({ pinPath }) =>
    pinPath === undefined ? [] : [pinPath],
  );
  return [...new Set(paths.map(path => path.slice(0, path.lastIndexOf('/'))))].toSorted();
}
