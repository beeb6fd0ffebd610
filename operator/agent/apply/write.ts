import { innerMapName } from '../../api/innermap.ts';
import { innerPinName, TEMPORARY } from '../../core/ledgerrecord.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { BuildRequest, OpenMap } from '../../kernel/kernel.ts';
import { forEachSliced, timesSliced, yieldToEventLoop } from '../../timing/sliced.ts';
import { reasonOfInsert } from '../reason.ts';
import type { ApplyContext } from './context.ts';
import { attempt, done, failed, type Outcome } from './outcome.ts';
import { mapName } from './outer.ts';

type Write = Extract<Step, { verb: 'insert' | 'replace' }>;

/** Memory or files have ended: a smaller wave may do with what there is. */
const STARVED: ReadonlySet<string> = new Set(['ENOMEM', 'EMFILE', 'ENFILE']);

/**
 * Inserts and replacements of one outer map, in waves of as many inner maps as may be open at once.
 * A wave holds old and new contents together: where memory or files end, what was built is swapped in
 * (which frees the old ones), and the rest goes on in waves half as large.
 * The end of a large wave goes by itself: it is built in the grace period of the rest, which is settled in its own.
 */
export async function applyWrites(steps: readonly Write[], site: ApplyContext): Promise<readonly Outcome[]> {
  const outer = opened(steps, site);
  if (Array.isArray(outer)) return outer;
  const outcomes: Outcome[] = new Array(steps.length);
  const most = site.kernel.openMapsLimit;
  const swaps = new Swaps();
  let size = most;
  try {
    for (let queue = [...steps.keys()]; queue.length > 0; ) {
      const indexes = queue.slice(0, waveSize(steps, queue, size));
      if (swaps.open + indexes.length > most) await swaps.end();
      const wave = { site, steps, outer: outer as OpenMap, outcomes, indexes };
      const starved = await applyWave(wave, swaps);
      // What was built goes in before more is tried: that is what frees memory and files
      await (starved.length > 0 ? swaps.end() : yieldToEventLoop());
      queue = [...starved, ...queue.slice(indexes.length)];
      size = starved.length > 0 ? Math.max(1, indexes.length >>> 1) : Math.min(most, size * 2);
    }
  } finally {
    await swaps.end();
  }
  return outcomes;
}

/** To create an inner map takes the kernel as long as to fill in so many entries, about. */
const CREATION = 50;
/** To build so much takes longer than a grace period: some 20 ms. */
const GRACE_PERIOD = 150_000;

/** How many of the queue go next: all that may, but for an end of a quarter at most that is worth a grace period. */
function waveSize(steps: readonly Write[], queue: readonly number[], size: number): number {
  const count = Math.min(size, queue.length);
  let cost = 0;
  for (let at = count; at > count - count / 4; ) {
    at -= 1;
    cost += CREATION + steps[queue[at]!]!.inner.entries.count;
    if (cost >= GRACE_PERIOD && at > 0) return at;
  }
  return count;
}

/** Waves that are built and on their way into the outer map. */
class Swaps {
  readonly #running = new Set<Promise<void>>();
  #broken: { readonly by: unknown } | undefined;
  #open = 0;

  /** Inner maps that are open for them. */
  get open(): number {
    return this.#open;
  }

  begin(maps: number, swap: Promise<void>): void {
    this.#open += maps;
    this.#running.add(
      swap.catch((error: unknown) => {
        this.#broken ??= { by: error };
      }),
    );
  }

  /** Waits for all; throws what broke one of them. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
    this.#running.clear();
    this.#open = 0;
    if (this.#broken !== undefined) throw this.#broken.by;
  }
}

function opened(steps: readonly Write[], site: ApplyContext): OpenMap | Outcome[] {
  try {
    return site.outerMap(steps[0]!.outer);
  } catch (error) {
    if (error instanceof KernelError) return steps.map(step => failed(step, error));
    throw error;
  }
}

interface Wave {
  readonly site: ApplyContext;
  readonly steps: readonly Write[];
  readonly outer: OpenMap;
  /** Of all steps, by their index. */
  readonly outcomes: Outcome[];
  /** The steps of this wave. */
  readonly indexes: readonly number[];
}

