import { compareVersions, type KubeObject, objectKey } from '../client/resource.ts';
import { asError, type Failure, RewoundError } from './failure.ts';
import { isOlder, type Known, type Reading, readObject } from './known.ts';

/** Who is told. What throws here is reported and costs nobody else anything. */
export interface Consumer<T> {
  /** A whole set as of `resourceVersion`: what is not in it is gone. */
  replace(items: ReadonlyMap<string, T>, resourceVersion: string): void;
  put(key: string, item: T): void;
  /** `resourceVersion` is that of the deletion. */
  remove(key: string, resourceVersion: string): void;
}

export interface MirrorOptions<T> {
  readonly transform: (object: KubeObject) => T;
  readonly ignoreUnchangedGeneration?: boolean;
  /** Called with each object as it comes, also where nothing of it is new. */
  readonly glance?: (object: KubeObject) => void;
  readonly consumer: Consumer<T>;
  readonly failed: (failure: Failure) => void;
}

/** What the server holds, as far as it was told: whole sets and single changes, never half a set. */
export class Mirror<T> {
  readonly #consumer: Consumer<T>;
  readonly #failed: (failure: Failure) => void;
  readonly #reading: Reading<T>;
  readonly #glance: (object: KubeObject) => void;
  #known = new Map<string, Known<T>>();
  #coming: Map<string, Known<T>> | undefined;
  #resourceVersion: string | undefined;
  /** Where something older than what had been seen was told last. */
  #rewound = false;

  constructor(options: MirrorOptions<T>) {
    this.#consumer = options.consumer;
    this.#failed = options.failed;
    this.#glance = options.glance ?? (() => {});
    this.#reading = {
      transform: options.transform,
      ignoreUnchangedGeneration: options.ignoreUnchangedGeneration ?? false,
      unreadable: (key, error) => options.failed({ doing: 'transform', key, error: asError(error) }),
    };
  }

  /** The highest seen since the last whole set, bookmarks included; absent before the first. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** From here on objects belong to a whole set that is not complete yet. */
  begin(): void {
    this.#coming = new Map();
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
    if (this.#coming !== undefined) this.#coming.delete(key);
    else if (this.#known.delete(key)) this.#tellGone(key, object);
  }

  /** The whole set is complete as of `resourceVersion`. An older one counts when it is told twice in a row. */
  complete(resourceVersion: string): void {
    const coming = this.#coming ?? new Map();
    this.#coming = undefined;
    const seen = this.#resourceVersion;
    const older = seen !== undefined && compareVersions(resourceVersion, seen) < 0;
    if (older && !this.#rewound) {
      this.#rewound = true;
      throw new RewoundError(
        `Cannot take a list as of resourceVersion ${resourceVersion}: ${seen} was seen before, listed again to be sure`,
      );
    }
    this.#rewound = false;
    this.#resourceVersion = resourceVersion;
    this.#known = coming;
    this.#tell(() => this.#consumer.replace(itemsOf(coming), resourceVersion));
  }

  /** The server is at `resourceVersion`: what was seen before cannot be later. */
  verify(resourceVersion: string): void {
    const seen = this.#resourceVersion;
    if (seen === undefined || compareVersions(resourceVersion, seen) >= 0) return;
    this.#rewound = true;
    throw new RewoundError(
      `Cannot follow a watch: the server is at resourceVersion ${resourceVersion}, ${seen} was seen before, listed again`,
    );
  }

  /** Something was told as of `resourceVersion`. Within one watch they never go back. */
  advance(resourceVersion: string): void {
    const seen = this.#resourceVersion;
    if (seen !== undefined && compareVersions(resourceVersion, seen) < 0) {
      this.#rewound = true;
      throw new RewoundError(
        `Cannot follow a watch: resourceVersion went back from ${seen} to ${resourceVersion}, listed again`,
      );
    }
    this.#resourceVersion = resourceVersion;
  }

  #collect(coming: Map<string, Known<T>>, key: string, object: KubeObject): void {
    // A restored server may count up to the same generations and versions again, with other contents.
    const before = coming.get(key) ?? (this.#rewound ? undefined : this.#known.get(key));
    const known = readObject(object, before, this.#reading) ?? this.#lastReadable(key, object);
    if (known === undefined) coming.delete(key);
    else coming.set(key, known);
  }

  #change(key: string, object: KubeObject): void {
    const before = this.#known.get(key);
    const known = readObject(object, before, this.#reading);
    if (known === undefined) {
      if (this.#known.delete(key)) this.#tellGone(key, object);
      return;
    }
    this.#known.set(key, known);
    if (known.item !== before?.item) this.#tell(() => this.#consumer.put(key, known.item));
  }

  /** The last good content of the same object stays. */
  #lastReadable(key: string, object: KubeObject): Known<T> | undefined {
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

function itemsOf<T>(known: ReadonlyMap<string, Known<T>>): ReadonlyMap<string, T> {
  const items = new Map<string, T>();
  for (const [key, { item }] of known) items.set(key, item);
  return items;
}
