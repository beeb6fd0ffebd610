import { objectKey } from '../api/metadata.ts';
import type { ContentRoom } from '../core/bytes/contentroom.ts';
import type { OuterLayout } from '../core/layout/outer.ts';
import { compiledOf } from '../core/status/accepted.ts';
import type { ClusterState } from '../core/status/clusterrollup.ts';
import type { NodeFacts, NodeMapStateFacts, OuterFacts, PodFacts } from '../core/status/facts.ts';
import { onlyWatermarksAdvanced } from '../core/status/nodes/progress.ts';
import type { Cluster, KubeObject, ResourceRef } from '../kube/client.ts';
import { type CacheConsumer, Reflector, type StreamFailure } from '../kube/reflector.ts';
import { INNER_MAPS, NODE_MAP_STATES, NODES, OUTER_MAPS, PODS } from '../kube/resources.ts';
import { Store } from '../kube/store.ts';
import { RestoreDetection } from '../kube/watch/restoredetection.ts';
import type { Clock } from '../timing/clock.ts';
import { innerFacts } from './facts/innermap.ts';
import { nodeFacts, podFacts } from './facts/node.ts';
import { stateFacts } from './facts/nodemapstate.ts';
import { outerFacts } from './facts/outermap.ts';
import { InnerMapStore } from './innermapstore.ts';

/**
 * How soon a turn must follow a change. `now`: an InnerMap of a Ready OuterMap was deleted, and users check right after
 * a deletion. `later`: only watermarks advanced, which happens all the time.
 */
export type Urgency = 'now' | 'soon' | 'later';

export interface StreamsOptions {
  readonly cluster: Pick<Cluster, 'watch' | 'page'>;
  readonly clock: Clock;
  /** Namespace of the agents' Pods. */
  readonly namespace: string;
  readonly agentSelector: string;
  readonly relistJitterMs?: number;
  readonly room?: ContentRoom | undefined;
  readonly changed: (urgency: Urgency) => void;
  /** A stream found the server restored, at this resourceVersion. */
  readonly restored: (stream: string, resourceVersion: string) => void;
  readonly failed: (stream: string, failure: StreamFailure) => void;
}

interface Watched<T> {
  readonly kind: string;
  readonly ref: ResourceRef;
  readonly labelSelector?: string;
  readonly store: Store<T>;
  /** Receives the objects instead of the store, if given. */
  readonly consumer?: CacheConsumer<T>;
  /** `previous` is the object's entry in the store; undefined after a restoration. */
  readonly read: (object: KubeObject, previous: T | undefined) => T;
  /** Defaults to `soon`. */
  readonly urgency?: (before: T | undefined, after: T | undefined) => Urgency;
}

type Stream = Pick<Reflector<unknown>, 'start' | 'stop' | 'hasSynced' | 'restarts'>;

