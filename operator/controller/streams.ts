import type { World } from '../core/status/old/clusterstate.ts';
import type { Cluster, KubeObject, ResourceRef } from '../kube/client.ts';
import { Reflector, type StreamFailure } from '../kube/reflector.ts';
import { INNER_MAPS, NODE_MAP_STATES, NODES, OUTER_MAPS, PODS } from '../kube/resources.ts';
import { RestoreDetection } from '../kube/watch/restoredetection.ts';
import type { Clock } from '../timing/clock.ts';
import type { Inbox } from './changes.ts';
import { layoutIn } from './contents.ts';
import { innerFacts } from './facts/innermap.ts';
import { nodeFacts, podFacts } from './facts/node.ts';
import { stateFacts } from './facts/nodemapstate.ts';
import { outerFacts } from './facts/outermap.ts';
import { Feed, type Intake } from './feed.ts';
import type { Intakes } from './intakes.ts';

export interface StreamsOptions {
  readonly world: World;
  readonly cluster: Pick<Cluster, 'watch' | 'page'>;
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly intakes: Intakes;
  /** Where the agents' Pods are. */
  readonly namespace: string;
  readonly agentSelector: string;
  readonly relistJitterMs?: number;
  /** A stream notices that the server was restored. */
  readonly noticed: (stream: string, resourceVersion: string) => void;
  readonly failed: (stream: string, failure: StreamFailure) => void;
}

interface Stream {
  readonly feed: Pick<Feed<unknown>, 'hasSynced'>;
  readonly reflector: Pick<Reflector<unknown>, 'start' | 'stop' | 'restarts'>;
}

/** What the controller watches: five kinds, each brought down to the little that is kept. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #outerMaps: Stream;
  readonly #innerMaps: Stream;
  readonly #others: readonly Stream[];
  readonly #history = new RestoreDetection();
  #isWatchingInners = false;

  constructor(options: StreamsOptions) {
    const { intakes, world, clock, namespace, agentSelector } = options;
    this.#options = options;
    this.#outerMaps = this.#stream({ resource: OUTER_MAPS }, intakes.outerMaps, (object, isKnown) =>
      outerFacts(object, isKnown ? world.outers.get(object.metadata.name)?.facts : undefined),
    );
    const layoutOf = (outer: string) => layoutIn(world, outer);
    this.#innerMaps = this.#stream({ resource: INNER_MAPS }, intakes.innerMaps, (object, isKnown) => {
      const { namespace: team = '', name } = object.metadata;
      const known = isKnown ? world.inners.get(`${team}/${name}`)?.facts : undefined;
      return innerFacts(object, { known, layoutOf });
    });
    const pods: ResourceRef = { resource: PODS, namespace };
    this.#others = [
      this.#stream({ resource: NODE_MAP_STATES }, intakes.states, stateFacts),
      this.#stream({ resource: NODES }, intakes.nodes, object =>
        nodeFacts(object, world.nodes.get(object.metadata.name)?.facts, clock),
      ),
      this.#stream(pods, intakes.pods, object => podFacts(object, clock), agentSelector),
    ];
  }

  get hasSynced(): boolean {
    return this.#all.every(({ feed }) => feed.hasSynced);
  }

  /** Whether everything is there, and of one time: what one stream has missed, none of the others tells. */
  mayBeJudged(now: number): boolean {
    return this.hasSynced && this.#history.isCertain(now);
  }

  /** Lists and watches begun after the first. */
  get restarts(): number {
    return this.#all.reduce((sum, { reflector }) => sum + reflector.restarts, 0);
  }

  start(): void {
    this.#outerMaps.reflector.start();
    for (const { reflector } of this.#others) reflector.start();
  }

  /** InnerMaps come when the OuterMaps are there: their contents are read once, by the layouts. */
  advance(): void {
    if (this.#isWatchingInners || !this.#outerMaps.feed.hasSynced) return;
    this.#isWatchingInners = true;
    this.#innerMaps.reflector.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(({ reflector }) => reflector.stop()));
  }

  get #all(): readonly Stream[] {
    return [this.#outerMaps, this.#innerMaps, ...this.#others];
  }

  #stream<T>(
    place: ResourceRef,
    intake: Intake<T>,
    read: (object: KubeObject, isKnown: boolean) => T,
    labelSelector?: string,
  ): Stream {
    const { cluster, clock, inbox, noticed, failed, relistJitterMs } = this.#options;
    const feed = new Feed<T>({ intake, inbox, noticed });
    const reflector = new Reflector<T>({
      ...{ cluster, place, clock, consumer: feed },
      transform: object => read(object, !feed.isSuspicious),
      ...{ resumes: false, history: this.#history, undone: (version: string) => feed.undone(version) },
      failed: failure => failed(intake.kind, failure),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(relistJitterMs === undefined ? {} : { relistJitterMs }),
    });
    return { feed, reflector };
  }
}
