import type { Log } from '../support/log.ts';

/** What does not end by itself in this time after a callback failed is ended. */
const LONGEST_END_MS = 10_000;

/** The exit code of a command that failed. */
const FAILED = 2;

/**
 * Runs until `work` ends by itself or a signal stops it: SIGTERM of a kubelet, SIGINT of a terminal. An exception that
 * nobody caught, of a callback or a promise, stops it too: nothing is known of the state that it left. It is logged, the
 * work ends in its order, and this throws it.
 */
export async function untilSignal<T>(log: Log, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const failures: unknown[] = [];
  const caught = (thrown: unknown, origin: string): void => {
    log.error('Nobody caught an exception, this process ends', { origin, error: stackOf(thrown) });
    failures.push(thrown);
    end();
    // Where nothing else goes on, Node ends before the time with this, and not with 0
    process.exitCode = FAILED;
    setTimeout(() => process.exit(FAILED), LONGEST_END_MS).unref();
  };
  process.on('uncaughtException', caught);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  try {
    const result = await work(stop.signal);
    if (failures.length > 0) throw failures[0];
    return result;
  } finally {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
    process.off('uncaughtException', caught);
  }
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
