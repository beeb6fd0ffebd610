import type { Clock } from '../timing/clock.ts';

/** Rung by whoever has something to do; one waits. */
export class Wake {
  #waiting: AbortController | undefined;
  #rung = false;

  ring(): void {
    this.#rung = true;
    this.#waiting?.abort();
  }

  /** Until it was rung since the last wait, or the time is over, or stopped. */
  async wait(clock: Clock, milliseconds: number, stop: AbortSignal): Promise<void> {
    if (!this.#rung && milliseconds > 0 && !stop.aborted) {
      this.#waiting = new AbortController();
      const end = (): void => this.#waiting?.abort();
      stop.addEventListener('abort', end);
      await clock.sleep(milliseconds, this.#waiting.signal);
      stop.removeEventListener('abort', end);
      this.#waiting = undefined;
    }
    this.#rung = false;
  }
}
