import type { CacheConsumer } from './watch/cache.ts';

/** Objects by key, after the transform, as a reflector keeps them. */
export class Store<T> implements CacheConsumer<T> {
  #items: Map<string, T> = new Map();
  #snapshot: ReadonlyMap<string, T> | undefined;
  #synced = false;
  readonly #listeners = new Set<() => void>();

  /** Whether a whole set was ever given: before, what is not here may exist. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  /** The same object again while nothing changed, never changed afterwards. */
  snapshot(): ReadonlyMap<string, T> {
    this.#snapshot ??= new Map(this.#items);
    return this.#snapshot;
  }

  /** Called after every change and after the first whole set; the answer ends it. */
  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  replace(items: ReadonlyMap<string, T>): void {
    const first = !this.#synced;
    this.#synced = true;
    if (!first && sameMap(this.#items, items)) return;
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

  /** One listener that throws keeps no other from being told. */
  #changed(): void {
    this.#snapshot = undefined;
    const failures: unknown[] = [];
    for (const listener of [...this.#listeners])
      try {
        listener();
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
  }
}

function sameMap<T>(left: ReadonlyMap<string, T>, right: ReadonlyMap<string, T>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, item] of right) if (left.get(key) !== item || !left.has(key)) return false;
  return true;
}
