import type { Clock } from './clock.ts';

/** Wakes one waiter. Fired while nobody waits, it ends the next wait at once. */
export class Trigger {
  #fired = false;
  #waiting: AbortController | undefined;

  fire(): void {
    this.#fired = true;
    this.#waiting?.abort();
  }

  /** Resolves when it has fired since the last wait, when the time is over, or when stopped. */
  async wait(clock: Clock, milliseconds: number, stop: AbortSignal): Promise<void> {
    if (!this.#fired && milliseconds > 0 && !stop.aborted) {
      const waiting = new AbortController();
      const end = (): void => waiting.abort();
      this.#waiting = waiting;
      stop.addEventListener('abort', end);
      await clock.sleep(milliseconds, waiting.signal);
      stop.removeEventListener('abort', end);
      this.#waiting = undefined;
    }
    this.#fired = false;
  }
}

/** Resolves when the signal is aborted, at once if it is already. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
