import type { Clock } from '../../timing/clock.ts';

/** Barks when nothing has come for `limitMs`; `alive` puts it off, without a timer of its own. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #done = new AbortController();
  #heardAt: number;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#heardAt = clock.now();
  }

  alive(): void {
    this.#heardAt = this.#clock.now();
  }

  /** Calls `bark` once, unless ended before. */
  async guard(bark: () => void): Promise<void> {
    while (!this.#done.signal.aborted) {
      const left = this.#heardAt + this.#limitMs - this.#clock.now();
      if (left <= 0) return bark();
      await this.#clock.sleep(left, this.#done.signal);
    }
  }

  end(): void {
    this.#done.abort();
  }
}
