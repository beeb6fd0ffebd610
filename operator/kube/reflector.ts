import { Backoff } from './backoff.ts';
import type { Place, Query } from './client/resource.ts';
import { ApiError, type Cluster } from './client.ts';
import { type Clock, REAL_CLOCK } from './clock.ts';
import type { WatchEvent } from './watch/event.ts';
import { readEvents } from './watch/events.ts';
import {
  asError,
  type Failure,
  needsList,
  refusesStreaming,
  retryAfterOf,
  StreamedError,
} from './watch/failure.ts';
import { Mirror, type MirrorOptions } from './watch/mirror.ts';
import { readPages } from './watch/pages.ts';
import { Watchdog } from './watch/watchdog.ts';

export type { Failure } from './watch/failure.ts';
export type { Consumer } from './watch/mirror.ts';

export interface ReflectorOptions<T> extends Omit<MirrorOptions<T>, 'failed'> {
  readonly cluster: Pick<Cluster, 'watch' | 'page'>;
  readonly place: Place;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Called for what goes wrong; the reflector goes on by itself. */
  readonly failed?: (failure: Failure) => void;
  /** Every agent's history ends at once when a schema changes: lists are spread over this time. Default 5 s. */
  readonly relistJitterMs?: number;
  readonly clock?: Clock;
}

/** Bookmarks come every minute, also when nothing happens. */
const SILENCE_MS = 90_000;
const SHORT_MS = 1_000;
/** A server, or what is in between, that ends watches sooner than this is not hurried. */
const HASTY_MS = 30_000;

interface Watched {
  readonly livedMs: number;
  readonly askedMs: number;
  readonly events: number;
}

