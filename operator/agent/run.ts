import { asOnNode } from '../core/report/onnode.ts';
import type { Report } from '../core/report/report.ts';
import { staleReport } from '../core/report/stalereport.ts';
import { requestsIn } from '../ledger/cleaning.ts';
import { REAL_CLOCK } from '../timing/clock.ts';
import { Trigger } from '../timing/trigger.ts';
import { forgetKernel } from './memory.ts';
import type { Due } from './observe/observe.ts';
import { bpffsOf } from './reportinput.ts';
import { type Agent, type Turn, turn } from './turn.ts';

/** How often the agent looks though nothing changed. Milliseconds. */
export interface ResyncSchedule {
  /** Outer maps and the ledger are read anew this often. */
  readonly resyncMs: number;
  /** Every entry of every inner map is read anew once in this time. */
  readonly contentResyncMs: number;
}

/** Called after each turn: `failed` where it threw. */
export interface TurnListener {
  turned(result: Turn): void;
  failed(error: unknown, retryMs: number): void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Turns until stopped: when something changed, when failed steps are due again, and at each resync.
 * A change during a turn causes the next one.
 */
export async function run(
  agent: Agent,
  schedule: ResyncSchedule,
  listener: TurnListener,
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
      const { end, report } = await attempted(agent, due, previous, { listener, retryMs });
      previous = report;
      if (end !== 'threw') unwatch.renew();
      const hasFailures = end !== 'done';
      const cause = await trigger.next(schedule.resyncMs, hasFailures ? retryMs : undefined);
      retryMs = !hasFailures || cause === 'changed' ? FIRST_RETRY_MS : Math.min(LAST_RETRY_MS, retryMs * 2);
      due = dueAfter(cause, schedule, end === 'threw');
    }
  } finally {
    unwatch.end();
  }
}

/** Declarations changed, pins changed, failed steps are due again, or a resync is due. */
export type TurnCause = 'changed' | 'pins' | 'retry' | 'resync';

/** Waits for the cause of the next turn. Of several, the most thorough counts. */
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

  /** A resync that is due comes first, however often something fires: every turn sees all changes. */
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

/** How a turn ended, and the last report, if any. A turn's result is not kept while the agent waits: it has all of its steps. */
interface Attempt {
  readonly end: 'done' | 'failed' | 'threw';
  readonly report: Report | undefined;
}

async function attempted(
  agent: Agent,
  due: Due,
  previous: Report | undefined,
  { listener, retryMs }: { readonly listener: TurnListener; readonly retryMs: number },
): Promise<Attempt> {
  try {
    const result = await turn(agent, due, previous);
    listener.turned(result);
    return { end: result.tally.failed.length > 0 ? 'failed' : 'done', report: result.report };
  } catch (error) {
    listener.failed(error, retryMs);
    return { end: 'threw', report: await afterFailure(agent, previous, error) };
  }
}

/** Forgets the kernel, as memory lacks what was done, and marks the published report as out of date. */
async function afterFailure(
  agent: Agent,
  previous: Report | undefined,
  error: unknown,
): Promise<Report | undefined> {
  const { memory, publisher, clock } = agent;
  forgetKernel(memory);
  if (previous === undefined) return undefined;
  const message = error instanceof Error ? error.message : String(error);
  const now = new Date(clock.now()).toISOString();
  const report = staleReport(previous, asOnNode(bpffsOf(agent), message), now);
  await publisher.publish(report);
  return report;
}

/** A turn that threw may have left anything: the next one reads everything. */
function dueAfter(cause: TurnCause, schedule: ResyncSchedule, hasThrown: boolean): Due {
  if (hasThrown) return { resync: true, contentShare: 1 };
  if (cause === 'resync')
    return { resync: true, contentShare: Math.min(1, schedule.resyncMs / schedule.contentResyncMs) };
  return { resync: cause === 'pins', contentShare: 0 };
}

/**
 * Watches the directories where programs' loaders pin, to fill a reloaded program's new outer map at once, and the one
 * where `innermap clean` asks.
 */
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

function pinDirectories({ memory, kernel }: Agent): readonly string[] {
  const paths = [...memory.outers.values()].flatMap(({ pinPath }) =>
    pinPath === undefined ? [] : [pinPath],
  );
  const directories = paths.map(path => path.slice(0, path.lastIndexOf('/')));
  return [...new Set([...directories, requestsIn(kernel.pins.root)])].toSorted();
}
