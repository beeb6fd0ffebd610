import { releasesIn } from '../../api/metadata.ts';
import type { NodeMapStateStatus } from '../../api/status.ts';
import { isNews, settled } from '../../core/report/news.ts';
import type { Report } from '../../core/report/report.ts';
import { ApiError, type Cluster, type KubeObject } from '../../kube/client.ts';
import { Reflector, type StreamFailure } from '../../kube/reflector.ts';
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
  /** Of all streams of this process. */
  readonly history: RestoreDetection;
  readonly failed: (what: string, error: Error) => void;
}

export interface ClusterPublisher extends Publisher, Releases {
  /** What was told last, as the server has it. */
  readonly told: NodeMapStateStatus | undefined;
  /** Milliseconds for which something has waited to be told; 0 where nothing does. */
  readonly waitingMs: number;
  /** Tells what is left to tell, as far as that takes no longer than 2 s. */
  close(): Promise<void>;
}

/** Between two writes. */
const WRITE_EVERY_MS = 1_000;
/** Whatever is to be told wakes the writer: it looks by itself now and then. */
const LOOK_EVERY_MS = 60_000;
const CLOSING_MS = 2_000;

/** Writes the NodeMapState of one node: when it says something new, at most once a second, and never in a turn's way. */
export function clusterPublisher(options: ClusterPublisherOptions): ClusterPublisher {
  return new NodeStates(options);
}

/** Tokens that somebody has written on the node's state, for removals that are held. */
export interface Releases {
  readonly releases: readonly string[];
  onRelease(released: () => void): void;
}

interface Known {
  readonly object: KubeObject;
  readonly status: NodeMapStateStatus | undefined;
}

class NodeStates implements ClusterPublisher {
  readonly #options: ClusterPublisherOptions;
  readonly #clock: Clock;
  readonly #store = new Store<Known>();
  readonly #reflector: Reflector<Known>;
  readonly #backoff: Backoff;
  readonly #closed = new AbortController();
  readonly #trigger = new Trigger();
  readonly #writing: Promise<void>;
  #report: Report | undefined;
  #waitsSince: number | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** What the last write answered: the stream tells it a moment later. */
  #answered: Known | undefined;
  #sent: NodeMapStateStatus | undefined;
  #releases: readonly string[] = [];
  #released = (): void => {};

  constructor(options: ClusterPublisherOptions) {
    const { cluster, clock, node, relistJitterMs, history, failed } = options;
    this.#options = options;
    this.#clock = clock;
    this.#backoff = new Backoff(clock);
    this.#reflector = new Reflector<Known>({
      ...{ cluster, clock, relistJitterMs, history, consumer: this.#store },
      ref: { resource: NODE_MAP_STATES },
      fieldSelector: `metadata.name=${node}`,
      transform: object => ({ object, status: statusIn(object) }),
      // Answered by a server that has forgotten it
      undone: () => {
        this.#answered = undefined;
      },
      failed: (failure: StreamFailure) => failed('NodeMapState', failure.error),
    });
    this.#store.onChange(() => this.#changed());
    this.#reflector.start();
    this.#writing = this.#run();
  }

  get told(): NodeMapStateStatus | undefined {
    return this.#known()?.status;
  }

  get releases(): readonly string[] {
    return this.#releases;
  }

  onRelease(released: () => void): void {
    this.#released = released;
  }

  get waitingMs(): number {
    return this.#waitsSince === undefined ? 0 : this.#clock.now() - this.#waitsSince;
  }

  /** Never waits for the server: a turn has better things to do. */
  publish(report: Report): Promise<void> {
    this.#report = report;
    this.#trigger.fire();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const end = this.#clock.now() + CLOSING_MS;
    while (this.#restMs(this.#clock.now()) < Number.POSITIVE_INFINITY && this.#clock.now() < end)
      await this.#clock.sleep(20);
    this.#closed.abort();
    await Promise.all([this.#writing, this.#reflector.stop()]);
  }

  #changed(): void {
    const releases = releasesIn(this.#store.get(this.#options.node)?.object.metadata.annotations);
    const isSame = releases.join() === this.#releases.join();
    this.#releases = releases;
    if (!isSame) this.#released();
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

  /** Until the next write may go; for ever where there is no news. */
  #restMs(now: number): number {
    if (!this.#hasNews()) {
      this.#waitsSince = undefined;
      return Number.POSITIVE_INFINITY;
    }
    this.#waitsSince ??= now;
    return this.#mayTell(now)
      ? Math.max(0, this.#writtenAt + WRITE_EVERY_MS - now)
      : Number.POSITIVE_INFINITY;
  }

  /** What was made of objects that a restored server has undone must not be told as if it were of those that are there. */
  #mayTell(now: number): boolean {
    const { history } = this.#options;
    return this.#report?.epoch === history.epoch && history.isCertain(now);
  }

  /** Before the first look at what is there, nobody knows whether there is news. */
  #hasNews(): boolean {
    if (this.#report === undefined || !this.#reflector.hasSynced) return false;
    const { state, awaited } = this.#report;
    const known = this.#known();
    if (known !== undefined && isOfOther(known.object, state)) return true;
    return isNews(state, this.#toldBy(known), awaited);
  }

  /** What we sent, as long as nobody else wrote: a server with an older schema drops fields, and would be told for ever. */
  #toldBy(known: Known | undefined): NodeMapStateStatus | undefined {
    const version = known?.object.metadata.resourceVersion;
    return version !== undefined && version === this.#answered?.object.metadata.resourceVersion
      ? this.#sent
      : known?.status;
  }

  #known(): Known | undefined {
    const stored = this.#store.get(this.#options.node);
    const answered = this.#answered;
    if (answered === undefined || stored === undefined) return stored;
    const isNewer =
      Number(answered.object.metadata.resourceVersion) > Number(stored.object.metadata.resourceVersion);
    return isNewer && answered.object.metadata.uid === stored.object.metadata.uid ? answered : stored;
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
    const known = this.#known();
    // Tried again only as what is to be told then
    const call = { fieldManager: 'innermap-agent', force: true, signal: this.#closed.signal, attempts: 1 };
    const ref = nodeMapStateRef(node);
    if (known === undefined || isOfOther(known.object, state))
      await cluster.apply(ref, nodeMapState(node, state.node.uid), call);
    const told = settled(state, known?.status);
    const tell = () =>
      cluster.apply<KubeObject>(ref, nodeMapStateStatus(node, told), { ...call, subresource: 'status' });
    const object = await tell().catch(async error => {
      // Known, and gone: its stream will tell, but need not be waited for
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await cluster.apply(ref, nodeMapState(node, state.node.uid), call);
      return tell();
    });
    this.#answered = { object, status: statusIn(object) };
    this.#sent = told;
    if (this.#store.get(node) === undefined) this.#store.put(node, this.#answered);
  }
}

/** Made for a Node that was removed and added again since. */
function isOfOther({ metadata }: KubeObject, { node }: NodeMapStateStatus): boolean {
  const owners = (metadata as { readonly ownerReferences?: readonly { readonly uid?: string }[] })
    .ownerReferences;
  return node.uid !== undefined && owners?.some(({ uid }) => uid === node.uid) !== true;
}
