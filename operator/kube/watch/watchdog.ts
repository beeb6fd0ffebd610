import type { Clock } from '../../timing/clock.ts';

/** Calls `silent` once when `alive` was not called for `limitMs`. `alive` sets no timer: it may be called for every chunk. */
export function startWatchdog(clock: Clock, limitMs: number, silent: () => void) {
  const ended = new AbortController();
  let aliveAt = clock.now();
  const alive = (): void => {
    aliveAt = clock.now();
  };
  const guard = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const left = aliveAt + limitMs - clock.now();
      if (left <= 0) return silent();
      await clock.sleep(left, ended.signal);
    }
  };
  void guard();
  return { alive, end: () => ended.abort() };
}
