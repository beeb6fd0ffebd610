import type { OuterMap } from '../../api/outermap.ts';
import { selects } from '../../api/selector.ts';
import type { CountedRoom } from '../../core/bytes/contentroom.ts';
import { compileOuterMap } from '../../core/desired/compile.ts';
import { sameItems } from '../../core/items.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { ClusterNode, Wanted, WantedInner } from '../../core/wanted.ts';
import type { KubeObject, Resource } from '../../kube/client.ts';
import { Reflector } from '../../kube/reflector.ts';
import { NODES, OUTER_MAPS } from '../../kube/resources.ts';
import { Store } from '../../kube/store.ts';
import { Trigger } from '../../timing/trigger.ts';
import type { Source } from '../source.ts';
import { type Arrived, Inners, type InnersReading, type StreamOptions } from './inners.ts';
import { NamespaceRooms } from './namespacerooms.ts';
import { type OuterReading, outerReading } from './outers.ts';

export interface ClusterSourceOptions extends StreamOptions {
  readonly node: string;
  readonly possibleCpus: number;
  /** For the contents of all InnerMaps. */
  readonly room: CountedRoom;
  /** Tokens for removals that are held on this node; those of an OuterMap are among its annotations. */
  readonly releases: () => readonly string[];
}

interface WantedStream {
  /** Another one needs another stream. */
  readonly mark: string;
  readonly layout: OuterLayout;
  readonly maxNamespaceBytes: number | undefined;
}

interface InnersStream extends Pick<WantedStream, 'mark'> {
  readonly rooms: NamespaceRooms<Arrived>;
  readonly stream: Inners;
}

/** The first read waits this long for all sets, then returns those that are there, as incomplete. */
const PATIENCE_MS = 10_000;

export interface ClusterSource extends Source {
  /** Reports that the result of an option has changed. */
  changed(): void;
  /** Lists and watches begun anew since the start. */
  readonly restarts: number;
  readonly hasSynced: boolean;
}

/**
 * The wanted objects of a cluster on one node: its Node, the OuterMaps, and one stream of InnerMaps for each OuterMap that
 * selects the node.
 */
export function clusterSource(options: ClusterSourceOptions): ClusterSource {
  return new Streams(options);
}

