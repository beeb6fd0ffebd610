import type { Unhurried } from '../core/unhurried.ts';

/** Long loops give way to the event loop when this much time has passed: nothing may stall it for 20 ms. */
const SLICE_MS = 8;

/** Calls `work` for each item and lets other events in between. */
export async function paced<T>(items: Iterable<T>, work: (item: T, index: number) => void): Promise<void> {
  let since = performance.now();
  let index = 0;
  for (const item of items) {
    work(item, index++);
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise(resolve => setImmediate(resolve));
    since = performance.now();
  }
}

/** Finishes pure work in slices. */
export async function unhurried<T>(work: Unhurried<T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise(resolve => setImmediate(resolve));
    since = performance.now();
  }
}
