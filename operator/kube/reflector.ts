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
import { startWatchdog } from './watch/watchdog.ts';

export type { CacheConsumer } from './watch/cache.ts';
export type { StreamFailure } from './watch/failure.ts';

export interface ReflectorOptions<T> extends Omit<WatchCacheOptions<T>, 'failed'> {
  readonly cluster: Pick<Cluster, 'watch' | 'page'>;
  readonly ref: ResourceRef;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Called for each failure; the reflector continues by itself. */
  readonly failed?: (failure: StreamFailure) => void;
  /** A change of a schema ends the watches of all agents at once: their lists are spread over this time. Default 5 s. */
  readonly relistJitterMs?: number;
  /**
   * Whether an interrupted watch is resumed; otherwise everything is listed again. One process of a cluster can afford
   * the list, which reveals for certain that the server was restored. Default true.
   */
  readonly resumes?: boolean;
  /** Shared by the streams that read one server; default one of its own. */
  readonly restoreDetection?: RestoreDetection;
  /** The server was restored: the next `replace` of the consumer is of another history. */
  readonly onRestored?: OnRestored;
  readonly clock?: Clock;
}

/** Bookmarks arrive every minute, also when nothing happens. */
const SILENCE_MS = 90_000;

/**
 * Keeps a consumer equal to the server's objects.
 *
 * - It lists first: as a stream, or by pages where the server refuses streaming. An incomplete list is never passed on.
 * - Then it watches from the list's resourceVersion. An interrupted watch is resumed from the last resourceVersion.
 * - It lists again after 410, an ERROR event, or when the server was restored.
 * - It retries after every other failure, with a backoff of 0.8 to 30 s.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #relistPolicy: RelistPolicy;
  readonly #restoreDetection: StreamMembership;
  readonly #cache: WatchCache<T>;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  /** Ends the list or watch that is under way. */
  #ending: Linked | undefined;
  /** This stream or another found, since the last list, that the server was restored. */
  #isRestored = false;
  #restarts = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    const { relistJitterMs = 5_000, resumes = true, restoreDetection = new RestoreDetection() } = options;
    this.#relistPolicy = new RelistPolicy({ clock: this.#clock, relistJitterMs, resumes });
    this.#cache = new WatchCache({ ...options, failed: failure => this.#report(failure) });
    this.#restoreDetection = restoreDetection.join(version => this.#restoredElsewhere(version));
  }

  /** Whether the consumer has received a list. */
  get hasSynced(): boolean {
    return this.#cache.resourceVersion !== undefined;
  }

  /** client-go's lastSyncResourceVersion: the consumer has everything up to it. Decreases only where the server's does. */
  get resourceVersion(): string | undefined {
    return this.#cache.resourceVersion;
  }

  /** Lists and watches begun after the first. */
  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    if (this.#running !== undefined) throw new Error('Cannot start a reflector: it was started before');
    this.#running = this.#run();
  }

  /** Calls back no more from here on; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const stop = this.#stopped.signal;
    while (!stop.aborted) {
      const wait = await this.#listAndWatch();
      if (wait > 0) await this.#clock.sleep(wait, stop);
      this.#restarts++;
    }
    this.#restoreDetection.leave();
  }

  /** Lists, watches, or does both in one stream; returns how long to wait before the next time. */
  async #listAndWatch(): Promise<number> {
    const ending = new Linked([this.#stopped.signal]);
    this.#ending = ending;
    try {
      if (this.#relistPolicy.byPages) await this.#listPages(ending.signal);
      return this.#ended(await this.#watch(ending));
    } catch (error) {
      return this.#failed(asError(ending.signal.aborted ? ending.signal.reason : error));
    } finally {
      this.#ending = undefined;
      ending.abort(undefined);
      ending.release();
      this.#cache.abandonList();
    }
  }

  #ended(watch: EndedWatch): number {
    const wait = this.#relistPolicy.ended(watch);
    if (this.#relistPolicy.isInterrupted) this.#interrupted();
    return typeof wait === 'number' ? wait : this.#failed(wait);
  }

  #failed(error: Error): number {
    if (this.#stopped.signal.aborted) return 0;
    if (error instanceof RestoredError) this.#restored(error);
    this.#interrupted();
    const retry = this.#relistPolicy.failed(error);
    if (retry === undefined) return 0;
    this.#report({ ...retry, error });
    return retry.retryInMs;
  }

  /** Before the first list the consumer has nothing that another history could contradict. */
  #interrupted(): void {
    if (this.hasSynced) this.#restoreDetection.interrupted(this.#clock.now());
  }

  #restored({ resourceVersion }: RestoredError): void {
    if (this.#isRestored) return;
    this.#isRestored = true;
    this.#options.onRestored?.(resourceVersion);
    this.#restoreDetection.restored(resourceVersion);
  }

  #restoredElsewhere(resourceVersion: string): void {
    if (this.#isRestored || !this.hasSynced) return;
    this.#isRestored = true;
    this.#cache.distrust();
    this.#interrupted();
    this.#options.onRestored?.(resourceVersion);
    if (this.#ending === undefined) this.#relistPolicy.requireList();
    const because = 'Cannot go on: another stream found that the server was restored, listed again';
    this.#ending?.abort(new RestoredError(because, resourceVersion));
  }

  async #listPages(signal: AbortSignal): Promise<void> {
    const { cluster, ref } = this.#options;
    this.#cache.beginList();
    const paging = { cluster, ref, query: this.#selectors(), signal };
    const resourceVersion = await readPages(paging, object => this.#cache.put(object));
    signal.throwIfAborted();
    this.#listed(resourceVersion);
  }

  /** Reads a watch to its end. */
  async #watch(ending: Linked): Promise<EndedWatch> {
    const { cluster, ref } = this.#options;
    if (this.#relistPolicy.mustList) this.#cache.beginList();
    const query = this.#watchQuery();
    const chunks = await cluster.watch(ref, query, ending.signal);
    if (this.#relistPolicy.mustVerify) await this.#verify(ending.signal);
    const began = this.#clock.now();
    const watchdog = startWatchdog(this.#clock, SILENCE_MS, () =>
      ending.abort(new Error(`Cannot watch: nothing was heard for ${SILENCE_MS / 1000} s`)),
    );
    let events = 0;
    try {
      await readEvents(chunks, watchdog.alive, event => {
        if (this.#stopped.signal.aborted) return;
        if (event.kind !== 'error') events++;
        this.#process(event);
      });
    } finally {
      watchdog.end();
    }
    return { events, livedMs: this.#clock.now() - began, timeoutMs: query.timeoutSeconds * 1000 };
  }

  /**
   * Kubernetes (1.36) accepts a watch from a resourceVersion that it has not reached, and sends nothing until it has:
   * the watch alone does not reveal that the server was restored. A list of one object, from etcd, shows where the
   * server is and whether that object is as it was.
   */
  async #verify(signal: AbortSignal): Promise<void> {
    const { cluster, ref } = this.#options;
    try {
      const query = { ...this.#selectors(), limit: 1 };
      this.#cache.verify(await cluster.page(ref, query, { signal, attempts: 1 }));
    } catch (error) {
      // An account that may watch but not list cannot verify: its watch is resumed unverified.
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
    }
    this.#relistPolicy.verified();
    this.#restoreDetection.confirmed();
  }

  #process(event: WatchEvent): void {
    if (event.kind === 'error') throw new StreamedError(event.refusal);
    const { isListing } = this.#cache;
    if (!isListing) this.#cache.advance(event.resourceVersion);
    if (event.kind === 'put') this.#cache.put(event.object);
    else if (event.kind === 'delete') this.#cache.delete(event.object);
    else if (isListing && event.initialEventsEnd) this.#listed(event.resourceVersion);
    else if (isListing)
      throw new Error('Cannot list: the server watches where it was asked for a stream of what is');
  }

  #listed(resourceVersion: string): void {
    this.#cache.completeList(resourceVersion);
    this.#relistPolicy.listed();
    this.#isRestored = false;
    this.#restoreDetection.confirmed();
  }

  #watchQuery(): Query & { readonly timeoutSeconds: number } {
    const timeoutSeconds = 300 + Math.floor(this.#clock.random() * 301);
    const query = { ...this.#selectors(), allowWatchBookmarks: true, timeoutSeconds };
    if (!this.#relistPolicy.mustList) return { ...query, resourceVersion: this.#cache.resourceVersion };
    return { ...query, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
  }

  #selectors(): Query {
    return { fieldSelector: this.#options.fieldSelector, labelSelector: this.#options.labelSelector };
  }

  #report(failure: StreamFailure): void {
    if (this.#stopped.signal.aborted) return;
    try {
      this.#options.failed?.(failure);
    } catch {
      // A callback that throws must not end the stream, and there is nobody else to report it to.
    }
  }
}
