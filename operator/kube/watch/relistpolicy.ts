import { Backoff } from '../../timing/backoff.ts';
import type { Clock } from '../../timing/clock.ts';
import { needsList, refusesStreaming, retryAfterOf } from './failure.ts';

export interface RelistPolicyOptions {
  readonly clock: Clock;
  readonly relistJitterMs: number;
  readonly resumes: boolean;
}

/** A watch that ended without an error: how long it lived, its timeoutSeconds, and how many events it brought. */
export interface EndedWatch {
  readonly livedMs: number;
  readonly timeoutMs: number;
  readonly events: number;
}

export interface RetryDecision {
  readonly doing: 'list' | 'watch';
  readonly retryInMs: number;
}

const SHORT_MS = 1_000;
/** A server or a proxy that ends watches sooner than this gets the next request after a backoff. */
const HASTY_MS = 30_000;

/** Decides whether a reflector lists or watches next, and how long it waits before. */
export class RelistPolicy {
  readonly #options: RelistPolicyOptions;
  readonly #backoff: Backoff;
  /** For lists that the server requires by an answer: an outage before is no reason to wait. */
  readonly #relistBackoff: Backoff;
  #mustList = true;
  #usesPages = false;
  #isStreamingRefused = false;
  /** The last watch was interrupted: the server may be another one, or restored from a backup. */
  #isInterrupted = false;

  constructor(options: RelistPolicyOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
    this.#relistBackoff = new Backoff(options.clock);
  }

  /** Whether the next request is a list, by pages or as a stream; otherwise it resumes the watch. */
  get mustList(): boolean {
    return this.#mustList;
  }

  get byPages(): boolean {
    return this.#mustList && this.#usesPages;
  }

  /** Whether the watch that is resumed may be of another history. */
  get mustVerify(): boolean {
    return !this.#mustList && this.#isInterrupted;
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  verified(): void {
    this.#isInterrupted = false;
  }

  listed(): void {
    this.#mustList = false;
    this.#isInterrupted = false;
    this.#usesPages = this.#isStreamingRefused;
  }

  requireList(): void {
    this.#mustList = true;
  }

  /** Returns the error that such an end is, or how long to wait after an ordinary end. */
  ended({ livedMs, timeoutMs, events }: EndedWatch): Error | number {
    this.#isInterrupted = livedMs < timeoutMs;
    if (this.#mustList) return new Error('Cannot list: the stream ended before the set was complete');
    if (livedMs < SHORT_MS && events === 0)
      return new Error(`Cannot watch: the server ended it after ${Math.round(livedMs)} ms`);
    if (this.#isInterrupted && !this.#options.resumes) this.#mustList = true;
    return livedMs < HASTY_MS ? this.#backoff.next() : 0;
  }

  /** Returns nothing where the list is requested in the other way at once. */
  failed(error: Error): RetryDecision | undefined {
    const doing = this.#mustList ? 'list' : 'watch';
    this.#isInterrupted = true;
    if (this.#mustList && !this.#usesPages && refusesStreaming(error)) {
      this.#usesPages = true;
      this.#isStreamingRefused = true;
      return undefined;
    }
    // A proxy may pass only pages, or only streams: try them in turn.
    if (this.#mustList) this.#usesPages = this.#isStreamingRefused || !this.#usesPages;
    const isRelist = !this.#mustList && needsList(error);
    if (isRelist || !this.#options.resumes) this.#mustList = true;
    return { doing, retryInMs: this.#waitMs(error, isRelist) };
  }

  #waitMs(error: Error, isRelist: boolean): number {
    const { clock, relistJitterMs } = this.#options;
    const jitter = isRelist ? clock.random() * relistJitterMs : 0;
    const retryAfter = retryAfterOf(error) * (1 + clock.random() / 2);
    const backoff = isRelist ? this.#relistBackoff : this.#backoff;
    return Math.max(backoff.next(), retryAfter) + jitter;
  }
}
