import type { InnerFacts } from '../core/status/facts.ts';
import type { CacheConsumer } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';

/**
 * Stores InnerMaps, and for each outer map the resourceVersion of the last deletion. Nodes must pass that version
 * before the OuterMap is ready again.
 */
export class InnerMapStore implements CacheConsumer<InnerFacts> {
  readonly items = new Store<InnerFacts>();
  #deletions: ReadonlyMap<string, string> = new Map();
  #listed = '0';

  /** resourceVersion of the last deletion by outer map. Each deletion replaces the map object. */
  get deletions(): ReadonlyMap<string, string> {
    return this.#deletions;
  }

  /** resourceVersion of the last list. */
  get listed(): string {
    return this.#listed;
  }

  put(key: string, item: InnerFacts): void {
    const previous = this.items.get(key);
    if (previous !== undefined && previous.uid !== item.uid)
      this.#delete(previous.outer, item.resourceVersion);
    this.items.put(key, item);
  }

  remove(key: string, resourceVersion: string): void {
    const previous = this.items.get(key);
    if (previous !== undefined) this.#delete(previous.outer, resourceVersion);
    this.items.remove(key);
  }

  /** Replaces all InnerMaps by a list. A missing one was deleted at the list's version or before. */
  replace(items: ReadonlyMap<string, InnerFacts>, resourceVersion: string): void {
    for (const [key, { uid, outer }] of this.items.snapshot()) {
      const item = items.get(key);
      if (item?.uid !== uid) this.#delete(outer, item?.resourceVersion ?? resourceVersion);
    }
    this.#listed = resourceVersion;
    this.items.replace(items);
  }

  /** Drops everything, because the server was restored to an older revision. */
  forget(): void {
    this.items.replace(new Map());
    this.#deletions = new Map();
  }

  #delete(outer: string, resourceVersion: string): void {
    this.#deletions = new Map(this.#deletions).set(outer, resourceVersion);
  }
}