/** The controller's watches on five kinds. Each object is reduced to the facts that are kept. */
export class Streams {
  readonly innerMaps = new InnerMapStore();
  readonly outerMaps = new Store<OuterFacts>();
  readonly #states = new Store<NodeMapStateFacts>();
  readonly #nodes = new Store<NodeFacts>();
  readonly #pods = new Store<PodFacts>();
  readonly #options: StreamsOptions;
  readonly #restoreDetection = new RestoreDetection();
  readonly #outerMapStream: Stream;
  readonly #innerMapStream: Stream;
  readonly #others: readonly Stream[];
  #epoch = 0;
  #areInnerMapsWatched = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
    const { clock, namespace, agentSelector, room } = options;
    this.#outerMapStream = this.#stream({
      ...{ kind: 'OuterMap', ref: { resource: OUTER_MAPS }, store: this.outerMaps, read: outerFacts },
    });
    this.#innerMapStream = this.#stream({
      ...{ kind: 'InnerMap', ref: { resource: INNER_MAPS } },
      ...{ store: this.innerMaps.items, consumer: this.innerMaps },
      read: (object, previous) =>
        innerFacts(object, { previous, room, layoutOf: name => this.layoutOf(name) }),
      urgency: (before, after) => (after === undefined && this.#isReady(before?.outer) ? 'now' : 'soon'),
    });
    this.#others = [
      this.#stream<NodeMapStateFacts>({
        ...{ kind: 'NodeMapState', ref: { resource: NODE_MAP_STATES }, store: this.#states },
        ...{
          read: stateFacts,
          urgency: (before, after) => (onlyWatermarksAdvanced(before, after) ? 'later' : 'soon'),
        },
      }),
      this.#stream({
        ...{ kind: 'Node', ref: { resource: NODES }, store: this.#nodes },
        read: (object, previous) => nodeFacts(object, previous, clock),
      }),
      this.#stream<PodFacts>({
        ...{ kind: 'Pod', ref: { resource: PODS, namespace }, labelSelector: agentSelector },
        ...{ store: this.#pods, read: (object, previous) => podFacts(object, previous, clock) },
      }),
    ];
  }

  /** The current state of all streams. */
  snapshot(): ClusterState {
    const { items, deletions, listed } = this.innerMaps;
    return {
      ...{ nodes: this.#nodes.snapshot(), pods: this.#pods.snapshot(), states: this.#states.snapshot() },
      ...{ outers: this.outerMaps.snapshot(), inners: items.snapshot(), deletions, listed },
      epoch: this.#epoch,
    };
  }

  layoutOf(outerMap: string): OuterLayout | undefined {
    return compiledOf(this.outerMaps.get(outerMap))?.layout;
  }

  get hasSynced(): boolean {
    return this.#all.every(stream => stream.hasSynced);
  }

  /** Whether all streams are complete and of one history. One stream cannot detect events that another missed. */
  isConsistent(now: number): boolean {
    return this.hasSynced && this.#restoreDetection.isCertain(now);
  }

  /** Number of lists and watches started after the first. */
  get restarts(): number {
    return this.#all.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  start(): void {
    this.#outerMapStream.start();
    for (const stream of this.#others) stream.start();
  }

  /** Starts the InnerMaps' stream once the OuterMaps are listed: contents are then read once, with their layouts. */
  advance(): void {
    if (this.#areInnerMapsWatched || !this.#outerMapStream.hasSynced) return;
    this.#areInnerMapsWatched = true;
    this.#innerMapStream.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(stream => stream.stop()));
  }

  get #all(): readonly Stream[] {
    return [this.#outerMapStream, this.#innerMapStream, ...this.#others];
  }

  #isReady(outerMap = ''): boolean {
    return this.outerMaps.get(outerMap)?.written.ready?.status === 'True';
  }

  #stream<T>(watched: Watched<T>): Stream {
    const { cluster, clock, relistJitterMs, changed, restored, failed } = this.#options;
    const { kind, ref, labelSelector, store, consumer = store, read, urgency = () => 'soon' } = watched;
    let isRestored = false;
    return new Reflector<T>({
      ...{ cluster, ref, clock, resumes: false, restoreDetection: this.#restoreDetection },
      transform: object => read(object, isRestored ? undefined : store.get(objectKey(object.metadata))),
      onRestored: version => {
        isRestored = true;
        restored(kind, version);
      },
      consumer: {
        put: (key, item) => {
          if (store.get(key) === item) return;
          const level = urgency(store.get(key), item);
          consumer.put(key, item);
          changed(level);
        },
        remove: (key, version) => {
          const level = urgency(store.get(key), undefined);
          consumer.remove(key, version);
          changed(level);
        },
        replace: (items, version) => {
          if (isRestored) this.#forget(kind);
          isRestored = false;
          consumer.replace(items, version);
          changed('soon');
        },
      },
      failed: failure => failed(kind, failure),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(relistJitterMs === undefined ? {} : { relistJitterMs }),
    });
  }

  /** Discards memory of objects, because the server was restored to an older revision. */
  #forget(kind: string): void {
    this.#epoch++;
    if (kind === 'InnerMap') this.innerMaps.forget();
  }
}
