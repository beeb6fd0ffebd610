import { objectKey } from '../../api/metadata.ts';
import { compareVersions } from '../../api/resourceversion.ts';
import type { KubeObject } from '../client/resource.ts';
import type { ListPage } from '../client.ts';
import { asError, RestoredError, type StreamFailure } from './failure.ts';
import { type CachedObject, isOlder, type ObjectReader, readObject } from './known.ts';

/** Who is told. What throws here is reported and costs nobody else anything. */
export interface CacheConsumer<T> {
  /** A whole set as of `resourceVersion`: what is not in it is gone. */
  replace(items: ReadonlyMap<string, T>, resourceVersion: string): void;
  put(key: string, item: T): void;
  /** `resourceVersion` is that of the deletion. */
  remove(key: string, resourceVersion: string): void;
}

export interface WatchCacheOptions<T> {
  readonly transform: (object: KubeObject) => T;
  readonly ignoreUnchangedGeneration?: boolean;
  /** Called with each object as it comes, also where nothing of it is new. */
  readonly onRawEvent?: (object: KubeObject) => void;
  readonly consumer: CacheConsumer<T>;
  readonly failed: (failure: StreamFailure) => void;
}

/** What the server holds, as far as it was told: whole sets and single changes, never half a set. */
export class WatchCache<T> {
  readonly #consumer: CacheConsumer<T>;
  readonly #failed: (failure: StreamFailure) => void;
  readonly #reading: ObjectReader<T>;
  readonly #glance: (object: KubeObject) => void;
  #known = new Map<string, CachedObject<T>>();
  #coming: Map<string, CachedObject<T>> | undefined;
  #resourceVersion: string | undefined;
  /** Of these the last content is not known: nothing follows from it. */
  readonly #unreadable = new Set<string>();
  /** Of the set that is coming: what cannot have become of what was told before. */
  #contradiction: string | undefined;
  /** Where something was told last that undoes what had been seen. */
  #rewound = false;

