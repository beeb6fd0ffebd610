import { type Clock, REAL_CLOCK } from '../timing/clock.ts';
import type { Query, ResourceRef } from './client/resource.ts';
import { Linked } from './client/timed.ts';
import { ApiError, type Cluster } from './client.ts';
import { WatchCache, type WatchCacheOptions } from './watch/cache.ts';
import type { WatchEvent } from './watch/event.ts';
import { readEvents } from './watch/events.ts';
import { asError, RestoredError, StreamedError, type StreamFailure } from './watch/failure.ts';
import { readPages } from './watch/pages.ts';
import { type EndedWatch, RelistPolicy } from './watch/relistpolicy.ts';
import { type OnRestored, RestoreDetection, type StreamMembership } from './watch/restoredetection.ts';
import { Watchdog } from './watch/watchdog.ts';

export type { CacheConsumer } from './watch/cache.ts';
export type { StreamFailure } from './watch/failure.ts';

export interface ReflectorOptions<T> extends Omit<WatchCacheOptions<T>, 'failed'> {
  readonly cluster: Pick<Cluster, 'watch' | 'page'>;
  readonly ref: ResourceRef;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Called for what goes wrong; the reflector goes on by itself. */
  readonly failed?: (failure: StreamFailure) => void;
  /** Every agent's history ends at once when a schema changes: lists are spread over this time. Default 5 s. */
  readonly relistJitterMs?: number;
  /**
   * Whether a watch that was broken off is gone on with. Where not, everything is listed again: one process of a
   * cluster can afford it, and notices for certain what a restored server has undone. Default true.
   */
  readonly resumes?: boolean;
  /** Shared by the streams that read one server; default one of its own. */
  readonly history?: RestoreDetection;
  /** What was told is of a future that was undone: the whole set that comes next is another's. */
  readonly undone?: OnRestored;
  readonly clock?: Clock;
}

/** Bookmarks come every minute, also when nothing happens. */
const SILENCE_MS = 90_000;

