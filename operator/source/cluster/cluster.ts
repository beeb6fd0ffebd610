import type { OuterMap } from '../../api/outermap.ts';
import { selects } from '../../api/selector.ts';
import { compileOuterMap } from '../../core/desired/compile.ts';
import type { ClusterNode, Wanted, WantedInner, Watermark } from '../../core/wanted.ts';
import type { Cluster, KubeObject, Resource } from '../../kube/client.ts';
import { Reflector, type StreamFailure } from '../../kube/reflector.ts';
import { NODES, OUTER_MAPS } from '../../kube/resources.ts';
import { Store } from '../../kube/store.ts';
import type { RestoreDetection } from '../../kube/watch/restoredetection.ts';
import type { Clock } from '../../timing/clock.ts';
import { Trigger } from '../../timing/trigger.ts';
import type { Source } from '../source.ts';
import { Inners, type InnersReading, type StreamOptions } from './inners.ts';
import { NodeReader } from './node.ts';
import { OuterMapReader, type OuterReading } from './outers.ts';

export interface ClusterSourceOptions {
  readonly cluster: Cluster;
  readonly node: string;
  readonly possibleCpus: number;
  readonly clock: Clock;
  readonly relistJitterMs: number;
  /** Of all streams of this process. */
  readonly history: RestoreDetection;
  /** For removals that are held on this node; those that OuterMaps give are among what they declare. */
  readonly releases: () => readonly string[];
  /** A stream that is interrupted, or an object that cannot be read; it goes on by itself. */
  readonly failed: (what: string, failure: StreamFailure) => void;
}

/** A first read waits this long for everything, then answers what is there, as incomplete. */
const PATIENCE_MS = 10_000;

export interface ClusterSource extends Source {
  /** What is given as an option has changed. */
  changed(): void;
  /** Lists and watches begun anew since the start. */
  readonly restarts: number;
  readonly hasSynced: boolean;
}

/**
 * What a cluster's objects want on one node: its Node, the OuterMaps, and one stream of InnerMaps for each that selects
 * the node.
 */
export function clusterSource(options: ClusterSourceOptions): ClusterSource {
  return new Streams(options);
}

