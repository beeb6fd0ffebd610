import { setMaxListeners } from 'node:events';
import type { Clock } from '../../timing/clock.ts';
import { type ApiCall, type ApiError, timeoutError } from './error.ts';

/** Aborted as soon as one of others is. AbortSignal.any keeps what it made alive as long as those: here, until let go. */
export class Linked {
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];

  constructor(parents: readonly (AbortSignal | undefined)[]) {
    this.#parents = parents.filter(parent => parent !== undefined);
    for (const parent of this.#parents) {
      // One signal stops many calls: that is no leak, each lets go.
      setMaxListeners(0, parent);
      parent.addEventListener('abort', this.#follow);
      if (parent.aborted) this.#controller.abort(parent.reason);
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

  readonly #follow = (event: Event): void => {
    this.#controller.abort((event.target as AbortSignal).reason);
  };
}

/** Ends one attempt when its time is over or its caller gives up. */
export class Timed {
  /** Set when the time was over. */
  failure: ApiError | undefined;
  readonly #clock: Clock;
  readonly #asked: ApiCall;
  readonly #linked: Linked;
  readonly #answered = new AbortController();

  constructor(clock: Clock, asked: ApiCall, parents: readonly (AbortSignal | undefined)[]) {
    this.#clock = clock;
    this.#asked = asked;
    this.#linked = new Linked(parents);
  }

  get signal(): AbortSignal {
    return this.#linked.signal;
  }

  start(milliseconds: number): void {
    this.#clock.sleep(milliseconds, this.#answered.signal).then(() => {
      if (this.#answered.signal.aborted) return;
      this.failure = timeoutError(this.#asked, milliseconds);
      this.#linked.abort(this.failure);
    });
  }

  /** The time no longer counts; the caller may still give up. */
  answered(): void {
    this.#answered.abort();
  }

  end(): void {
    this.answered();
    this.#linked.release();
  }
}