  constructor(options: WatchCacheOptions<T>) {
    this.#consumer = options.consumer;
    this.#failed = options.failed;
    this.#glance = options.onRawEvent ?? (() => {});
    this.#reading = {
      transform: options.transform,
      ignoreUnchangedGeneration: options.ignoreUnchangedGeneration ?? false,
      unreadable: (key, error) => {
        this.#unreadable.add(key);
        options.failed({ doing: 'transform', key, error: asError(error) });
      },
    };
  }

  /** The highest seen since the last whole set, bookmarks included; absent before the first. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** From here on objects belong to a whole set that is not complete yet. */
  begin(): void {
    this.#coming = new Map();
    this.#contradiction = undefined;
  }

  get incomplete(): boolean {
    return this.#coming !== undefined;
  }

  abandon(): void {
    this.#coming = undefined;
  }

  put(object: KubeObject): void {
    this.#glance(object);
    const key = objectKey(object.metadata);
    const known = this.#known.get(key);
    if (this.#coming !== undefined) this.#collect(this.#coming, key, object);
    else if (!isOlder(object, known)) this.#change(key, object);
  }

  delete(object: KubeObject): void {
    const key = objectKey(object.metadata);
    this.#unreadable.delete(key);
    if (this.#coming !== undefined) this.#coming.delete(key);
    else if (this.#known.delete(key)) this.#tellGone(key, object);
  }

  /**
   * The whole set is complete as of `resourceVersion`. One that undoes what was told counts when it is told twice in a
   * row: what is known is then not used for it.
   */
  complete(resourceVersion: string): void {
    const coming = this.#coming ?? new Map();
    this.#coming = undefined;
    const seen = this.#resourceVersion;
    const older = seen !== undefined && compareVersions(resourceVersion, seen) < 0;
    const because = older ? `${seen} was seen before` : this.#contradiction;
    if (because !== undefined && !this.#rewound)
      this.#undo(
        resourceVersion,
        `Cannot take a list as of resourceVersion ${resourceVersion}: ${because}, listed again to be sure`,
      );
    this.#rewound = false;
    this.#resourceVersion = resourceVersion;
    this.#known = coming;
    this.#tell(() => this.#consumer.replace(itemsOf(coming), resourceVersion));
  }

  /** What was seen is of a future that the server has undone, whatever it tells: the next set is taken as it comes. */
  doubt(): void {
    this.#rewound = true;
  }

  /** The server is at `resourceVersion`, and these are the first objects: what was seen before cannot be otherwise. */
  verify({
    resourceVersion,
    items,
    continue: more,
  }: Pick<ListPage, 'resourceVersion' | 'items' | 'continue'>): void {
    const seen = this.#resourceVersion;
    if (seen === undefined) return;
    const where = `Cannot follow a watch: the server is at resourceVersion ${resourceVersion}`;
    if (compareVersions(resourceVersion, seen) < 0)
      this.#undo(resourceVersion, `${where}, ${seen} was seen before, listed again`);
    const told = new Set(items.map(({ metadata }) => objectKey(metadata)));
    const missing = more === undefined ? [...this.#known.keys()].find(key => !told.has(key)) : undefined;
    const because =
      missing === undefined
        ? items.map(each => this.#contradicted(each)).find(Boolean)
        : `${missing} is gone`;
    if (because !== undefined) this.#undo(resourceVersion, `${where}, ${because}, listed again`);
  }

  /** Something was told as of `resourceVersion`. Within one watch they never go back. */
  advance(resourceVersion: string): void {
    const seen = this.#resourceVersion;
    if (seen !== undefined && compareVersions(resourceVersion, seen) < 0)
      this.#undo(
        resourceVersion,
        `Cannot follow a watch: resourceVersion went back from ${seen} to ${resourceVersion}, listed again`,
      );
    this.#resourceVersion = resourceVersion;
  }

  #undo(resourceVersion: string, message: string): never {
    this.#rewound = true;
    throw new RestoredError(message, resourceVersion);
  }

  /** An object at most as new as what was seen must be as it was told; what is wrong where it is not. */
  #contradicted({ metadata }: KubeObject): string | undefined {
    const { uid, resourceVersion: version } = metadata;
    const seen = this.#resourceVersion;
    const key = objectKey(metadata);
    if (seen === undefined || version === undefined || compareVersions(version, seen) > 0) return undefined;
    const known = this.#known.get(key);
    if (this.#unreadable.has(key) || (known?.uid === uid && known?.resourceVersion === version))
      return undefined;
    return `${key} is at ${version} and was ${known === undefined ? 'not there' : `at ${known.resourceVersion}`} at ${seen}`;
  }

  #collect(coming: Map<string, CachedObject<T>>, key: string, object: KubeObject): void {
    this.#contradiction ??= this.#contradicted(object);
    this.#unreadable.delete(key);
    // A restored server may count up to the same generations and versions again, with other contents.
    const before = coming.get(key) ?? (this.#rewound ? undefined : this.#known.get(key));
    const known = readObject(object, before, this.#reading) ?? this.#lastReadable(key, object);
    if (known === undefined) coming.delete(key);
    else coming.set(key, known);
  }

  #change(key: string, object: KubeObject): void {
    const before = this.#known.get(key);
    this.#unreadable.delete(key);
    const known = readObject(object, before, this.#reading);
    if (known === undefined) {
      if (this.#known.delete(key)) this.#tellGone(key, object);
      return;
    }
    this.#known.set(key, known);
    if (known.item !== before?.item) this.#tell(() => this.#consumer.put(key, known.item));
  }

  /** The last good content of the same object stays. */
  #lastReadable(key: string, object: KubeObject): CachedObject<T> | undefined {
    const known = this.#known.get(key);
    return known?.uid === object.metadata.uid ? known : undefined;
  }

  #tellGone(key: string, { metadata }: KubeObject): void {
    this.#tell(() => this.#consumer.remove(key, metadata.resourceVersion ?? ''));
  }

  #tell(telling: () => void): void {
    try {
      telling();
    } catch (error) {
      this.#failed({ doing: 'consume', error: asError(error) });
    }
  }
}

function itemsOf<T>(known: ReadonlyMap<string, CachedObject<T>>): ReadonlyMap<string, T> {
  const items = new Map<string, T>();
  for (const [key, { item }] of known) items.set(key, item);
  return items;
}