/**
 * Keeps a consumer as the server is.
 *
 * - A whole set first: streamed, where the server refuses that by pages. Half a set is never passed on.
 * - Then changes, from where the set ended; a lost connection is resumed there, if the server has come so far.
 * - A history that is gone (410), an ERROR event, or versions that went back: a whole set again.
 * - Everything else that fails is tried again after 0.8 to 30 s.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Of lists that the server asks for by an answer: that it was away before is no reason to wait. */
  readonly #relisting: Backoff;
  readonly #mirror: Mirror<T>;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #mustList = true;
  /** How the next whole set is asked for. */
  #paged = false;
  #streamingRefused = false;
  /** The last watch was broken off: the server may be another one, or restored from a backup. */
  #doubtful = false;
  #synced = false;
  #failure: Failure | undefined;
  #restarts = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    this.#backoff = new Backoff(this.#clock);
    this.#relisting = new Backoff(this.#clock);
    this.#mirror = new Mirror({ ...options, failed: failure => this.#tell(failure) });
  }

  /** Whether the consumer was given a whole set. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  /** The watermark: the consumer has everything up to here. Goes back only where the server did. */
  get resourceVersion(): string | undefined {
    return this.#mirror.resourceVersion;
  }

  /** What keeps the consumer from being up to date now. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Lists and watches begun after the first. */
  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    if (this.#running !== undefined) throw new Error('Cannot start a reflector: it was started before');
    this.#running = this.#run();
  }

  /** Nothing is told any more from here on; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const stop = this.#stopped.signal;
    while (!stop.aborted) {
      const wait = await this.#round();
      if (wait > 0) await this.#clock.sleep(wait, stop);
      this.#restarts++;
    }
  }

  /** One list, watch, or both in one stream; answers how long to wait before the next. */
  async #round(): Promise<number> {
    try {
      if (this.#mustList && this.#paged) await this.#listPages();
      return this.#ended(await this.#follow());
    } catch (error) {
      return this.#failed(asError(error));
    } finally {
      this.#mirror.abandon();
    }
  }

  /** A watch that ended as watches do, or too soon. */
  #ended({ livedMs, askedMs, events }: Watched): number {
    this.#doubtful = livedMs < askedMs;
    if (this.#mustList)
      return this.#failed(new Error('Cannot list: the stream ended before the set was complete'));
    if (livedMs < SHORT_MS && events === 0)
      return this.#failed(new Error(`Cannot watch: the server ended it after ${Math.round(livedMs)} ms`));
    return livedMs < HASTY_MS ? this.#backoff.next() : 0;
  }

  #failed(error: Error): number {
    if (this.#stopped.signal.aborted) return 0;
    const doing = this.#mustList ? 'list' : 'watch';
    this.#doubtful = true;
    if (this.#mustList && !this.#paged && refusesStreaming(error)) {
      this.#paged = true;
      this.#streamingRefused = true;
      return 0;
    }
    // What is in between may let a list through, or a stream: one after the other.
    if (this.#mustList) this.#paged = this.#streamingRefused || !this.#paged;
    const relists = !this.#mustList && needsList(error);
    if (relists) this.#mustList = true;
    const jitter = relists ? this.#clock.random() * (this.#options.relistJitterMs ?? 5_000) : 0;
    const asked = retryAfterOf(error) * (1 + this.#clock.random() / 2);
    const backoff = relists ? this.#relisting : this.#backoff;
    const retryInMs = Math.max(backoff.next(), asked) + jitter;
    this.#failure = { doing, error, retryInMs };
    this.#tell(this.#failure);
    return retryInMs;
  }

  async #listPages(): Promise<void> {
    const { cluster, place } = this.#options;
    const paging = { cluster, place, query: this.#selectors(), signal: this.#stopped.signal };
    this.#mirror.begin();
    this.#complete(await readPages(paging, object => this.#mirror.put(object)));
  }

  /** Reads a watch to its end. */
  async #follow(): Promise<Watched> {
    const { cluster, place } = this.#options;
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    const watchdog = new Watchdog(this.#clock, SILENCE_MS);
    let silent = false;
    this.#stopped.signal.addEventListener('abort', stop);
    if (this.#stopped.signal.aborted) stop();
    try {
      if (this.#mustList) this.#mirror.begin();
      const query = this.#watchQuery();
      const chunks = await cluster.watch(place, query, ending.signal);
      if (!this.#mustList && this.#doubtful) await this.#verify(ending.signal);
      watchdog.alive();
      watchdog.guard(() => {
        silent = true;
        ending.abort();
      });
      return { ...(await this.#read(chunks, watchdog)), askedMs: query.timeoutSeconds * 1000 };
    } catch (error) {
      throw silent ? new Error(`Cannot watch: nothing was heard for ${SILENCE_MS / 1000} s`) : error;
    } finally {
      watchdog.end();
      this.#stopped.signal.removeEventListener('abort', stop);
      ending.abort();
    }
  }

  /**
   * A watch from a version that the server has not reached is accepted, and tells nothing until it has (1.36): a server
   * that was restored from a backup would not be noticed. One small list, from etcd, tells where the server is.
   */
  async #verify(signal: AbortSignal): Promise<void> {
    const { cluster, place } = this.#options;
    try {
      const { resourceVersion } = await cluster.page(place, { limit: 1 }, { signal, attempts: 1 });
      this.#mirror.verify(resourceVersion);
    } catch (error) {
      // Who may watch, but not list everything, cannot know
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
    }
    this.#doubtful = false;
  }

  async #read(
    chunks: AsyncIterable<Uint8Array>,
    watchdog: Watchdog,
  ): Promise<Pick<Watched, 'livedMs' | 'events'>> {
    const began = this.#clock.now();
    let events = 0;
    await readEvents(
      chunks,
      () => watchdog.alive(),
      event => {
        if (this.#stopped.signal.aborted) return;
        if (event.kind !== 'error') events++;
        this.#take(event);
      },
    );
    return { events, livedMs: this.#clock.now() - began };
  }

  #take(event: WatchEvent): void {
    if (event.kind === 'error') throw this.#streamed(event);
    if (!this.#mirror.incomplete) this.#mirror.advance(event.resourceVersion);
    if (event.kind === 'put') this.#mirror.put(event.object);
    if (event.kind === 'delete') this.#mirror.delete(event.object);
    if (this.#mirror.incomplete && event.kind === 'bookmark' && !event.initialEventsEnd)
      throw new Error('Cannot list: the server watches where it was asked for a stream of what is');
    if (this.#mirror.incomplete && event.kind === 'bookmark' && event.initialEventsEnd)
      this.#complete(event.resourceVersion);
    if (!this.#mirror.incomplete) this.#failure = undefined;
  }

  #complete(resourceVersion: string): void {
    this.#mirror.complete(resourceVersion);
    this.#mustList = false;
    this.#doubtful = false;
    this.#paged = this.#streamingRefused;
    this.#synced = true;
    this.#failure = undefined;
  }

  #streamed({ refusal }: WatchEvent & { kind: 'error' }): StreamedError {
    const text = `Cannot watch: the server ended it with ${refusal.status} ${refusal.reason}, ${refusal.message}`;
    return new StreamedError(text, refusal.status, refusal.retryAfter);
  }

  #watchQuery(): Query & { readonly timeoutSeconds: number } {
    const timeoutSeconds = 300 + Math.floor(this.#clock.random() * 301);
    const query = { ...this.#selectors(), allowWatchBookmarks: true, timeoutSeconds };
    if (!this.#mustList) return { ...query, resourceVersion: this.#mirror.resourceVersion };
    return { ...query, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
  }

  #selectors(): Query {
    return { fieldSelector: this.#options.fieldSelector, labelSelector: this.#options.labelSelector };
  }

  #tell(failure: Failure): void {
    if (this.#stopped.signal.aborted) return;
    try {
      this.#options.failed?.(failure);
    } catch {
      // Whoever is told of failures and fails has nobody left to be told.
    }
  }
}
