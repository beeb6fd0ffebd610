import { releasesIn } from '../../api/metadata.ts';
import { compareVersions } from '../../api/resourceversion.ts';
import type { NodeMapStateStatus } from '../../api/status.ts';
import { isNews, settled } from '../../core/report/news.ts';
import type { Report } from '../../core/report/report.ts';
import { ApiError, type Cluster, type KubeObject } from '../../kube/client.ts';
import { Reflector } from '../../kube/reflector.ts';
import { NODE_MAP_STATES, nodeMapStateRef } from '../../kube/resources.ts';
import { Store } from '../../kube/store.ts';
import type { RestoreDetection } from '../../kube/watch/restoredetection.ts';
import { Backoff } from '../../timing/backoff.ts';
import type { Clock } from '../../timing/clock.ts';
import { Trigger } from '../../timing/trigger.ts';
import type { Publisher } from '../publish.ts';
import { nodeMapState, nodeMapStateStatus, statusIn } from './object.ts';

export interface ClusterPublisherOptions {
  readonly cluster: Cluster;
  readonly node: string;
  readonly clock: Clock;
  readonly relistJitterMs: number;
  /** Shared by all streams of this process. */
  readonly restoreDetection: RestoreDetection;
  readonly failed: (what: string, error: Error) => void;
}

interface KnownState {
  readonly object: KubeObject;
  readonly status: NodeMapStateStatus | undefined;
}

/** Between two writes. */
const WRITE_EVERY_MS = 1_000;
/** News wake the writer: it looks by itself now and then. */
const LOOK_EVERY_MS = 60_000;
const CLOSING_MS = 2_000;

/** Writes the NodeMapState of one node when it has news, at most once a second, and never in the way of a turn. */
export class ClusterPublisher implements Publisher {
  readonly #options: ClusterPublisherOptions;
  readonly #clock: Clock;
  readonly #store = new Store<KnownState>();
  readonly #reflector: Reflector<KnownState>;
  readonly #backoff: Backoff;
  readonly #closed = new AbortController();
  readonly #trigger = new Trigger();
  readonly #writing: Promise<void>;
  #report: Report | undefined;
  #waitsSince: number | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** The answer to the last write, which the watch delivers a moment later, and the status that was sent. */
  #written: KnownState | undefined;
  #releases: readonly string[] = [];
  #released = (): void => {};

