import { objectKey } from '../../api/metadata.ts';
import { compareVersions } from '../../api/resourceversion.ts';
import type { KubeObject } from '../client/resource.ts';
import type { ListPage } from '../client.ts';
import { asError, RestoredError, type StreamFailure } from './failure.ts';

/** Receives what changed. An exception is reported as a failure; the cache and the watch continue. */
export interface CacheConsumer<T> {
  /** The complete set as of `resourceVersion`: an object that is not in it is gone. */
  replace(items: ReadonlyMap<string, T>, resourceVersion: string): void;
  put(key: string, item: T): void;
  /** `resourceVersion` is that of the deletion. */
  remove(key: string, resourceVersion: string): void;
}

export interface WatchCacheOptions<T> {
  /** An exception is reported and concerns its object alone: the last item of the same object stays. */
  readonly transform: (object: KubeObject) => T;
  /** An object of which only status or metadata changed is the same item. */
  readonly ignoreUnchangedGeneration?: boolean;
  /** Called with each object as it arrives, also when its item does not change. */
  readonly onRawEvent?: (object: KubeObject) => void;
  readonly consumer: CacheConsumer<T>;
  readonly failed: (failure: StreamFailure) => void;
}

interface CachedObject<T> {
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly resourceVersion: string;
  readonly item: T;
}

/** The objects of a list and the changes of the watch after it. An incomplete list is never passed on. */
export class WatchCache<T> {
  readonly #options: WatchCacheOptions<T>;
  #objects = new Map<string, CachedObject<T>>();
  #list: Map<string, CachedObject<T>> | undefined;
  #resourceVersion: string | undefined;
  /** The latest content of these is unknown: no inconsistency follows from them. */
  readonly #unreadable = new Set<string>();
  /** The first object of the incomplete list that contradicts the cache. */
  #inconsistency: string | undefined;
  /** The server turned out to be restored: the next list is accepted, whatever the cache holds. */
  #acceptsAnyList = false;

  constructor(options: WatchCacheOptions<T>) {
    this.#options = options;
  }

  /** The highest since the last list, bookmarks included; absent before the first list. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Objects belong to a list from here on, until it is completed or abandoned. */
  beginList(): void {
    this.#list = new Map();
    this.#inconsistency = undefined;
  }

  get isListing(): boolean {
    return this.#list !== undefined;
  }

  abandonList(): void {
    this.#list = undefined;
  }

