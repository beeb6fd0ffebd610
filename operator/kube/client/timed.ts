import { setMaxListeners } from 'node:events';
import type { Clock } from '../../timing/clock.ts';
import { type ApiCall, type ApiError, timeoutError } from './error.ts';

/**
 * A signal that aborts with the first of its parents. A signal of AbortSignal.any stays in memory as long as its parents;
 * this one stays until it is released.
 */
export class Linked {
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];

  constructor(parents: readonly (AbortSignal | undefined)[]) {
    this.#parents = parents.filter(parent => parent !== undefined);
    for (const parent of this.#parents) {
      // One signal stops many calls, each of which releases it: that is no leak.
      setMaxListeners(0, parent);
      parent.addEventListener('abort', this.#follow);
      if (parent.aborted) this.abort(parent.reason);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  release(): void {
    for (const parent of this.#parents) parent.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (event: Event): void => this.abort((event.target as AbortSignal).reason);
}

/** One attempt of a call, which ends at its timeout or when its caller gives up. */
export class Timed {
  readonly call: ApiCall;
  /** Set at the timeout. */
  failure: ApiError | undefined;
  readonly #clock: Clock;
  readonly #linked: Linked;
  readonly #answered = new AbortController();

  constructor(clock: Clock, call: ApiCall, parents: readonly (AbortSignal | undefined)[]) {
    this.#clock = clock;
    this.call = call;
    this.#linked = new Linked(parents);
  }

  get signal(): AbortSignal {
    return this.#linked.signal;
  }

  start(milliseconds: number): void {
    this.#clock.sleep(milliseconds, this.#answered.signal).then(() => {
      if (this.#answered.signal.aborted) return;
      this.failure = timeoutError(this.call, milliseconds);
      this.#linked.abort(this.failure);
    });
  }

  /** Ends the timeout; the caller may still give up. */
  answered(): void {
    this.#answered.abort();
  }

  end(): void {
    this.answered();
    this.#linked.release();
  }
}
