import { Backoff } from '../../timing/backoff.ts';
import type { Clock } from '../../timing/clock.ts';
import { needsList, refusesStreaming, retryAfterOf } from './failure.ts';

export interface RelistPolicyOptions {
  readonly clock: Clock;
  readonly relistJitterMs: number;
  readonly resumes: boolean;
}

/** A watch that ended as watches do: how long it lived, how long it was asked for, and what it told. */
export interface EndedWatch {
  readonly livedMs: number;
  readonly askedMs: number;
  readonly events: number;
}

export interface RetryDecision {
  readonly doing: 'list' | 'watch';
  readonly retryInMs: number;
}

const SHORT_MS = 1_000;
/** A server, or what is in between, that ends watches sooner than this is not hurried. */
const HASTY_MS = 30_000;

/** What a reflector asks for next, and how long it waits before. */
export class RelistPolicy {
  readonly #options: RelistPolicyOptions;
  readonly #backoff: Backoff;
  /** Of lists that the server asks for by an answer: that it was away before is no reason to wait. */
  readonly #relisting: Backoff;
  #mustList = true;
  /** How the next whole set is asked for. */
  #paged = false;
  #streamingRefused = false;
  /** The last watch was broken off: the server may be another one, or restored from a backup. */
  #doubtful = false;

  constructor(options: RelistPolicyOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
    this.#relisting = new Backoff(options.clock);
  }

  /** A whole set is asked for, by pages or as a stream; else changes are. */
  get mustList(): boolean {
    return this.#mustList;
  }

  get byPages(): boolean {
    return this.#mustList && this.#paged;
  }

  /** Changes are asked for, of what may be another history. */
  get mustVerify(): boolean {
    return !this.#mustList && this.#doubtful;
  }

  /** The last watch was broken off, and nothing was heard since. */
  get isDoubtful(): boolean {
    return this.#doubtful;
  }

  verified(): void {
    this.#doubtful = false;
  }

  /** A whole set is there. */
  completed(): void {
    this.#mustList = false;
    this.#doubtful = false;
    this.#paged = this.#streamingRefused;
  }

  /** What was told does not count any more. */
  undone(): void {
    this.#mustList = true;
  }

  /** Answers what is wrong with an ending, or how long to wait after one with which nothing is. */
  ended({ livedMs, askedMs, events }: EndedWatch): Error | number {
    this.#doubtful = livedMs < askedMs;
    if (this.#mustList) return new Error('Cannot list: the stream ended before the set was complete');
    if (livedMs < SHORT_MS && events === 0)
      return new Error(`Cannot watch: the server ended it after ${Math.round(livedMs)} ms`);
    if (this.#doubtful && !this.#options.resumes) this.#mustList = true;
    return livedMs < HASTY_MS ? this.#backoff.next() : 0;
  }

  /** Nothing where it is asked in another way at once. */
  failed(error: Error): RetryDecision | undefined {
    const doing = this.#mustList ? 'list' : 'watch';
    this.#doubtful = true;
    if (this.#mustList && !this.#paged && refusesStreaming(error)) {
      this.#paged = true;
      this.#streamingRefused = true;
      return undefined;
    }
    // What is in between may let a list through, or a stream: one after the other.
    if (this.#mustList) this.#paged = this.#streamingRefused || !this.#paged;
    const isAsked = !this.#mustList && needsList(error);
    if (isAsked || !this.#options.resumes) this.#mustList = true;
    return { doing, retryInMs: this.#waitMs(error, isAsked) };
  }

  #waitMs(error: Error, isAsked: boolean): number {
    const { clock, relistJitterMs } = this.#options;
    const jitter = isAsked ? clock.random() * relistJitterMs : 0;
    const retryAfter = retryAfterOf(error) * (1 + clock.random() / 2);
    const backoff = isAsked ? this.#relisting : this.#backoff;
    return Math.max(backoff.next(), retryAfter) + jitter;
  }
}
