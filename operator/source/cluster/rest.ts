import type { Clock } from '../../kube/clock.ts';

/** So long without another deletion, and a wave of them is over. */
const QUIET_MS = 250;
/** A wave that goes on longer is judged by what came of it so far. */
const MOST_MS = 2_000;

/**
 * Deletions of many objects come one by one. Who judges each by itself lets a hundred small removals empty an outer map:
 * a removal waits for a moment in which none comes.
 */
export class Rest {
  readonly #clock: Clock;
  readonly #over: () => void;
  #beganAt = 0;
  #lastAt = 0;
  #waiting = false;

  /** Calls `over` at the end of each wave. */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock;
    this.#over = over;
  }

  get isDisturbed(): boolean {
    return this.#waiting;
  }

  disturb(stop: AbortSignal): void {
    this.#lastAt = this.#clock.now();
    if (this.#waiting) return;
    this.#waiting = true;
    this.#beganAt = this.#lastAt;
    void this.#wait(stop);
  }

  async #wait(stop: AbortSignal): Promise<void> {
    for (let left = this.#left(); left > 0 && !stop.aborted; left = this.#left())
      await this.#clock.sleep(left, stop);
    this.#waiting = false;
    if (!stop.aborted) this.#over();
  }

  #left(): number {
    return Math.min(this.#lastAt + QUIET_MS, this.#beganAt + MOST_MS) - this.#clock.now();
  }
}