class Streams implements ClusterSource {
  readonly #options: ClusterSourceOptions;
  readonly #outerMaps = new Store<OuterReading>();
  readonly #nodes = new Store<ClusterNode>();
  readonly #fixed: readonly Reflector<unknown>[];
  readonly #inners = new Map<string, InnersStream>();
  readonly #listeners: (() => void)[] = [];
  readonly #closed = new AbortController();
  readonly #trigger = new Trigger();
  #wasRead = false;
  #endedRestarts = 0;
  #last: Wanted | undefined;
  #lastSets: readonly unknown[] = [];

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    const named = `metadata.name=${options.node}`;
    this.#fixed = [
      this.#reflector(OUTER_MAPS, this.#outerMaps, object => this.#outerReading(object)),
      this.#reflector(NODES, this.#nodes, object => clusterNode(object, this.#node()), named),
    ];
    for (const store of [this.#outerMaps, this.#nodes])
      store.onChange(() => {
        this.#follow();
        this.changed();
      });
    options.restoreDetection.onCertain(() => this.changed());
    for (const reflector of this.#fixed) reflector.start();
  }

  get restarts(): number {
    return this.#streams().reduce((sum, { restarts }) => sum + restarts, this.#endedRestarts);
  }

  get hasSynced(): boolean {
    return this.#isComplete && [...this.#inners.values()].every(({ stream }) => stream.hasSynced);
  }

  async read(): Promise<Wanted> {
    if (this.#closed.signal.aborted) throw new Error('Cannot read the cluster: closed');
    this.#follow();
    if (!this.#wasRead) await this.#firstSync();
    this.#wasRead = true;
    const { epoch } = this.#options.restoreDetection;
    const readings = new Map<string, InnersReading>();
    for (const [name, { stream }] of this.#inners) readings.set(name, await stream.read());
    return this.#assembled(readings, epoch);
  }

  onChange(changed: () => void): void {
    this.#listeners.push(changed);
  }

  changed(): void {
    this.#trigger.fire();
    for (const listener of this.#listeners) listener();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#streams().map(each => each.stop()));
  }

  get #isComplete(): boolean {
    return this.#outerMaps.hasSynced && this.#nodes.hasSynced && this.#nodes.size === 1;
  }

  #streams(): readonly Pick<Inners, 'restarts' | 'stop'>[] {
    return [...this.#fixed, ...[...this.#inners.values()].map(({ stream }) => stream)];
  }

  #reflector<T>(
    resource: Resource,
    consumer: Store<T>,
    transform: (object: KubeObject) => T,
    fieldSelector?: string,
  ): Reflector<unknown> {
    const { cluster, clock, relistJitterMs, restoreDetection, failed } = this.#options;
    return new Reflector<T>({
      ...{ cluster, clock, relistJitterMs, restoreDetection, ref: { resource }, consumer, transform },
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      failed: failure => failed(resource.plural, failure),
    });
  }

  /** Every node must reach the version of the last deletion before the OuterMap is ready again. */
  #outerReading(object: KubeObject): OuterReading {
    const { name } = object.metadata;
    this.#inners.get(name)?.stream.awaits(object, 'deletionResourceVersion');
    return outerReading(object, this.#outerMaps.get(name));
  }

  /** One stream for each OuterMap that selects this node; another layout needs another encoding, so another stream. */
  #follow(): void {
    const node = this.#node();
    if (node === undefined || this.#closed.signal.aborted) return;
    const wanted = new Map<string, WantedStream>();
    for (const [name, { outerMap }] of this.#outerMaps.snapshot()) {
      if (outerMap === undefined || !selects(outerMap.spec.nodeSelector, node.labels)) continue;
      const compiled = compileOuterMap(outerMap);
      if (typeof compiled === 'string') continue;
      const { layout } = compiled;
      const { maxNamespaceBytes } = outerMap.spec;
      wanted.set(name, { mark: `${outerMap.metadata.uid} ${layout.digest}`, layout, maxNamespaceBytes });
    }
    for (const [name, { mark, stream }] of this.#inners)
      if (wanted.get(name)?.mark !== mark) this.#end(name, stream);
    for (const [name, each] of wanted) {
      if (!this.#inners.has(name)) this.#begin(name, each, new NamespaceRooms());
      this.#inners.get(name)!.stream.limit(each.maxNamespaceBytes);
    }
    this.#readRefused(wanted);
  }

  /** One stream at a time: the room that it gives back until its list is complete is its own. */
  #readRefused(wanted: ReadonlyMap<string, WantedStream>): void {
    if (!this.hasSynced) return;
    for (const [name, { stream, rooms }] of this.#inners) {
      if (!stream.hasRoom) continue;
      this.#end(name, stream);
      // What the list has first would take the namespaces' rooms again otherwise, and be listed anew for ever
      this.#begin(name, wanted.get(name)!, rooms);
      return;
    }
  }

  #begin(outerMap: string, { mark, layout }: WantedStream, rooms: NamespaceRooms<Arrived>): void {
    const options = { ...this.#options, outerMap, layout, rooms, changed: () => this.changed() };
    this.#inners.set(outerMap, { mark, rooms, stream: new Inners(options) });
  }

  #end(name: string, stream: Inners): void {
    this.#inners.delete(name);
    this.#endedRestarts += stream.restarts;
    void stream.stop();
  }

  /** A Node that is deleted while its agent runs keeps its last labels; nothing is removed meanwhile. */
  #node(): ClusterNode | undefined {
    return this.#nodes.get(this.#options.node) ?? this.#last?.node;
  }

  /** Resolves when all sets are there, or the patience ends. */
  async #firstSync(): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + PATIENCE_MS;
    while (!this.hasSynced && clock.now() < end && !this.#closed.signal.aborted)
      await this.#trigger.wait(clock, end - clock.now(), this.#closed.signal);
  }

  /** The sets are the same arrays while none of them changed. */
  #assembled(readings: ReadonlyMap<string, InnersReading>, epoch: number): Wanted {
    const outers = this.#outerMaps.snapshot();
    const node = this.#node();
    const inners = [...readings.values()].map(reading => reading.inners);
    const sets = [outers, node, ...inners];
    const last = sameItems(sets, this.#lastSets) ? this.#last : undefined;
    const unreadable = [...outers].filter(([, { problem }]) => problem !== undefined);
    this.#lastSets = sets;
    this.#last = {
      outerMaps: last?.outerMaps ?? readable(outers),
      innerMaps: last?.innerMaps ?? ([] as WantedInner[]).concat(...inners),
      complete: this.#isComplete,
      refusals: [
        ...unreadable.map(([name, { problem = '' }]) => ({ origin: `OuterMap ${name}`, message: problem })),
        ...this.#missingNode(),
      ],
      releases: this.#options.releases(),
      unsettled: new Set([...readings].filter(([, { settled }]) => !settled).map(([name]) => name)),
      unreadable: new Set(unreadable.map(([name]) => name)),
      watermarks: new Map(
        [...readings].flatMap(([name, { watermark }]) => (watermark ? [[name, watermark]] : [])),
      ),
      epoch,
      ...(node === undefined ? {} : { node }),
    };
    return this.#last;
  }

  #missingNode(): Wanted['refusals'] {
    if (!this.#nodes.hasSynced || this.#nodes.size > 0) return [];
    const message = 'is not in the cluster: name the node that this agent runs on with --node';
    return [{ origin: `Node ${this.#options.node}`, message }];
  }
}

function readable(outers: ReadonlyMap<string, OuterReading>): readonly OuterMap[] {
  return [...outers.values()].flatMap(({ outerMap }) => outerMap ?? []);
}

/** A Node is written every few seconds or minutes: `known` is the result while uid and labels stay. */
function clusterNode({ metadata }: KubeObject, known: ClusterNode | undefined): ClusterNode {
  const { uid = '', labels = {} } = metadata;
  const mark = (node: ClusterNode) => JSON.stringify([node.uid, Object.entries(node.labels).toSorted()]);
  const node = { uid, labels };
  return known !== undefined && mark(known) === mark(node) ? known : node;
}
