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
 * Whether a call waits for a grace period. Load makes a call slow, but none quick: the quickest of several tries decides.
 * Threads of a busy machine can come late each time, so that the last try is on the event loop: microseconds, or one
 * grace period.
 */
export async function waits({ later, now }: Trial): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1)
    if ((await timed(later)) < LEAST_GRACE_PERIOD_MS) return false;
  const start = performance.now();
  now();
  return performance.now() - start >= LEAST_GRACE_PERIOD_MS;
}

/** Milliseconds that a call took. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}
