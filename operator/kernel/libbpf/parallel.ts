import { allEnded } from '../../timing/allended.ts';
import { Slice } from '../../timing/sliced.ts';

/** Calls of C that work on one wave at once. More gain nothing: the threads share the table of open files. */
export const CALLS_AT_ONCE = 2;

/** Large maps that are worked on at once, off the event loop, each with some MiB of its own. */
const MOST_LARGE = 4;

/** A result that is being made off the event loop. */
export interface Pending<Result> {
  readonly pending: Promise<Result>;
}

/**
 * Starts one item after the other in slices, and returns the results in their order. Pending results are completed
 * meanwhile, a few at a time.
 */
export async function inSlices<Item, Result extends object>(
  items: readonly Item[],
  start: (item: Item) => Result | Pending<Result> | Promise<Result | Pending<Result>>,
): Promise<readonly Result[]> {
  const results = new Array<Result>(items.length);
  const slice = new Slice();
  const tasks = new Set<Promise<void>>();
  try {
    for (const [index, item] of items.entries()) {
      if (slice.over()) await slice.rest();
      const starting = start(item);
      const started = starting instanceof Promise ? await starting : starting;
      if (!isPending(started)) {
        results[index] = started;
        continue;
      }
      const task = started.pending.then(result => {
        results[index] = result;
        tasks.delete(task);
      });
      // A failed task stays in the set: the next wait throws its error
      task.catch(() => undefined);
      tasks.add(task);
      if (tasks.size >= MOST_LARGE) await Promise.race(tasks);
    }
  } finally {
    await allEnded([...tasks]);
  }
  return results;
}

function isPending<Result extends object>(started: Result | Pending<Result>): started is Pending<Result> {
  return 'pending' in started;
}

/** Does `work` for every index below `count`, at most `limit` at a time. After an error no other is begun. */
export async function inParallel(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    try {
      while (next < count) await work(next++);
    } catch (error) {
      next = count;
      throw error;
    }
  };
  await allEnded(Array.from({ length: Math.min(limit, count) }, worker));
}
