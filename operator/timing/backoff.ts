import type { Clock } from './clock.ts';

const FIRST_MS = 800;
const MOST_MS = 30_000;
/** Added share of each wait: a thousand agents must not return at the same instant. */
const JITTER = 0.5;
const HEALTHY_MS = 120_000;

/** Waits from 0.8 to 30 s, doubling; starts again after two minutes without a failure. */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const now = this.#clock.now();
    if (now - this.#until >= HEALTHY_MS) this.#failures = 0;
    const base = Math.min(FIRST_MS * 2 ** this.#failures, MOST_MS / (1 + JITTER));
    const wait = base * (1 + JITTER * this.#clock.random());
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#until = now + wait;
    return wait;
  }

  reset(): void {
    this.#failures = 0;
  }
}
