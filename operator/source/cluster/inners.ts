import type { InnerMap } from '../../api/innermap.ts';
import { problemsText, SHOWN_PROBLEMS } from '../../api/problem.ts';
import { compareVersions } from '../../api/resourceversion.ts';
import type { ContentRoom, CountedRoom, Holding } from '../../core/bytes/contentroom.ts';
import { withoutRoom } from '../../core/codec/content.ts';
import { type Arrival, arrivalOf, encodeInner, memoryOf, weightOf } from '../../core/encodedinner.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import { runToEnd } from '../../core/steps.ts';
import { contentBytes, type WantedInner, type Watermark } from '../../core/wanted.ts';
import type { Cluster, KubeObject } from '../../kube/client.ts';
import { type CacheConsumer, Reflector, type StreamFailure } from '../../kube/reflector.ts';
import { INNER_MAPS } from '../../kube/resources.ts';
import { Store } from '../../kube/store.ts';
import type { RestoreDetection } from '../../kube/watch/restoredetection.ts';
import type { Clock } from '../../timing/clock.ts';
import { runSliced } from '../../timing/sliced.ts';
import { DeletionDebounce } from './deletiondebounce.ts';
import type { NamespaceRooms, RoomPart } from './namespacerooms.ts';

/** The options of every stream from a cluster. */
export interface StreamOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly relistJitterMs: number;
  /** Shared by all streams of this process. */
  readonly restoreDetection: RestoreDetection;
  /** Called for a stream that is interrupted, or an object that cannot be read; the stream goes on by itself. */
  readonly failed: (what: string, failure: StreamFailure) => void;
}

export interface InnersOptions extends StreamOptions {
  readonly outerMap: string;
  readonly layout: OuterLayout;
  readonly possibleCpus: number;
  /** Shared by all streams of this process. */
  readonly room: CountedRoom;
  /** What the namespaces had when a stream before this one ended. */
  readonly rooms: NamespaceRooms<Arrived>;
  /** Called when a read may return something new. */
  readonly changed: () => void;
}

/** The InnerMaps of one outer map at one moment. */
export interface InnersReading {
  readonly inners: readonly WantedInner[];
  /** Absent before the first whole set. */
  readonly watermark: Watermark | undefined;
  readonly settled: boolean;
}

/** Below this an object is encoded as it arrives: a fraction of a millisecond. */
const LIGHT = 32_768;

/** The arrival is released as soon as its contents are bytes. */
export interface Arrived extends Holding, RoomPart {
  /** The stream that counts it. */
  readonly holder: object;
  arrival: Arrival | undefined;
  wanted: WantedInner | undefined;
  bytes: number;
  waiting: number;
}

const NOTHING: Holding = { bytes: 0, waiting: 0 };

/** The InnerMaps that name one outer map, as bytes by its layout. */
export class Inners implements CacheConsumer<Arrived> {
  readonly #options: InnersOptions;
  readonly #store = new Store<Arrived>();
  readonly #reflector: Reflector<Arrived>;
  readonly #deletions: DeletionDebounce;
  readonly #stopped = new AbortController();
  #changed = '0';
  /** Versions in statuses: the highest, and the highest that the stream has reached. */
  #awaited = '0';
  #reached = '0';
  #isRestored = false;
  #held = NOTHING;
  #last: { readonly of: ReadonlyMap<string, Arrived>; readonly inners: readonly WantedInner[] } | undefined;