/**
 * Build all; then, while others are built: one batch update of the outer map, settle the pins, close.
 * Answers what memory or files did not suffice for.
 */
async function applyWave(wave: Wave, swaps: Swaps): Promise<readonly number[]> {
  const { site, steps, indexes, outcomes } = wave;
  const { inner } = site.paths(steps[0]!.outer);
  const requests: BuildRequest[] = [];
  await forEachSliced(indexes, index => requests.push(requestOf(steps[index]!, inner)));
  const built = await site.kernel.build(requests);
  const starved: number[] = [];
  const ready: Ready = { indexes: [], maps: [] };
  // Nothing smaller than one by itself can be tried: its failure is final
  const last = indexes.length === 1 && swaps.open === 0;
  built.forEach((map, at) => {
    const index = indexes[at]!;
    if (!(map instanceof KernelError)) {
      ready.indexes.push(index);
      ready.maps.push(map);
    } else if (STARVED.has(map.errno) && !last) starved.push(index);
    else outcomes[index] = failed(steps[index]!, map);
  });
  if (ready.maps.length > 0) swaps.begin(ready.maps.length, swapIn(ready, wave));
  return starved;
}

/** Built, pinned and open: the maps of the steps with these indexes. */
interface Ready {
  readonly indexes: number[];
  readonly maps: OpenMap[];
}

function requestOf(step: Write, directory: string): BuildRequest {
  const { innerMap, spec, entries, sealed, keyHex } = step.inner;
  const pin = `${directory}/${innerPinName(keyHex)}${step.pinTaken ? TEMPORARY : ''}`;
  return {
    spec,
    name: mapName(innerMap.metadata.name),
    label: innerMapName(innerMap),
    entries,
    freeze: sealed,
    pin,
  };
}

/** From here on every map is open: whatever happens, each is closed, and what did not go in loses its pin. */
async function swapIn(ready: Ready, { site, steps, outer, outcomes }: Wave): Promise<void> {
  const { indexes, maps } = ready;
  let settled = 0;
  try {
    const refused = await site.kernel.replace(outer, keysOf(ready, steps, outer.spec.keySize), maps);
    await timesSliced(maps.length, at => {
      const step = steps[indexes[at]!]!;
      const error = refused.get(at);
      outcomes[indexes[at]!] =
        error === undefined ? settle(step, maps[at]!, site) : failed(step, error, reasonOfInsert(error));
      maps[at]!.close();
      settled = at + 1;
      if (error !== undefined) discard(step, site);
    });
  } finally {
    for (let at = settled; at < maps.length; at++) {
      maps[at]!.close();
      discard(steps[indexes[at]!]!, site);
    }
  }
}

function keysOf({ indexes }: Ready, steps: readonly Write[], keySize: number): Uint8Array {
  const keys = new Uint8Array(indexes.length * keySize);
  for (let at = 0; at < indexes.length; at++) keys.set(steps[indexes[at]!]!.inner.key, at * keySize);
  return keys;
}

/** The outer map holds it: its pin gets the name that proves it ours. */
function settle(step: Write, map: OpenMap, site: ApplyContext): Outcome {
  if (!step.pinTaken) return done(step, map.id);
  const path = pinPath(step, site);
  const renamed = attempt(step, () => site.kernel.pins.rename(path + TEMPORARY, path) as undefined);
  return renamed.ok ? done(step, map.id) : renamed;
}

function discard(step: Write, site: ApplyContext): void {
  attempt(
    step,
    () => site.kernel.pins.unlink(pinPath(step, site) + (step.pinTaken ? TEMPORARY : '')) as undefined,
  );
}

function pinPath(step: Write, site: ApplyContext): string {
  return `${site.paths(step.outer).inner}/${innerPinName(step.inner.keyHex)}`;
}
