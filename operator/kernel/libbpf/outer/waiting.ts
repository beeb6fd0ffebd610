import { readFileSync } from 'node:fs';

/** No kernel's normal grace period is shorter. After an expedited one, waiting for each entry is quick in any case. */
export const LEAST_GRACE_PERIOD_MS = 1;

/** Tries off the event loop. */
const TRIES = 3;

/** One call of the kernel, off the event loop and on it. */
export interface Trial {
  readonly later: () => Promise<unknown>;
  readonly now: () => unknown;
}

/**
 * Whether a call waits for a grace period. Load makes a call slow, but none quick: a quick one of several tries does not
 * wait. On a busy machine, or an emulated one, none may be quick: the last try is on the event loop, for a grace period at
 * most, and tells whether the thread went to sleep by itself. Load only takes the processor from it.
 */
export async function waits({ later, now }: Trial): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1)
    if ((await timed(later)) < LEAST_GRACE_PERIOD_MS) return false;
  const [before, start] = [sleeps(), performance.now()];
  now();
  const took = performance.now() - start;
  return took >= LEAST_GRACE_PERIOD_MS && (before === undefined || sleeps() !== before);
}

/** How often this thread went to sleep by itself (voluntary_ctxt_switches of proc(5)); undefined without a /proc. */
function sleeps(): string | undefined {
  try {
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    return /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
  } catch {
    return undefined;
  }
}

/** Milliseconds that a call took. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}
