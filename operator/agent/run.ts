import { staleReport } from '../core/report/broken.ts';
import { asOnNode } from '../core/report/onnode.ts';
import type { Report } from '../core/report/report.ts';
import { Bell, type Heard } from '../timing/trigger.ts';
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
  const bell = new Bell(stop);
  agent.source.onChange(() => bell.ring('changed'));
  const unwatch = watchPins(agent, bell);
  let previous: Report | undefined;
  let retryMs = FIRST_RETRY_MS;
  let due: Due = { resync: true, contentShare: 1 };
  try {
    while (!stop.aborted) {
      const { result, report } = await attempted(agent, due, previous, { told, retryMs });
      previous = report;
      if (result !== undefined) unwatch.renew();
      const trouble = result === undefined || result.outcomes.some(outcome => !outcome.ok);
      const heard = await bell.next(schedule.resyncMs, trouble ? retryMs : undefined);
      retryMs = !trouble || heard === 'changed' ? FIRST_RETRY_MS : Math.min(LAST_RETRY_MS, retryMs * 2);
      due = dueAfter(heard, schedule, result === undefined);
    }
  } finally {
    unwatch.end();
    bell.silence();
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
function dueAfter(heard: Heard, schedule: ResyncSchedule, broken: boolean): Due {
  if (broken) return { resync: true, contentShare: 1 };
  if (heard === 'resync')
    return { resync: true, contentShare: Math.min(1, schedule.resyncMs / schedule.contentResyncMs) };
  return { resync: heard === 'pins', contentShare: 0 };
}

/** Watches where programs' loaders pin: a reloaded program's new outer map is filled at once. */
function watchPins(agent: Agent, bell: Bell): { renew(): void; end(): void } {
  let watched = '';
  let end = (): void => {};
  const renew = (): void => {
    const directories = pinDirectories(agent);
    if (directories.join('\n') === watched) return;
    end();
    watched = directories.join('\n');
    end = agent.kernel.pins.watch(directories, () => bell.ring('pins'));
  };
  return { renew, end: () => end() };
}

function pinDirectories({ memory }: Agent): readonly string[] {
  const paths = [...memory.outers.values()].flatMap(({ pinPath }) =>
    pinPath === undefined ? [] : [pinPath],
  );
  return [...new Set(paths.map(path => path.slice(0, path.lastIndexOf('/'))))].toSorted();
}
