import { Backoff } from '../../../timing/backoff.ts';
import type { Clock } from '../../../timing/clock.ts';
import { aborted } from '../../../timing/trigger.ts';

/** Failures in a row, of all calls together, that may be chance. */
const CHANCE = 4;

/**
 * What all calls of a process pass: while the server is down or busy, one at a time asks whether it still is. Each
 * call's own retries are bounded, but thousands of calls are not.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #failures = 0;
  #opensAt = Number.NEGATIVE_INFINITY;
  #probe: Promise<void> | undefined;
  #probed: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#backoff = new Backoff(clock);
  }

  /** Resolves when a call may go, also when aborted. */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.#shut && !signal.aborted) {
      const wait = this.#opensAt - this.#clock.now();
      if (wait > 0) await this.#clock.sleep(wait, signal);
      else if (this.#probe === undefined) return this.#startProbe();
      else await Promise.race([this.#probe, aborted(signal)]);
    }
  }

  succeeded(): void {
    this.#failures = 0;
    this.#opensAt = Number.NEGATIVE_INFINITY;
    this.#backoff.reset();
    this.#endProbe();
  }

  /** Down, failing or busy. `retryAfter`: what the server asked for, in milliseconds. */
  failed(retryAfter: number | undefined): void {
    this.#failures++;
    const wait = Math.max(retryAfter ?? 0, this.#failures > CHANCE ? this.#backoff.next() : 0);
    this.#opensAt = Math.max(this.#opensAt, this.#clock.now() + wait);
    this.#endProbe();
  }

  /** A call ended without telling anything about the server. */
  abandoned(): void {
    this.#endProbe();
  }

  get #shut(): boolean {
    return this.#failures > CHANCE || this.#opensAt > this.#clock.now();
  }

  #startProbe(): void {
    this.#probe = new Promise(resolve => {
      this.#probed = resolve;
    });
  }

  #endProbe(): void {
    this.#probe = undefined;
    this.#probed?.();
    this.#probed = undefined;
  }
}
