import { problemsText, SHOWN_PROBLEMS } from '../../api/problem.ts';
import { compareVersions } from '../../api/resourceversion.ts';
import { type Arrival, arrivalOf, encodeInner, weightOf } from '../../core/encodedinner.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import { runToEnd } from '../../core/steps.ts';
import type { WantedInner, Watermark } from '../../core/wanted.ts';
import type { Cluster, KubeObject } from '../../kube/client.ts';
import { type CacheConsumer, Reflector, type StreamFailure } from '../../kube/reflector.ts';
import { INNER_MAPS } from '../../kube/resources.ts';
import { Store } from '../../kube/store.ts';
import type { RestoreDetection } from '../../kube/watch/restoredetection.ts';
import type { Clock } from '../../timing/clock.ts';
import { runSliced } from '../../timing/sliced.ts';
import { DeletionDebounce } from './deletionquiet.ts';

export interface StreamOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly relistJitterMs: number;
  readonly history: RestoreDetection;
  /** Called when a read may answer something new. */
  readonly changed: () => void;
  readonly failed: (what: string, failure: StreamFailure) => void;
}

export interface InnersOptions extends StreamOptions {
  readonly outerMap: string;
  readonly layout: OuterLayout;
  readonly possibleCpus: number;
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

/** The objects are let go as soon as they are bytes. */
interface Arrived {
  arrival: Arrival | undefined;
  wanted: WantedInner | undefined;
}

/** The InnerMaps that name one outer map, as bytes by its layout. */
export class Inners implements CacheConsumer<Arrived> {
  readonly #options: InnersOptions;
  readonly #store = new Store<Arrived>();
  readonly #reflector: Reflector<Arrived>;
  readonly #rest: DeletionDebounce;
  readonly #stopped = new AbortController();
  #changed = '0';
  /** Of statuses: the highest, and the highest that was reached. */
  #asked = '0';
  #reached = '0';
  #isUndone = false;
  #last: { readonly of: ReadonlyMap<string, Arrived>; readonly inners: readonly WantedInner[] } | undefined;

  constructor(options: InnersOptions) {
    const { cluster, clock, relistJitterMs, outerMap } = options;
    this.#options = options;
    this.#rest = new DeletionDebounce(clock, options.changed);
    this.#reflector = new Reflector<Arrived>({
      ...{ cluster, clock, relistJitterMs, consumer: this },
      ref: { resource: INNER_MAPS },
      fieldSelector: `spec.outerMap=${outerMap}`,
      transform: object => this.#arrived(object),
      ignoreUnchangedGeneration: true,
      onRawEvent: object => this.#glance(object),
      ...{ history: options.history, undone: () => this.#undone() },
      failed: failure => options.failed(`InnerMaps of ${outerMap}`, failure),
    });
    this.#store.onChange(() => this.#happened());
    this.#reflector.start();
  }

  get hasSynced(): boolean {
    return this.#reflector.hasSynced;
  }

  get restarts(): number {
    return this.#reflector.restarts;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#reflector.stop();
  }

  /** The set and how far it goes are of one moment, however long its encoding takes. */
  async read(): Promise<InnersReading> {
    const snapshot = this.#store.snapshot();
    const settled = this.hasSynced && !this.#rest.isDisturbed;
    const seen = this.#reflector.resourceVersion;
    const watermark =
      this.hasSynced && seen !== undefined ? { seen, awaited: this.#awaitedAt(seen) } : undefined;
    if (this.#last?.of !== snapshot) this.#last = { of: snapshot, inners: await this.#encoded(snapshot) };
    return { inners: this.#last.inners, watermark, settled };
  }

  replace(items: ReadonlyMap<string, Arrived>): void {
    this.#store.replace(items);
    // Whatever is told from here on was read from the server as it is now, also where nothing has changed
    if (this.#isUndone) this.#happened();
    this.#isUndone = false;
  }

  put(key: string, item: Arrived): void {
    this.#store.put(key, item);
  }

  remove(key: string): void {
    this.#rest.disturb(this.#stopped.signal);
    this.#store.remove(key);
  }

  /** Somebody waits until the watermark reaches this: told again where it was not known before. */
  awaits(version: string | undefined): void {
    if (version === undefined || compareVersions(version, this.#asked) <= 0) return;
    this.#reach();
    this.#asked = version;
    if (this.hasSynced && compareVersions(version, this.#changed) > 0) this.#options.changed();
  }

  /** Versions of a future that the server does not know are not to be reached. */
  #undone(): void {
    this.#asked = '0';
    this.#reached = '0';
    this.#isUndone = true;
  }

  #happened(): void {
    this.#changed = this.#reflector.resourceVersion ?? '0';
    this.#options.changed();
  }

  /** What is not reached may never be: of a future that a restored server does not know. */
  #awaitedAt(seen: string): string {
    this.#reach();
    const counts =
      compareVersions(this.#reached, seen) <= 0 && compareVersions(this.#reached, this.#changed) > 0;
    return counts ? this.#reached : this.#changed;
  }

  #reach(): void {
    const seen = this.#reflector.resourceVersion ?? '0';
    if (compareVersions(this.#asked, seen) <= 0) this.#reached = this.#asked;
  }

  /** A controller that did not see a change itself waits for a later version of the object. */
  #glance(object: KubeObject): void {
    const { specResourceVersion } = (object['status'] ?? {}) as { specResourceVersion?: unknown };
    if (typeof specResourceVersion === 'string' && /^[1-9]\d{0,18}$/.test(specResourceVersion))
      this.awaits(specResourceVersion);
  }

  #arrived(object: KubeObject): Arrived {
    const read = arrivalOf(object);
    if (!read.ok) throw new Error(`Cannot read an InnerMap: ${problemsText(read.problems, SHOWN_PROBLEMS)}`);
    const arrival = read.value;
    if (weightOf(arrival) > LIGHT) return { arrival, wanted: undefined };
    const content = runToEnd(encodeInner(arrival, this.#options));
    return { arrival: undefined, wanted: { innerMap: arrival.innerMap, content } };
  }

  async #encoded(snapshot: ReadonlyMap<string, Arrived>): Promise<readonly WantedInner[]> {
    const inners: WantedInner[] = [];
    for (const arrived of snapshot.values()) inners.push(arrived.wanted ?? (await this.#encode(arrived)));
    return inners;
  }

  async #encode(arrived: Arrived): Promise<WantedInner> {
    const arrival = arrived.arrival!;
    const content = await runSliced(encodeInner(arrival, this.#options));
    arrived.wanted = { innerMap: arrival.innerMap, content };
    arrived.arrival = undefined;
    return arrived.wanted;
  }
}
