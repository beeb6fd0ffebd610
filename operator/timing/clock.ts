/** Time and chance, as an argument: specs simulate hours of failures in a second. */
export interface Clock {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Wall-clock time, for objects of the API. */
  date(): Date;
  /** 0 ≤ x < 1 */
  random(): number;
  /** Resolves after a time, or at once when aborted; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  random: () => Math.random(),
  sleep: (milliseconds, signal) =>
    new Promise(resolve => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal?.addEventListener('abort', end);
      if (signal?.aborted === true) end();
    }),
};

/** The two clocks of a node: one that people read and set, and one that only runs. */
export interface NodeClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since the node's boot (CLOCK_MONOTONIC): the same for all its processes, whoever sets the time. */
  uptime(): number;
}

export const NODE_CLOCK: NodeClock = {
  now: () => Date.now(),
  uptime: () => Number(process.hrtime.bigint() / 1_000_000n),
};

/** metav1.MicroTime: RFC 3339 with six digits, as Lease and Event want it. */
export function microTime(date: Date): string {
  return date.toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}
