import type { CacheConsumer } from '../kube/reflector.ts';
import type { Inbox } from './changes.ts';

/** How one kind of objects gets into the world. */
export interface Intake<T> {
  readonly kind: string;
  /** Of those in the world. */
  keys(): Iterable<string>;
  put(item: T): void;
  remove(key: string, resourceVersion: string): void;
  /** Everything is from another time than what is known: before a whole set is put. */
  rewound?(resourceVersion: string): void;
  /** A whole set has been put. */
  listed?(resourceVersion: string): void;
}

export interface FeedOptions<T> {
  readonly intake: Intake<T>;
  readonly inbox: Inbox;
  readonly noticed: (stream: string, resourceVersion: string) => void;
}

/** A reflector's consumer: passes on what changed, in order, and notices where time went back. */
export class Feed<T> implements CacheConsumer<T> {
  readonly #options: FeedOptions<T>;
  #suspicious = false;
  #synced = false;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
  }

  /** Whether a whole set is in the world. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  /** What is known is of a future that was undone: the next set is read anew. */
  get isSuspicious(): boolean {
    return this.#suspicious;
  }

  /** The server was restored, to no later version than this: the next set is of another time. */
  undone(resourceVersion: string): void {
    this.#suspicious = true;
    this.#options.noticed(this.#options.intake.kind, resourceVersion);
  }

  put(_key: string, item: T): void {
    this.#options.inbox.one(() => this.#options.intake.put(item));
  }

  remove(key: string, resourceVersion: string): void {
    this.#options.inbox.one(() => this.#options.intake.remove(key, resourceVersion));
  }

  replace(items: ReadonlyMap<string, T>, resourceVersion: string): void {
    const isRewound = this.#suspicious;
    this.#suspicious = false;
    this.#options.inbox.many(this.#replacing(items, { resourceVersion, isRewound }));
  }

  *#replacing(
    items: ReadonlyMap<string, T>,
    { resourceVersion, isRewound }: { resourceVersion: string; isRewound: boolean },
  ): Iterable<() => void> {
    const { intake } = this.#options;
    if (isRewound) yield () => intake.rewound?.(resourceVersion);
    for (const key of [...intake.keys()])
      if (!items.has(key)) yield () => intake.remove(key, resourceVersion);
    for (const item of items.values()) yield () => intake.put(item);
    yield () => {
      intake.listed?.(resourceVersion);
      this.#synced = true;
    };
  }
}