  put(object: KubeObject): void {
    this.#options.onRawEvent?.(object);
    const key = objectKey(object.metadata);
    if (this.#list === undefined) this.#change(key, object);
    else this.#collect(this.#list, key, object);
  }

  delete(object: KubeObject): void {
    const key = objectKey(object.metadata);
    this.#unreadable.delete(key);
    if (this.#list !== undefined) this.#list.delete(key);
    else this.#remove(key, object);
  }

  /**
   * The list is complete as of `resourceVersion`. A list that contradicts the cache throws RestoredError; the one after
   * it is accepted, and the cache is not consulted for it.
   */
  completeList(resourceVersion: string): void {
    const list = this.#list ?? new Map<string, CachedObject<T>>();
    this.#list = undefined;
    const because = this.#olderThanSeen(resourceVersion) ?? this.#inconsistency;
    if (because !== undefined && !this.#acceptsAnyList)
      this.#throwRestored(
        resourceVersion,
        `Cannot take a list as of resourceVersion ${resourceVersion}: ${because}, listed again to be sure`,
      );
    this.#acceptsAnyList = false;
    this.#resourceVersion = resourceVersion;
    this.#objects = list;
    const items = new Map<string, T>();
    for (const [key, { item }] of list) items.set(key, item);
    this.#notify(consumer => consumer.replace(items, resourceVersion));
  }

  /** The server was restored to an older revision: the next list is accepted as it is. */
  distrust(): void {
    this.#acceptsAnyList = true;
  }

  /** Compares the cache with the first page of a list; throws RestoredError where they contradict each other. */
  verify(page: Pick<ListPage, 'resourceVersion' | 'items' | 'continue'>): void {
    const { resourceVersion, items } = page;
    const because =
      this.#olderThanSeen(resourceVersion) ??
      this.#missingIn(page) ??
      items.map(object => this.#inconsistencyOf(object)).find(Boolean);
    const where = `Cannot follow a watch: the server is at resourceVersion ${resourceVersion}`;
    if (because !== undefined) this.#throwRestored(resourceVersion, `${where}, ${because}, listed again`);
  }

  /** An event was received as of `resourceVersion`. Within one watch resourceVersions never decrease. */
  advance(resourceVersion: string): void {
    if (this.#olderThanSeen(resourceVersion) !== undefined)
      this.#throwRestored(
        resourceVersion,
        `Cannot follow a watch: resourceVersion went back from ${this.#resourceVersion} to ${resourceVersion}, listed again`,
      );
    this.#resourceVersion = resourceVersion;
  }

  #throwRestored(resourceVersion: string, message: string): never {
    this.#acceptsAnyList = true;
    throw new RestoredError(message, resourceVersion);
  }

  #olderThanSeen(resourceVersion: string): string | undefined {
    const seen = this.#resourceVersion;
    const isOlder = seen !== undefined && compareVersions(resourceVersion, seen) < 0;
    return isOlder ? `${seen} was seen before` : undefined;
  }

  #missingIn({ items, continue: next }: Pick<ListPage, 'items' | 'continue'>): string | undefined {
    if (next !== undefined) return undefined;
    const listed = new Set(items.map(({ metadata }) => objectKey(metadata)));
    const missing = [...this.#objects.keys()].find(key => !listed.has(key));
    return missing === undefined ? undefined : `${missing} is gone`;
  }

  /** An object that is not newer than the cache must be in the cache as it is. */
  #inconsistencyOf({ metadata }: KubeObject): string | undefined {
    const { uid, resourceVersion: version } = metadata;
    const seen = this.#resourceVersion;
    const key = objectKey(metadata);
    if (seen === undefined || version === undefined || compareVersions(version, seen) > 0) return undefined;
    const cached = this.#objects.get(key);
    if (this.#unreadable.has(key) || (cached?.uid === uid && cached?.resourceVersion === version))
      return undefined;
    return `${key} is at ${version} and was ${cached === undefined ? 'not there' : `at ${cached.resourceVersion}`} at ${seen}`;
  }

  #collect(list: Map<string, CachedObject<T>>, key: string, object: KubeObject): void {
    this.#inconsistency ??= this.#inconsistencyOf(object);
    // A restored server may reach the same generations and versions again, with other contents.
    const before = list.get(key) ?? (this.#acceptsAnyList ? undefined : this.#objects.get(key));
    const cached = this.#cached(key, object, before);
    if (cached === undefined) list.delete(key);
    else list.set(key, cached);
  }

  #change(key: string, object: KubeObject): void {
    const before = this.#objects.get(key);
    if (before !== undefined && isOlder(object, before)) return;
    const cached = this.#cached(key, object, before);
    if (cached === undefined) {
      this.#remove(key, object);
      return;
    }
    this.#objects.set(key, cached);
    if (cached.item !== before?.item) this.#notify(consumer => consumer.put(key, cached.item));
  }

  #remove(key: string, { metadata }: KubeObject): void {
    if (this.#objects.delete(key))
      this.#notify(consumer => consumer.remove(key, metadata.resourceVersion ?? ''));
  }

  /** The object to cache; nothing where no content of it was ever readable. */
  #cached(key: string, object: KubeObject, before: CachedObject<T> | undefined): CachedObject<T> | undefined {
    const { uid, generation, resourceVersion = '' } = object.metadata;
    this.#unreadable.delete(key);
    if (before !== undefined && this.#isSameContent(object, before))
      return before.resourceVersion === resourceVersion ? before : { ...before, resourceVersion };
    try {
      return { uid, generation, resourceVersion, item: this.#options.transform(object) };
    } catch (error) {
      this.#unreadable.add(key);
      this.#options.failed({ doing: 'transform', key, error: asError(error) });
      const last = before ?? this.#objects.get(key);
      return last?.uid === uid ? last : undefined;
    }
  }

  #isSameContent({ metadata }: KubeObject, before: CachedObject<T>): boolean {
    const { uid, generation, resourceVersion } = metadata;
    if (uid === undefined || uid !== before.uid) return false;
    if (resourceVersion === before.resourceVersion) return true;
    const ignores = this.#options.ignoreUnchangedGeneration === true;
    return ignores && generation !== undefined && generation === before.generation;
  }

  #notify(notify: (consumer: CacheConsumer<T>) => void): void {
    try {
      notify(this.#options.consumer);
    } catch (error) {
      this.#options.failed({ doing: 'consume', error: asError(error) });
    }
  }
}

/** A watch that starts over may repeat older versions of an object. */
function isOlder<T>({ metadata }: KubeObject, { uid, resourceVersion }: CachedObject<T>): boolean {
  return (
    metadata.uid === uid &&
    metadata.resourceVersion !== undefined &&
    compareVersions(metadata.resourceVersion, resourceVersion) < 0
  );
}