  constructor(options: InnersOptions) {
    const { cluster, clock, relistJitterMs, restoreDetection, outerMap } = options;
    this.#options = options;
    this.#deletions = new DeletionDebounce(clock, options.changed);
    this.#reflector = new Reflector<Arrived>({
      ...{ cluster, clock, relistJitterMs, restoreDetection, ref: { resource: INNER_MAPS }, consumer: this },
      fieldSelector: `spec.outerMap=${outerMap}`,
      transform: object => this.#arrived(object),
      ignoreUnchangedGeneration: true,
      // A controller that missed a change itself awaits a later version of the object
      onRawEvent: object => this.awaits(object, 'specResourceVersion'),
      onRestored: () => this.#restored(),
      failed: failure => options.failed(`InnerMaps of ${outerMap}`, failure),
    });
    this.#store.onChange(() => this.#storeChanged());
    this.#reflector.start();
  }

  get hasSynced(): boolean {
    return this.#reflector.hasSynced;
  }

  get restarts(): number {
    return this.#reflector.restarts;
  }

  /** Whether contents that found no room would find it now: they were not kept, so that the stream must begin anew. */
  get hasRoom(): boolean {
    if (this.#held.waiting > 0) return false;
    for (const { metadata, wanted } of this.#store.snapshot().values()) {
      if (wanted?.content.kind !== 'invalid') continue;
      const { needs } = wanted.content;
      if (needs !== undefined && needs <= this.#roomFor(metadata, needs).left) return true;
    }
    return false;
  }

  /** Sets the bound of each namespace. */
  limit(maxNamespaceBytes: number | undefined): void {
    this.#refuse(this.#options.rooms.limit(maxNamespaceBytes));
  }

  async stop(): Promise<void> {
    this.#hold(NOTHING, this.#held);
    this.#stopped.abort();
    await this.#reflector.stop();
  }

  /** The set and its watermark are of one moment, also where the encoding takes long. */
  async read(): Promise<InnersReading> {
    const snapshot = this.#store.snapshot();
    const settled = this.hasSynced && !this.#deletions.isDisturbed;
    const seen = this.#reflector.resourceVersion;
    const watermark =
      this.hasSynced && seen !== undefined ? { seen, awaited: this.#awaitedAt(seen) } : undefined;
    if (this.#last?.of !== snapshot) this.#last = { of: snapshot, inners: await this.#encoded(snapshot) };
    return { inners: this.#last.inners, watermark, settled };
  }

  replace(items: ReadonlyMap<string, Arrived>): void {
    this.#store.replace(items);
    this.#hold([...items.values()].reduce(sumOf, NOTHING), this.#held);
    this.#options.rooms.retain(items);
    // This set was read after the restore, so it counts as a change even where it equals the last one
    if (this.#isRestored) this.#storeChanged();
    this.#isRestored = false;
  }

  put(key: string, item: Arrived): void {
    this.#release(key);
    this.#store.put(key, item);
  }

  remove(key: string): void {
    this.#deletions.disturb(this.#stopped.signal);
    this.#release(key);
    this.#options.rooms.release(key);
    this.#store.remove(key);
  }

  /** The controller waits until the watermark reaches a version in the object's status: a new one is reported as a change. */
  awaits({ status }: KubeObject, field: 'specResourceVersion' | 'deletionResourceVersion'): void {
    const version = (status as { readonly [name: string]: unknown } | undefined)?.[field];
    if (typeof version !== 'string' || !/^[1-9]\d{0,18}$/.test(version)) return;
    if (compareVersions(version, this.#awaited) <= 0) return;
    this.#reach();
    this.#awaited = version;
    if (this.hasSynced && compareVersions(version, this.#changed) > 0) this.#options.changed();
  }

  /** The server was restored to an older revision: the awaited versions are from a history that it lost. */
  #restored(): void {
    this.#awaited = '0';
    this.#reached = '0';
    this.#isRestored = true;
  }

  #storeChanged(): void {
    this.#changed = this.#reflector.resourceVersion ?? '0';
    this.#options.changed();
  }

  /** A version that is not reached yet does not count: a restored server may never reach it. */
  #awaitedAt(seen: string): string {
    this.#reach();
    const counts =
      compareVersions(this.#reached, seen) <= 0 && compareVersions(this.#reached, this.#changed) > 0;
    return counts ? this.#reached : this.#changed;
  }

  #reach(): void {
    const seen = this.#reflector.resourceVersion ?? '0';
    if (compareVersions(this.#awaited, seen) <= 0) this.#reached = this.#awaited;
  }

  #arrived(object: KubeObject): Arrived {
    const read = arrivalOf(object);
    if (!read.ok) throw new Error(`Cannot read an InnerMap: ${problemsText(read.problems, SHOWN_PROBLEMS)}`);
    const arrival = read.value;
    const { innerMap } = arrival;
    const { metadata } = innerMap;
    const { layout, possibleCpus } = this.#options;
    const { before, encoded } = memoryOf(arrival, layout, possibleCpus);
    const room = this.#roomFor(metadata, encoded);
    const waiting = before + encoded;
    if (weightOf(arrival) > LIGHT && encoded <= room.left && waiting <= this.#options.room.mayWait) {
      this.#hold({ bytes: 0, waiting });
      return { holder: this, metadata, arrival, wanted: undefined, bytes: 0, waiting };
    }
    const content = runToEnd(encodeInner(arrival, { layout, possibleCpus, room }));
    const bytes = contentBytes(content);
    this.#hold({ bytes, waiting: 0 });
    const wanted = { innerMap, content };
    const arrived = { holder: this, metadata, arrival: undefined, wanted, bytes, waiting: 0 };
    this.#refuse(this.#options.rooms.hold(arrived));
    return arrived;
  }

  /** Its namespace's, where that is less than the room of all. */
  #roomFor(metadata: InnerMap['metadata'], needs: number): ContentRoom {
    const { room, rooms } = this.#options;
    const own = rooms.roomFor(metadata, needs);
    return needs <= own.left ? room : own;
  }

  /** Older ones of their namespaces took their room. */
  #refuse(all: readonly Arrived[]): void {
    for (const arrived of all) {
      const { holder, metadata, bytes, wanted } = arrived;
      if (holder !== this) continue;
      this.#hold(NOTHING, arrived);
      const content = withoutRoom(bytes, this.#options.rooms.roomFor(metadata, bytes));
      Object.assign(arrived, { ...NOTHING, wanted: { ...wanted, content } });
      this.#last = undefined;
    }
  }

  /** Counts at once, not when the set is complete: a list is in memory as it comes. */
  #hold(now: Holding, before = NOTHING): void {
    if (this.#stopped.signal.aborted) return;
    const more = { bytes: now.bytes - before.bytes, waiting: now.waiting - before.waiting };
    this.#options.room.take(more);
    this.#held = sumOf(this.#held, more);
  }

  #release(key: string): void {
    this.#hold(NOTHING, this.#store.get(key));
  }

  async #encoded(snapshot: ReadonlyMap<string, Arrived>): Promise<readonly WantedInner[]> {
    for (const [key, arrived] of snapshot)
      if (arrived.arrival !== undefined) await this.#encode(key, arrived);
    return [...snapshot.values()].map(({ wanted }) => wanted!);
  }

  async #encode(key: string, arrived: Arrived): Promise<void> {
    const arrival = arrived.arrival!;
    const { innerMap } = arrival;
    const { layout, possibleCpus } = this.#options;
    const { encoded } = memoryOf(arrival, layout, possibleCpus);
    const room = this.#roomFor(innerMap.metadata, encoded);
    const content = await runSliced(encodeInner(arrival, { layout, possibleCpus, room }));
    const now = { bytes: contentBytes(content), waiting: 0 };
    const isThere = this.#store.get(key) === arrived;
    if (isThere) this.#hold(now, arrived);
    Object.assign(arrived, { ...now, wanted: { innerMap, content }, arrival: undefined });
    // Otherwise another took its place meanwhile, and has its count
    if (isThere) this.#refuse(this.#options.rooms.hold(arrived));
  }
}

function sumOf(sum: Holding, { bytes, waiting }: Holding): Holding {
  return { bytes: sum.bytes + bytes, waiting: sum.waiting + waiting };
}