  constructor(options: ClusterPublisherOptions) {
    const { cluster, clock, node, relistJitterMs, restoreDetection, failed } = options;
    this.#options = options;
    this.#clock = clock;
    this.#backoff = new Backoff(clock);
    this.#reflector = new Reflector<KnownState>({
      ...{ cluster, clock, relistJitterMs, restoreDetection, consumer: this.#store },
      ref: { resource: NODE_MAP_STATES },
      fieldSelector: `metadata.name=${node}`,
      transform: object => ({ object, status: statusIn(object) }),
      // The restored server no longer has what it answered.
      onRestored: () => {
        this.#written = undefined;
      },
      failed: ({ error }) => failed('NodeMapState', error),
    });
    this.#store.onChange(() => this.#changed());
    this.#reflector.start();
    this.#writing = this.#run();
  }

  /** Tokens that somebody has written on the node's state, for removals that are held. */
  get releases(): readonly string[] {
    return this.#releases;
  }

  onRelease(released: () => void): void {
    this.#released = released;
  }

  /** Milliseconds for which news have waited to be written; 0 where there are none. */
  get waitingMs(): number {
    return this.#waitsSince === undefined ? 0 : this.#clock.now() - this.#waitsSince;
  }

  /** Does not wait for the server: a turn must not. */
  publish(report: Report): Promise<void> {
    this.#report = report;
    this.#trigger.fire();
    return Promise.resolve();
  }

  /** Writes the last news, for at most 2 s. */
  async close(): Promise<void> {
    const end = this.#clock.now() + CLOSING_MS;
    while (this.#restMs(this.#clock.now()) < Number.POSITIVE_INFINITY && this.#clock.now() < end)
      await this.#clock.sleep(20);
    this.#closed.abort();
    await Promise.all([this.#writing, this.#reflector.stop()]);
  }

  #changed(): void {
    const releases = releasesIn(this.#store.get(this.#options.node)?.object.metadata.annotations);
    const isChanged = releases.join() !== this.#releases.join();
    this.#releases = releases;
    if (isChanged) this.#released();
    this.#trigger.fire();
  }

  async #run(): Promise<void> {
    const stop = this.#closed.signal;
    while (!stop.aborted) {
      const rest = this.#restMs(this.#clock.now());
      if (rest === 0) await this.#attempt();
      else await this.#trigger.wait(this.#clock, Math.min(rest, LOOK_EVERY_MS), stop);
    }
  }

  /** Until the next write; infinite where there are no news, or they may not be published yet. */
  #restMs(now: number): number {
    if (!this.#hasNews()) {
      this.#waitsSince = undefined;
      return Number.POSITIVE_INFINITY;
    }
    this.#waitsSince ??= now;
    return this.#mayPublish(now)
      ? Math.max(0, this.#writtenAt + WRITE_EVERY_MS - now)
      : Number.POSITIVE_INFINITY;
  }

  /** A state that was made of objects which a restored server no longer has must not pass for one of those that it has. */
  #mayPublish(now: number): boolean {
    const { restoreDetection } = this.#options;
    return this.#report?.epoch === restoreDetection.epoch && restoreDetection.isCertain(now);
  }

  /** Before the first list it is unknown whether the report has news. */
  #hasNews(): boolean {
    if (this.#report === undefined || !this.#reflector.hasSynced) return false;
    const { state, awaited } = this.#report;
    const known = this.#known();
    if (known !== undefined && isOfOther(known.object, state)) return true;
    return isNews(state, known?.status, awaited);
  }

  /**
   * What was sent counts as the status, unless somebody else wrote since: a server with an older schema drops fields,
   * which would be news for ever.
   */
  #known(): KnownState | undefined {
    const stored = this.#store.get(this.#options.node);
    const written = this.#written;
    if (written === undefined || stored === undefined) return stored;
    const [{ uid, resourceVersion = '' }, other] = [written.object.metadata, stored.object.metadata];
    const isCurrent = compareVersions(resourceVersion, other.resourceVersion ?? '') >= 0;
    return isCurrent && uid === other.uid ? written : stored;
  }

  async #attempt(): Promise<void> {
    this.#writtenAt = this.#clock.now();
    try {
      await this.#write(this.#report!.state);
      this.#backoff.reset();
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.#options.failed('NodeMapState', error as Error);
      await this.#clock.sleep(this.#backoff.next(), this.#closed.signal);
    }
  }

  async #write(state: NodeMapStateStatus): Promise<void> {
    const { cluster, node } = this.#options;
    const ref = nodeMapStateRef(node);
    const known = this.#known();
    // One attempt each: the next one writes what is news by then.
    const call = { fieldManager: 'innermap-agent', force: true, signal: this.#closed.signal, attempts: 1 };
    const status = settled(state, known?.status);
    const make = () => cluster.apply(ref, nodeMapState(node, state.node.uid), call);
    const write = () =>
      cluster.apply<KubeObject>({ ...ref, subresource: 'status' }, nodeMapStateStatus(node, status), call);
    if (known === undefined || isOfOther(known.object, state)) await make();
    const object = await write().catch(async error => {
      // The object is gone: it is made again without waiting for the watch to report that.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await make();
      return write();
    });
    this.#written = { object, status };
    if (this.#store.get(node) === undefined) this.#store.put(node, this.#written);
  }
}

/** Made for a Node that was removed and added again since. */
function isOfOther({ metadata }: KubeObject, { node }: NodeMapStateStatus): boolean {
  const owners = (metadata as { readonly ownerReferences?: readonly { readonly uid?: string }[] })
    .ownerReferences;
  return node.uid !== undefined && owners?.some(({ uid }) => uid === node.uid) !== true;
}
