import { Backoff } from '../../../timing/backoff.ts';
import type { Clock } from '../../../timing/clock.ts';
import { aborted } from '../../../timing/trigger.ts';

/** Failures in a row, of all calls together, that open the circuit only when there are more. */
const TOLERATED = 4;

/**
 * All calls of a process pass it. While the server is down or busy the circuit is open, and one call at a time probes
 * the server: the retries of each call are bounded, the number of calls is not.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #failures = 0;
  #probeAt = Number.NEGATIVE_INFINITY;
  #probe: Promise<void> | undefined;
  #probed: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#backoff = new Backoff(clock);
  }

  /** Resolves when a call may be sent, and when it is aborted. */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.#isOpen && !signal.aborted) {
      const wait = this.#probeAt - this.#clock.now();
      if (wait > 0) await this.#clock.sleep(wait, signal);
      else if (this.#probe === undefined) return this.#startProbe();
      else await Promise.race([this.#probe, aborted(signal)]);
    }
  }

  succeeded(): void {
    this.#failures = 0;
    this.#probeAt = Number.NEGATIVE_INFINITY;
    this.#backoff.reset();
    this.endProbe();
  }

  /** The server is down, failing or busy. `retryAfter`: its Retry-After, in milliseconds. */
  failed(retryAfter: number | undefined): void {
    this.#failures++;
    const wait = Math.max(retryAfter ?? 0, this.#failures > TOLERATED ? this.#backoff.next() : 0);
    this.#probeAt = Math.max(this.#probeAt, this.#clock.now() + wait);
    this.endProbe();
  }

  /** Also for a call that ended without a result: the next one probes. */
  endProbe(): void {
    this.#probe = undefined;
    this.#probed?.();
    this.#probed = undefined;
  }

  get #isOpen(): boolean {
    return this.#failures > TOLERATED || this.#probeAt > this.#clock.now();
  }

  #startProbe(): void {
    this.#probe = new Promise(resolve => {
      this.#probed = resolve;
    });
  }
}
