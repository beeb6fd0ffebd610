import type { ContentRoom } from '../core/bytes/contentroom.ts';
import type { InnerFacts } from '../core/status/facts.ts';
import { ApiError, type Cluster, type KubeObject } from '../kube/client.ts';
import { INNER_MAPS, innerMapRef } from '../kube/resources.ts';
import { asError } from '../kube/watch/failure.ts';
import { readPages } from '../kube/watch/pages.ts';
import { Backoff } from '../timing/backoff.ts';
import type { Clock } from '../timing/clock.ts';
import { runSliced } from '../timing/sliced.ts';
import { innerFacts, innerFactsWithLayout } from './facts/innermap.ts';
import type { Streams } from './streams.ts';

export interface ContentLoaderOptions {
  readonly streams: Pick<Streams, 'layoutOf' | 'innerMaps'>;
  readonly cluster: Pick<Cluster, 'get' | 'page'>;
  readonly clock: Clock;
  readonly room?: ContentRoom | undefined;
  /** Called after contents were read. */
  readonly changed: () => void;
  readonly failed: (error: Error) => void;
}

/** More InnerMaps of one OuterMap than this are read by pages, fewer one by one. */
const PAGED_ABOVE = 16;

/**
 * Reads contents that could not be read when their event came: the OuterMap came later, it was recreated with another
 * layout, or the contents are so large that they are read one at a time.
 */
export class ContentLoader {
  readonly #options: ContentLoaderOptions;
  readonly #backoff: Backoff;
  #working: Promise<void> | undefined;

  constructor(options: ContentLoaderOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  /** Starts to read the unread contents among these InnerMaps, unless a read is under way. */
  load(inners: ReadonlyMap<string, readonly InnerFacts[]>, stop: AbortSignal): void {
    if (this.#working !== undefined) return;
    const unread = new Map<string, readonly InnerFacts[]>();
    for (const [outer, all] of inners) {
      const digest = this.#options.streams.layoutOf(outer)?.digest;
      const some = digest === undefined ? [] : all.filter(inner => isUnread(inner, digest));
      if (some.length > 0) unread.set(outer, some);
    }
    if (unread.size > 0)
      this.#working = this.#readAll(unread, stop).finally(() => (this.#working = undefined));
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #readAll(unread: ReadonlyMap<string, readonly InnerFacts[]>, stop: AbortSignal): Promise<void> {
    const { clock, failed } = this.#options;
    for (const [outer, inners] of unread)
      try {
        await this.#read(outer, inners, stop);
      } catch (error) {
        if (stop.aborted) return;
        failed(asError(error));
        await clock.sleep(this.#backoff.next(), stop);
      }
  }

  async #read(outer: string, inners: readonly InnerFacts[], signal: AbortSignal): Promise<void> {
    if (inners.length > PAGED_ABOVE) await this.#readPages(outer, signal);
    for (const { key } of inners) {
      if (signal.aborted) return;
      const stored = this.#options.streams.innerMaps.items.get(key);
      const digest = this.#options.streams.layoutOf(outer)?.digest;
      if (stored !== undefined && isUnread(stored, digest)) await this.#readOne(key, signal);
    }
  }

  async #readPages(outer: string, signal: AbortSignal): Promise<void> {
    const { cluster, streams, room } = this.#options;
    const query = { fieldSelector: `spec.outerMap=${outer}` };
    const layoutOf = (name: string) => streams.layoutOf(name);
    await readPages({ cluster, ref: { resource: INNER_MAPS }, query, signal }, object => {
      const read = innerFacts(object, { previous: undefined, layoutOf, room });
      if (read.layoutDigest !== undefined) this.#store(read);
    });
  }

  async #readOne(key: string, signal: AbortSignal): Promise<void> {
    try {
      const object = await this.#options.cluster.get<KubeObject>(innerMapRef(key), { signal });
      const outer = (object['spec'] as { readonly outerMap?: string } | undefined)?.outerMap ?? '';
      const { streams, room } = this.#options;
      const layout = streams.layoutOf(outer);
      if (layout !== undefined) this.#store(await runSliced(innerFactsWithLayout(object, { layout, room })));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  /** Stores the facts. It drops those of another generation, because that generation's event is still to come. */
  #store(read: InnerFacts): void {
    const { streams, changed } = this.#options;
    const { items } = streams.innerMaps;
    const stored = items.get(read.key);
    if (stored?.uid !== read.uid || stored.generation !== read.generation) return;
    items.put(read.key, { ...read, resourceVersion: stored.resourceVersion, written: stored.written });
    changed();
  }
}

function isUnread({ wanted, layoutDigest }: InnerFacts, digest: string | undefined): boolean {
  return wanted !== undefined && layoutDigest !== digest;
}
