import { innerMapName } from '../../api/innermap.ts';
import { ownedName } from '../../core/desired/owner.ts';
import { innerPinName, TEMPORARY } from '../../core/ledgerrecord.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { BuildRequest, OpenMap } from '../../kernel/kernel.ts';
import { PRIVATE_MODE } from '../../kernel/pins.ts';
import { timesSliced, yieldToEventLoop } from '../../timing/sliced.ts';
import { reasonOfInsert } from '../reason.ts';
import type { ApplyContext } from './context.ts';
import { attempt, done, failed, type Outcome } from './outcome.ts';
import { joinedKeys } from './remove.ts';

type Write = Extract<Step, { verb: 'insert' | 'replace' }>;

/** Memory or file descriptors have run out: a smaller wave may still fit. */
const STARVED: ReadonlySet<string> = new Set(['ENOMEM', 'EMFILE', 'ENFILE']);

/**
 * Inserts and replacements of one outer map, in waves of as many inner maps as may be open at once.
 * A wave holds old and new contents at the same time. Where memory or file descriptors run out, what was built is
 * swapped in, which frees the old contents, and the rest follows in waves half as large.
 * The end of a large wave is a wave of its own: it is built in the grace period of the first part, which is settled
 * in the grace period of the end.
 */
export async function applyWrites(
  steps: readonly Write[],
  context: ApplyContext,
  held: Holding = settle,
): Promise<readonly Outcome[]> {
  const opened = attempt(steps[0]!, () => open(steps[0]!, context));
  if (!opened.ok) return steps.map(step => ({ ...opened, step }));
  const outer = context.outerMap(steps[0]!.outer);
  const outcomes: Outcome[] = new Array(steps.length);
  const most = context.kernel.openMapsLimit;
  const swaps = new Swaps();
  let size = most;
  try {
    for (let queue = [...steps.keys()]; queue.length > 0; ) {
      const indexes = queue.slice(0, waveSize(steps, queue, size));
      if (swaps.open + indexes.length > most) await swaps.end();
      const wave = { context, steps, outer, outcomes, indexes, held };
      const starved = await applyWave(wave, swaps);
      // What was built goes in before more is tried: this frees memory and file descriptors
      await (starved.length > 0 ? swaps.end() : yieldToEventLoop());
      queue = [...starved, ...queue.slice(indexes.length)];
      size = starved.length > 0 ? Math.max(1, indexes.length >>> 1) : Math.min(most, size * 2);
    }
  } finally {
    await swaps.end();
  }
  return outcomes;
}

/** Opens the outer map. Makes the directory of the inner pins if somebody removed it since the record was written. */
function open({ outer }: Write, context: ApplyContext): number {
  const { pins } = context.kernel;
  const { inner } = context.paths(outer);
  if (!pins.isDirectory(inner)) pins.makeDirectory(inner, PRIVATE_MODE);
  return context.outerMap(outer).id;
}

/** The kernel creates an inner map in about the time in which it writes this many entries. */
const CREATION = 50;
/** Writing this many entries takes longer than a grace period, some 20 ms. */
const GRACE_PERIOD = 150_000;

/** The number of inner maps in the next wave: all that fit, less an end that takes a grace period to build (a quarter at most). */
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

/** Waves that are built and being swapped into the outer map. */
class Swaps {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  /** Inner maps that they hold open. */
  open = 0;

  begin(maps: number, swap: Promise<void>): void {
    this.open += maps;
    this.#running.add(
      swap.catch((error: unknown) => {
        this.#failure ??= { error };
      }),
    );
  }

  /** Waits for all; throws the first error of one of them. */
  async end(): Promise<void> {
    await Promise.all(this.#running);
    this.#running.clear();
    this.open = 0;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** What becomes of an inner map that the outer map holds. */
type Holding = (step: Write, map: OpenMap, context: ApplyContext) => Outcome;

interface Wave {
  readonly context: ApplyContext;
  readonly steps: readonly Write[];
  readonly outer: OpenMap;
  /** Of all steps, by their index. */
  readonly outcomes: Outcome[];
  /** The steps of this wave. */
  readonly indexes: readonly number[];
  readonly held: Holding;
}

/**
 * Builds the wave. While the next one is built: one batch update of the outer map, pins settled, maps closed.
 * Returns the indexes for which memory or file descriptors did not suffice.
 */
async function applyWave(wave: Wave, swaps: Swaps): Promise<readonly number[]> {
  const { context, steps, indexes, outcomes } = wave;
  const built = await context.kernel.build(requestsOf(wave));
  const starved: number[] = [];
  const ready: Ready = { indexes: [], maps: [] };
  // A single inner map cannot be tried in a smaller wave: its failure is final
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

/** Made one by one, while those before are built. */
function* requestsOf({ steps, indexes, context }: Wave): Iterable<BuildRequest> {
  for (const index of indexes) yield requestOf(steps[index]!, context);
}

function requestOf(step: Write, context: ApplyContext): BuildRequest {
  const { innerMap, owner, spec, entries, sealed } = step.inner;
  return {
    spec,
    name: ownedName(innerMap.metadata, owner),
    label: innerMapName(innerMap),
    entries,
    freeze: sealed,
    pins: [firstPin(step, context)],
  };
}

/** Closes each map in any case, and unpins those that the outer map did not take. */
async function swapIn(ready: Ready, { context, steps, outer, outcomes, held }: Wave): Promise<void> {
  const { indexes, maps } = ready;
  let settled = 0;
  try {
    const keys = joinedKeys(
      indexes.map(index => steps[index]!.inner),
      outer.spec.keySize,
    );
    const failures = await context.kernel.replace(outer, keys, maps);
    await timesSliced(maps.length, at => {
      const step = steps[indexes[at]!]!;
      const error = failures.get(at);
      outcomes[indexes[at]!] =
        error === undefined ? held(step, maps[at]!, context) : failed(step, error, reasonOfInsert(error));
      maps[at]!.close();
      settled = at + 1;
      if (error !== undefined) discard(step, context);
    });
  } finally {
    for (let at = settled; at < maps.length; at++) {
      maps[at]!.close();
      discard(steps[indexes[at]!]!, context);
    }
  }
}

/** The outer map holds it: its pin gets the name that proves it ours. */
function settle(step: Write, map: OpenMap, context: ApplyContext): Outcome {
  if (!step.pinTaken) return done(step, map.id);
  return attempt(step, () => {
    context.kernel.pins.rename(firstPin(step, context), finalPin(step, context));
    return map.id;
  });
}

function discard(step: Write, context: ApplyContext): void {
  attempt(step, () => context.kernel.pins.unlink(firstPin(step, context)) as undefined);
}

/** Where the inner map is pinned until the outer map holds it. */
function firstPin(step: Write, context: ApplyContext): string {
  return finalPin(step, context) + (step.pinTaken ? TEMPORARY : '');
}

function finalPin(step: Write, context: ApplyContext): string {
  return context.innerPin(step.outer, innerPinName(step.inner.keyHex));
}
