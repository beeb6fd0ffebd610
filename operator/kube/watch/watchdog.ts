import type { Clock } from '../../timing/clock.ts';

/** Acts when there was no sign of life for `limitMs`. `alive` sets no timer, so it may be called for every chunk. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #ended = new AbortController();
  #aliveAt: number;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#aliveAt = clock.now();
  }

  alive(): void {
    this.#aliveAt = this.#clock.now();
  }

  /** Calls `silent` once, unless ended before. */
  async guard(silent: () => void): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const left = this.#aliveAt + this.#limitMs - this.#clock.now();
      if (left <= 0) return silent();
      await this.#clock.sleep(left, this.#ended.signal);
    }
  }

  end(): void {
    this.#ended.abort();
  }
}
