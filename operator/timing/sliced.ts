import type { Steps } from '../core/steps.ts';

/** Longest work between two turns of the event loop, which nothing may block for 20 ms; a garbage collection adds to it. */
const SLICE_MILLISECONDS = 4;

/** Limits work to a slice: `if (slice.over()) await slice.rest()`. It uses the machine's time, which is never simulated. */
export class Slice {
  #end = performance.now() + SLICE_MILLISECONDS;

  over(): boolean {
    return performance.now() >= this.#end;
  }

  async rest(): Promise<void> {
    await yieldToEventLoop();
    this.#end = performance.now() + SLICE_MILLISECONDS;
  }
}

/** Lets other events run between two pieces of work that take milliseconds each. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise(resume => setImmediate(resume));
}

/** Reading the clock takes longer than a small piece of work: it is read once for so many. */
const PIECES = 4;

/** Calls `work` for each item and lets other events run in between. */
export async function forEachSliced<T>(
  items: Iterable<T>,
  work: (item: T, index: number) => void,
): Promise<void> {
  const slice = new Slice();
  let index = 0;
  for (const item of items) {
    if (index % PIECES === 0 && slice.over()) await slice.rest();
    work(item, index++);
  }
}

/** The same for the indexes below `count`. */
export async function timesSliced(count: number, work: (index: number) => void): Promise<void> {
  const slice = new Slice();
  for (let index = 0; index < count; index++) {
    if (index % PIECES === 0 && slice.over()) await slice.rest();
    work(index);
  }
}

/** Finishes pure work in slices. */
export async function runSliced<T>(work: Steps<T>): Promise<T> {
  const slice = new Slice();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (slice.over()) await slice.rest();
  }
}
