import type { CacheConsumer } from './watch/cache.ts';

/** The items of a reflector by key. */
export class Store<T> implements CacheConsumer<T> {
  #items: Map<string, T> = new Map();
  #snapshot: ReadonlyMap<string, T> | undefined;
  #synced = false;
  #listener = (): void => {};

  /** Whether there was a list: before, an item that is not here may exist. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  /** The same immutable map while nothing changes. */
  snapshot(): ReadonlyMap<string, T> {
    this.#snapshot ??= new Map(this.#items);
    return this.#snapshot;
  }

  /** The one listener is called after every change and after the first list. */
  onChange(changed: () => void): void {
    this.#listener = changed;
  }

  replace(items: ReadonlyMap<string, T>): void {
    const isFirst = !this.#synced;
    this.#synced = true;
    if (!isFirst && sameItems(this.#items, items)) return;
    this.#items = new Map(items);
    this.#changed();
  }

  put(key: string, item: T): void {
    if (this.#items.has(key) && this.#items.get(key) === item) return;
    this.#items.set(key, item);
    this.#changed();
  }

  remove(key: string): void {
    if (this.#items.delete(key)) this.#changed();
  }

  #changed(): void {
    this.#snapshot = undefined;
    this.#listener();
  }
}

function sameItems<T>(left: ReadonlyMap<string, T>, right: ReadonlyMap<string, T>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, item] of right) if (left.get(key) !== item || !left.has(key)) return false;
  return true;
}
