import type { InnerFacts } from '../core/status/facts.ts';
import type { CacheConsumer } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';

/**
 * InnerMaps, and the exact version of the last deletion of each outer map: nodes must pass it before the OuterMap is
 * ready again.
 */
export class InnerMapStore implements CacheConsumer<InnerFacts> {
  readonly items = new Store<InnerFacts>();
  #deletions: ReadonlyMap<string, string> = new Map();
  #listed = '0';

  /** resourceVersions by outer map; another object after each deletion. */
  get deletions(): ReadonlyMap<string, string> {
    return this.#deletions;
  }

  /** As of which the InnerMaps were listed last. */
  get listed(): string {
    return this.#listed;
  }

  put(key: string, item: InnerFacts): void {
    const known = this.items.get(key);
    if (known !== undefined && known.uid !== item.uid) this.#delete(known.outer, item.resourceVersion);
    this.items.put(key, item);
  }

  remove(key: string, resourceVersion: string): void {
    const known = this.items.get(key);
    if (known !== undefined) this.#delete(known.outer, resourceVersion);
    this.items.remove(key);
  }

  /** What is missing went at the latest when the list was made. */
  replace(items: ReadonlyMap<string, InnerFacts>, resourceVersion: string): void {
    for (const [key, { uid, outer }] of this.items.snapshot()) {
      const item = items.get(key);
      if (item?.uid !== uid) this.#delete(outer, item?.resourceVersion ?? resourceVersion);
    }
    this.#listed = resourceVersion;
    this.items.replace(items);
  }

  /** The server was restored: these deletions are of a future that will not be. */
  forget(): void {
    this.items.replace(new Map());
    this.#deletions = new Map();
  }

  #delete(outer: string, resourceVersion: string): void {
    this.#deletions = new Map(this.#deletions).set(outer, resourceVersion);
  }
}