/**
 * Keeps a consumer as the server is.
 *
 * - A whole set first: streamed, where the server refuses that by pages. Half a set is never passed on.
 * - Then changes, from where the set ended; a lost connection is resumed there, if the server still has what it told.
 * - A history that is gone (410), an ERROR event, or a server that was restored: a whole set again.
 * - Everything else that fails is tried again after 0.8 to 30 s.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #course: RelistPolicy;
  readonly #history: StreamMembership;
  readonly #mirror: WatchCache<T>;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  /** Ends what is under way. */
  #interrupt: OnRestored | undefined;
  /** Since the last whole set it was found, here or by another stream, that the server was restored. */
  #isUndone = false;
  #synced = false;
  #failure: StreamFailure | undefined;
  #restarts = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    const { relistJitterMs = 5_000, resumes = true, history = new RestoreDetection() } = options;
    this.#course = new RelistPolicy({ clock: this.#clock, relistJitterMs, resumes });
    this.#mirror = new WatchCache({ ...options, failed: failure => this.#tell(failure) });
    this.#history = history.join(version => this.#foundElsewhere(version));
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
  get failure(): StreamFailure | undefined {
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
    this.#history.leave();
  }

  /** One list, watch, or both in one stream; answers how long to wait before the next. */
  async #round(): Promise<number> {
    const ending = new Linked([this.#stopped.signal]);
    const because = 'Cannot go on: another stream found that the server was restored, listed again';
    this.#interrupt = version => ending.abort(new RestoredError(because, version));
    try {
      if (this.#course.byPages) await this.#listPages(ending.signal);
      return this.#ended(await this.#follow(ending));
    } catch (error) {
      return this.#failed(asError(ending.signal.aborted ? ending.signal.reason : error));
    } finally {
      this.#interrupt = undefined;
      ending.abort(undefined);
      ending.letGo();
      this.#mirror.abandon();
    }
  }

  #ended(watched: EndedWatch): number {
    const ending = this.#course.ended(watched);
    if (this.#course.isDoubtful) this.#broken();
    return typeof ending === 'number' ? ending : this.#failed(ending);
  }

  #failed(error: Error): number {
    if (this.#stopped.signal.aborted) return 0;
    if (error instanceof RestoredError) this.#restored(error);
    this.#broken();
    const setback = this.#course.failed(error);
    if (setback === undefined) return 0;
    this.#failure = { ...setback, error };
    this.#tell(this.#failure);
    return setback.retryInMs;
  }

  /** Before the first whole set nothing was told that could be doubted. */
  #broken(): void {
    if (this.#synced) this.#history.broken(this.#clock.now());
  }

  /** Found here: the other streams cannot go on either. */
  #restored({ resourceVersion }: RestoredError): void {
    if (this.#isUndone) return;
    this.#isUndone = true;
    this.#options.undone?.(resourceVersion);
    this.#history.undone(resourceVersion);
  }

  #foundElsewhere(resourceVersion: string): void {
    if (this.#isUndone || !this.#synced) return;
    this.#isUndone = true;
    this.#mirror.doubt();
    this.#broken();
    this.#options.undone?.(resourceVersion);
    if (this.#interrupt === undefined) this.#course.undone();
    else this.#interrupt(resourceVersion);
  }

  async #listPages(signal: AbortSignal): Promise<void> {
    const { cluster, ref } = this.#options;
    this.#mirror.begin();
    const paging = { cluster, ref, query: this.#selectors(), signal };
    const resourceVersion = await readPages(paging, object => this.#mirror.put(object));
    signal.throwIfAborted();
    this.#complete(resourceVersion);
  }

  /** Reads a watch to its end. */
  async #follow(ending: Linked): Promise<EndedWatch> {
    const { cluster, ref } = this.#options;
    const watchdog = new Watchdog(this.#clock, SILENCE_MS);
    try {
      if (this.#course.mustList) this.#mirror.begin();
      const query = this.#watchQuery();
      const chunks = await cluster.watch(ref, query, ending.signal);
      if (this.#course.mustVerify) await this.#verify(ending.signal);
      watchdog.alive();
      watchdog.guard(() =>
        ending.abort(new Error(`Cannot watch: nothing was heard for ${SILENCE_MS / 1000} s`)),
      );
      return { ...(await this.#read(chunks, watchdog)), askedMs: query.timeoutSeconds * 1000 };
    } finally {
      watchdog.end();
    }
  }

  /**
   * A watch from a version that the server has not reached is accepted, and tells nothing until it has (1.36): a server
   * that was restored from a backup would not be noticed. One small list, from etcd, tells where the server is, and
   * what the first object has become.
   */
  async #verify(signal: AbortSignal): Promise<void> {
    const { cluster, ref } = this.#options;
    try {
      const query = { ...this.#selectors(), limit: 1 };
      this.#mirror.verify(await cluster.page(ref, query, { signal, attempts: 1 }));
    } catch (error) {
      // Who may watch, but not list everything, cannot know
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
    }
    this.#course.verified();
    this.#history.certain();
  }

  async #read(
    chunks: AsyncIterable<Uint8Array>,
    watchdog: Watchdog,
  ): Promise<Pick<EndedWatch, 'livedMs' | 'events'>> {
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
    this.#course.completed();
    this.#isUndone = false;
    this.#history.certain();
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
    if (!this.#course.mustList) return { ...query, resourceVersion: this.#mirror.resourceVersion };
    return { ...query, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
  }

  #selectors(): Query {
    return { fieldSelector: this.#options.fieldSelector, labelSelector: this.#options.labelSelector };
  }

  #tell(failure: StreamFailure): void {
    if (this.#stopped.signal.aborted) return;
    try {
      this.#options.failed?.(failure);
    } catch {
      // Whoever is told of failures and fails has nobody left to be told.
    }
  }
}
