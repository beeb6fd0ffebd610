import type { Clock } from '../../timing/clock.ts';

/** A wave of deletions ends after so long without another one. */
const QUIET_MS = 250;
/** A wave that lasts longer is judged by its deletions so far. */
const MOST_MS = 2_000;
/** At more deletions a second somebody deletes everything: the wait is longer, as half of it is half of the damage. */
const WAVE_PER_SECOND = 10;
const WAVE_MS = 30_000;

/**
 * Deletions of many objects come one by one. Judged one by one, a hundred small removals could empty an outer map: a
 * removal waits for a moment without deletions.
 */
export class DeletionDebounce {
  readonly #clock: Clock;
  readonly #over: () => void;
  #beganAt = 0;
  #lastAt = 0;
  /** Deletions of the current wave; 0 between waves. */
  #count = 0;

  /** Calls `over` at the end of each wave. */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock;
    this.#over = over;
  }

  get isDisturbed(): boolean {
    return this.#count > 0;
  }

  disturb(stop: AbortSignal): void {
    this.#lastAt = this.#clock.now();
    if (this.#count++ > 0) return;
    this.#beganAt = this.#lastAt;
    void this.#wait(stop);
  }

  async #wait(stop: AbortSignal): Promise<void> {
    for (let left = this.#left(); left > 0 && !stop.aborted; left = this.#left())
      await this.#clock.sleep(left, stop);
    this.#count = 0;
    if (!stop.aborted) this.#over();
  }

  #left(): number {
    const now = this.#clock.now();
    const most = this.#count * 1000 > (now - this.#beganAt) * WAVE_PER_SECOND ? WAVE_MS : MOST_MS;
    return Math.min(this.#lastAt + QUIET_MS, this.#beganAt + most) - now;
  }
}