class Streams implements ClusterSource {
  readonly #options: ClusterSourceOptions;
  readonly #outerMaps = new Store<OuterReading>();
  readonly #nodes = new Store<ClusterNode>();
  readonly #fixed: readonly Reflector<unknown>[];
  readonly #inners = new Map<string, { readonly mark: string; readonly stream: Inners }>();
  readonly #listeners: (() => void)[] = [];
  readonly #closed = new AbortController();
  readonly #trigger = new Trigger();
  #wasRead = false;
  #endedRestarts = 0;
  #last: Wanted | undefined;
  #lastSets: readonly unknown[] = [];

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    const outerReader = new OuterMapReader(name => this.#outerMaps.get(name));
    const nodeReader = new NodeReader();
    const named = `metadata.name=${options.node}`;
    this.#fixed = [
      this.#reflector(OUTER_MAPS, this.#outerMaps, object => {
        this.#inners.get(object.metadata.name)?.stream.awaits(deletionIn(object));
        return outerReader.read(object);
      }),
      this.#reflector(NODES, this.#nodes, object => nodeReader.read(object), named),
    ];
    this.#outerMaps.onChange(() => this.#changed());
    this.#nodes.onChange(() => this.#changed());
    options.history.onCertain(() => this.#tell());
    for (const reflector of this.#fixed) reflector.start();
  }

  get restarts(): number {
    const streams = [...this.#fixed, ...[...this.#inners.values()].map(({ stream }) => stream)];
    return streams.reduce((sum, { restarts }) => sum + restarts, this.#endedRestarts);
  }

  get hasSynced(): boolean {
    return this.#isComplete && [...this.#inners.values()].every(({ stream }) => stream.hasSynced);
  }

  async read(): Promise<Wanted> {
    if (this.#closed.signal.aborted) throw new Error('Cannot read the cluster: closed');
    this.#follow();
    if (!this.#wasRead) await this.#firstSync();
    this.#wasRead = true;
    const { epoch } = this.#options.history;
    const readings = new Map<string, InnersReading>();
    for (const [name, { stream }] of this.#inners) readings.set(name, await stream.read());
    return this.#assembled(readings, epoch);
  }

  onChange(changed: () => void): void {
    this.#listeners.push(changed);
  }

  changed(): void {
    this.#tell();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const streams = [...this.#inners.values()].map(({ stream }) => stream);
    await Promise.all([...this.#fixed, ...streams].map(each => each.stop()));
  }

  get #isComplete(): boolean {
    return this.#outerMaps.hasSynced && this.#nodes.hasSynced && this.#nodes.size === 1;
  }

  #reflector<T>(
    resource: Resource,
    store: Store<T>,
    transform: (object: KubeObject) => T,
    fieldSelector?: string,
  ): Reflector<unknown> {
    const { cluster, clock, relistJitterMs, failed } = this.#options;
    return new Reflector<T>({
      ...{ cluster, clock, relistJitterMs, ref: { resource }, consumer: store, transform },
      ...{ history: this.#options.history },
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      failed: failure => failed(resource.plural, failure),
    });
  }

  #changed(): void {
    this.#follow();
    this.#tell();
  }

  #tell(): void {
    this.#trigger.fire();
    for (const listener of this.#listeners) listener();
  }

  /** One stream for each OuterMap that selects this node; another layout needs another encoding, so another stream. */
  #follow(): void {
    const wanted = new Map<string, { readonly mark: string; readonly outerMap: OuterMap }>();
    const node = this.#node();
    if (node === undefined || this.#closed.signal.aborted) return;
    for (const [name, { outerMap }] of this.#outerMaps.snapshot()) {
      if (outerMap === undefined) continue;
      const ground = compileOuterMap(outerMap);
      if (typeof ground === 'string' || !selects(outerMap.spec.nodeSelector, node.labels)) continue;
      wanted.set(name, { mark: `${outerMap.metadata.uid} ${ground.layout.digest}`, outerMap });
    }
    for (const [name, { mark, stream }] of this.#inners)
      if (wanted.get(name)?.mark !== mark) this.#end(name, stream);
    for (const [name, { mark, outerMap }] of wanted)
      if (!this.#inners.has(name)) this.#inners.set(name, { mark, stream: this.#begin(outerMap) });
  }

  #begin(outerMap: OuterMap): Inners {
    const ground = compileOuterMap(outerMap);
    if (typeof ground === 'string')
      throw new Error(`Cannot read InnerMaps of ${outerMap.metadata.name}: ${ground}`);
    const { possibleCpus } = this.#options;
    const { name } = outerMap.metadata;
    return new Inners({ ...this.#streamOptions(), possibleCpus, outerMap: name, layout: ground.layout });
  }

  #end(name: string, stream: Inners): void {
    this.#inners.delete(name);
    this.#endedRestarts += stream.restarts;
    void stream.stop();
  }

  #streamOptions(): StreamOptions {
    const { cluster, clock, relistJitterMs, history, failed } = this.#options;
    return { cluster, clock, relistJitterMs, history, failed, changed: () => this.#tell() };
  }

  /** A Node that is gone while its agent runs is known by its last labels; nothing is removed meanwhile. */
  #node(): ClusterNode | undefined {
    return this.#nodes.get(this.#options.node) ?? this.#last?.node;
  }

  /** Resolves when all is there that there is, or the patience ends. */
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
    const sets = [outers, node, ...[...readings.values()].map(({ inners }) => inners)];
    const same = sets.length === this.#lastSets.length && sets.every((set, at) => set === this.#lastSets[at]);
    const last = same ? this.#last : undefined;
    this.#lastSets = sets;
    this.#last = {
      outerMaps: last?.outerMaps ?? readable(outers),
      innerMaps: last?.innerMaps ?? concatenated(readings),
      complete: this.#isComplete,
      refusals: this.#refusals(),
      releases: this.#options.releases(),
      unsettled: new Set([...readings].filter(([, { settled }]) => !settled).map(([name]) => name)),
      unreadable: new Set(unreadableIn(outers).map(({ name }) => name)),
      watermarks: watermarksOf(readings),
      epoch,
      ...(node === undefined ? {} : { node }),
    };
    return this.#last;
  }

  #refusals(): Wanted['refusals'] {
    const refusals = unreadableIn(this.#outerMaps.snapshot()).map(({ name, problem }) => ({
      origin: `OuterMap ${name}`,
      message: problem,
    }));
    if (this.#nodes.hasSynced && this.#nodes.size === 0)
      refusals.push({
        origin: `Node ${this.#options.node}`,
        message: 'is not in the cluster: name the node that this agent runs on with --node',
      });
    return refusals;
  }
}

/** Every node must have passed it before the OuterMap is ready again. */
function deletionIn(object: KubeObject): string | undefined {
  const { deletionResourceVersion } = (object['status'] ?? {}) as { deletionResourceVersion?: unknown };
  return typeof deletionResourceVersion === 'string' ? deletionResourceVersion : undefined;
}

function readable(outers: ReadonlyMap<string, OuterReading>): readonly OuterMap[] {
  return [...outers.values()].flatMap(({ outerMap }) => (outerMap === undefined ? [] : [outerMap]));
}

/** What they declared before stands, and nothing of them is let go while they may declare anything. */
function unreadableIn(
  outers: ReadonlyMap<string, OuterReading>,
): readonly { readonly name: string; readonly problem: string }[] {
  return [...outers].flatMap(([name, { problem }]) => (problem === undefined ? [] : [{ name, problem }]));
}

function concatenated(readings: ReadonlyMap<string, InnersReading>): readonly WantedInner[] {
  const all: WantedInner[] = [];
  for (const { inners } of readings.values()) for (const inner of inners) all.push(inner);
  return all;
}

function watermarksOf(readings: ReadonlyMap<string, InnersReading>): ReadonlyMap<string, Watermark> {
  const marks = new Map<string, Watermark>();
  for (const [name, { watermark }] of readings) if (watermark !== undefined) marks.set(name, watermark);
  return marks;
}
