import type { OuterLayout } from '../core/layout/outer.ts';
import type { InnerFacts } from '../core/status/facts.ts';
import type { World } from '../core/status/old/clusterstate.ts';
import { ApiError, type Cluster, type KubeObject } from '../kube/client.ts';
import { INNER_MAPS, innerMapRef } from '../kube/resources.ts';
import { readPages } from '../kube/watch/pages.ts';
import { Backoff } from '../timing/backoff.ts';
import type { Clock } from '../timing/clock.ts';
import { runSliced } from '../timing/sliced.ts';
import { innerFacts, judging } from './facts/innermap.ts';

export interface JudgeOptions {
  readonly world: World;
  readonly cluster: Pick<Cluster, 'get' | 'page'>;
  readonly clock: Clock;
  readonly changed: () => void;
  readonly failed: (error: Error) => void;
}

/** More of one OuterMap than this are read by pages, fewer one by one. */
const FEW = 16;

/**
 * Reads contents again that nobody could read when they came: of an OuterMap that came later, or was made again with
 * another layout; and those that are so long that they are read apart, one at a time.
 */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #backoff: Backoff;
  readonly #due = new Set<string>();
  #working: Promise<void> | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  /** The name of an OuterMap whose InnerMaps are to be looked through. */
  look(outer: string, stop: AbortSignal): void {
    this.#due.add(outer);
    this.#working ??= this.#work(stop);
  }

  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(stop: AbortSignal): Promise<void> {
    const { clock, failed } = this.#options;
    // Let what comes at the same time come together.
    await clock.sleep(0);
    for (const outer of this.#due) {
      if (stop.aborted) break;
      try {
        this.#due.delete(outer);
        await this.#readAll(outer, stop);
      } catch (error) {
        if (stop.aborted) break;
        failed(error instanceof Error ? error : new Error(String(error)));
        this.#due.add(outer);
        await clock.sleep(this.#backoff.next(), stop);
      }
    }
    this.#working = undefined;
  }

  async #readAll(outer: string, signal: AbortSignal): Promise<void> {
    const unread = this.#unread(outer);
    if (unread.length > FEW) await this.#readPages(outer, signal);
    for (const key of this.#unread(outer)) {
      if (signal.aborted) return;
      await this.#readOne(key, signal);
    }
  }

  #unread(outer: string): readonly string[] {
    const digest = this.#layoutOf(outer)?.digest;
    if (digest === undefined) return [];
    const inners = this.#options.world.outers.get(outer)?.inners.values() ?? [];
    const unread: string[] = [];
    for (const { facts } of inners)
      if (facts.wanted !== undefined && facts.judgedBy !== digest) unread.push(facts.key);
    return unread;
  }

  async #readPages(outer: string, signal: AbortSignal): Promise<void> {
    const { cluster } = this.#options;
    const query = { fieldSelector: `spec.outerMap=${outer}` };
    const layoutOf = (name: string) => this.#layoutOf(name);
    await readPages({ cluster, place: { resource: INNER_MAPS }, query, signal }, object => {
      const read = innerFacts(object, { known: undefined, layoutOf });
      if (read.judgedBy !== undefined) this.#take(read);
    });
  }

  async #readOne(key: string, signal: AbortSignal): Promise<void> {
    try {
      const object = await this.#options.cluster.get<KubeObject>(innerMapRef(key), { signal });
      const steps = this.#judging(object);
      if (steps !== undefined) this.#take(await runSliced(steps));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  #judging(object: KubeObject): Generator<undefined, InnerFacts> | undefined {
    const outer = (object['spec'] as { readonly outerMap?: string } | undefined)?.outerMap ?? '';
    const layout = this.#layoutOf(outer);
    return layout === undefined ? undefined : judging(object, layout);
  }

  #layoutOf(outer: string): OuterLayout | undefined {
    return layoutIn(this.#options.world, outer);
  }

  /** Of another generation than is known: its event is under way, and brings what it takes. */
  #take(read: InnerFacts): void {
    const { world, clock, changed } = this.#options;
    const known = world.inners.get(read.key)?.facts;
    if (known?.uid !== read.uid || known.generation !== read.generation) return;
    world.putInner({ ...read, resourceVersion: known.resourceVersion, written: known.written }, clock.now());
    changed();
  }
}

export function layoutIn(world: World, outer: string): OuterLayout | undefined {
  const ground = world.outers.get(outer)?.compiled;
  return typeof ground === 'object' ? ground.layout : undefined;
}
