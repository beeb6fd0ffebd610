import { innerMapName } from '../../api/innermap.ts';
import { ownedName, sharedName } from '../../core/desired/owner.ts';
import { sharing } from '../../core/desired/sharing.ts';
import type { Step } from '../../core/plan/step.ts';
import { isStarved, KernelError } from '../../kernel/error.ts';
import type { BuildRequest, Failed, OpenMap, OpenTypes, Settling } from '../../kernel/kernel.ts';
import { PRIVATE_MODE } from '../../kernel/pins.ts';
import { allEnded } from '../../timing/allended.ts';
import { runSliced, timesSliced, yieldToEventLoop } from '../../timing/sliced.ts';
import { reasonOfInsert } from '../reason.ts';
import type { ApplyContext } from './context.ts';
import { type FailedOutcome, failed, type Outcome, programmed } from './outcome.ts';
import { joinedKeys } from './remove.ts';
import { insertionError, type Typing } from './types.ts';
import { discarding, firstPin, settling } from './writepins.ts';

type Write = Extract<Step, { verb: 'insert' | 'replace' }>;

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
  held: Holding = settling,
): Promise<readonly Outcome[]> {
  const opened = await open(steps[0]!, context);
  if ('ok' in opened) return steps.map(step => ({ ...opened, step }));
  const { outer, typing } = opened;
  const outcomes: Outcome[] = new Array(steps.length);
  const most = context.kernel.openMapsLimit;
  const swaps = new Swaps();
  let size = most;
  try {
    let queue: readonly Share[] = await runSliced(sharing(steps.map(({ inner }) => inner)));
    while (queue.length > 0) {
      const shares = queue.slice(0, typing.isOpen ? 1 : waveSize(steps, queue, size));
      if (swaps.open + shares.length > most) await swaps.end();
      const { again, starved } = await applyWave(
        { context, steps, outer, typing, outcomes, shares, held },
        swaps,
      );
      // What was built goes in before more is tried: this frees memory and file descriptors, and tells which types fit
      await (starved || typing.isOpen ? swaps.end() : yieldToEventLoop());
      const untyped = typing.isOpen && typing.tried(outcomes[shares[0]![0]!]) ? shares : [];
      queue = [...untyped, ...again, ...queue.slice(shares.length)];
      size = starved ? Math.max(1, shares.length >>> 1) : Math.min(most, size * 2);
    }
  } finally {
    await swaps.end();
  }
  return outcomes;
}

/** Opens the outer map. Makes the directory of the inner pins if somebody removed it since the record was written. */
async function open(
  step: Write,
  context: ApplyContext,
): Promise<Pick<Wave, 'outer' | 'typing'> | FailedOutcome> {
  const { pins } = context.kernel;
  const { inner } = context.paths(step.outer);
  try {
    if (!pins.isDirectory(inner)) pins.makeDirectory(inner, PRIVATE_MODE);
    return {
      outer: context.outerMap(step.outer),
      typing: await context.typing(step.outer, step.inner.spec),
    };
  } catch (error) {
    if (error instanceof KernelError) return failed(step, error);
    throw error;
  }
}

/** The kernel creates an inner map in about the time in which it writes this many entries. */
const CREATION = 50;
/** Writing this many entries takes longer than a grace period, some 20 ms. */
const GRACE_PERIOD = 150_000;

/** Keys of one wave: what is done for each of them in one piece takes some milliseconds. One inner map may have more. */
const MOST_KEYS = 16_384;

/** The number of inner maps in the next wave: all that fit, less an end that takes a grace period to build (a quarter at most). */
function waveSize(steps: readonly Write[], queue: readonly Share[], size: number): number {
  const count = fitting(queue, Math.min(size, queue.length));
  let cost = 0;
  for (let at = count; at > count - count / 4; ) {
    at -= 1;
    cost += CREATION + steps[queue[at]![0]!]!.inner.entries.count;
    if (cost >= GRACE_PERIOD && at > 0) return at;
  }
  return count;
}

function fitting(queue: readonly Share[], most: number): number {
  let keys = 0;
  for (let at = 0; at < most; at++) {
    keys += queue[at]!.length;
    if (keys > MOST_KEYS && at > 0) return at;
  }
  return most;
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

/** What becomes of the pin of an inner map that the outer map holds. */
type Holding = typeof settling;

/** The steps that one inner map serves, by their index: one, or several with equal contents. */
type Share = readonly number[];

interface Wave {
  readonly context: ApplyContext;
  readonly steps: readonly Write[];
  readonly outer: OpenMap;
  readonly typing: Typing;
  /** Of all steps, by their index. */
  readonly outcomes: Outcome[];
  /** The inner maps of this wave. */
  readonly shares: readonly Share[];
  readonly held: Holding;
}

interface Unbuilt {
  /** To be tried again. */
  readonly again: Share[];
  /** Because memory or file descriptors did not suffice. */
  starved: boolean;
}

/**
 * Builds the wave. While the next one is built: one batch update of the outer map, pins settled, maps closed.
 * What fails for one of several steps costs the others nothing: they are tried in halves.
 */
async function applyWave(wave: Wave, swaps: Swaps): Promise<Unbuilt> {
  const { context, steps, shares, outcomes } = wave;
  const built = await context.kernel.build(requestsOf(wave));
  const unbuilt: Unbuilt = { again: [], starved: false };
  const ready: Ready = { indexes: [], maps: [] };
  // A single inner map cannot be tried in a smaller wave: its failure is final
  const last = shares.length === 1 && swaps.open === 0;
  let open = 0;
  built.forEach((map, at) => {
    const share = shares[at]!;
    if (!(map instanceof KernelError)) {
      open += 1;
      for (const index of share) {
        ready.indexes.push(index);
        ready.maps.push(map);
      }
    } else if (isStarved(map) && !last) {
      unbuilt.again.push(share);
      unbuilt.starved = true;
    } else if (isStarved(map) || share.length === 1)
      for (const index of share) outcomes[index] = failed(steps[index]!, map);
    else unbuilt.again.push(share.slice(0, share.length >>> 1), share.slice(share.length >>> 1));
  });
  if (open > 0) swaps.begin(open, swapIn(ready, wave));
  return unbuilt;
}

/** Built, pinned and open: the steps by their index, and the map of each. Those of one map follow each other. */
interface Ready {
  readonly indexes: number[];
  readonly maps: OpenMap[];
}

/** Pins that are named without a pause. */
const NAMED = 1000;

/** Made one by one, while those before are built. */
function* requestsOf({
  shares,
  steps,
  context,
  typing: { types },
}: Wave): Iterable<BuildRequest | undefined> {
  for (const share of shares) {
    const pins: string[] = [];
    for (const index of share) {
      pins.push(context.innerPin(steps[index]!.outer, firstPin(steps[index]!, share.length > 1)));
      if (pins.length % NAMED === 0) yield undefined;
    }
    yield requestOf(steps[share[0]!]!, pins, types);
  }
}

function requestOf(
  { outer, inner }: Write,
  pins: readonly string[],
  types: OpenTypes | undefined,
): BuildRequest {
  const { innerMap, owner, spec, entries, sealed } = inner;
  return {
    spec,
    types,
    name: pins.length > 1 ? sharedName(outer) : ownedName(innerMap.metadata, owner),
    label: innerMapName(innerMap),
    entries,
    freeze: sealed,
    pins,
  };
}

/** Closes each map in any case, and unpins those that the outer map did not take. */
async function swapIn(ready: Ready, wave: Wave): Promise<void> {
  const { context, steps, outer, outcomes } = wave;
  const { indexes, maps } = ready;
  let failures: Failed | undefined;
  let unsettled: Failed = new Map();
  try {
    const keys = joinedKeys(
      indexes.map(index => steps[index]!.inner),
      outer.spec.keySize,
    );
    const replacing = context.kernel.replace(outer, keys, maps);
    // Nearly all succeed, and are told while the kernel waits for a grace period
    [failures] = await allEnded([replacing, tellPinned(ready, wave)]);
  } finally {
    const closing = maps.filter((map, at) => map !== maps[at - 1]);
    const { inner } = context.paths(steps[0]!.outer);
    unsettled = await context.kernel.settle(inner, settlings(ready, wave, failures), closing);
  }
  for (const [at, error] of unsettled) outcomes[indexes[at]!] = failed(steps[indexes[at]!]!, error);
  for (const [at, refused] of failures) {
    const step = steps[indexes[at]!]!;
    outcomes[indexes[at]!] = failed(step, insertionError(refused, step.inner.spec), reasonOfInsert(refused));
  }
}

function tellPinned(ready: Ready, { steps, outcomes }: Wave): Promise<void> {
  const { indexes, maps } = ready;
  return timesSliced(maps.length, at => {
    const index = indexes[at]!;
    outcomes[index] = programmed(steps[index]!, { id: maps[at]!.id, shared: isShared(ready, at) });
  });
}

/** `failures`: of the outer map; absent where it is not known what it took. */
function settlings(ready: Ready, wave: Wave, failures: Failed | undefined): Iterable<Settling> {
  const { steps, held } = wave;
  // As after a first turn: all have the names that they keep
  const isSettled =
    held === settling && failures?.size === 0 && !ready.indexes.some(at => steps[at]!.pinTaken);
  return isSettled ? [] : eachSettling(ready, wave, failures);
}

function* eachSettling(ready: Ready, wave: Wave, failures: Failed | undefined): Iterable<Settling> {
  for (const [at, index] of ready.indexes.entries()) {
    const become = failures === undefined || failures.has(at) ? discarding : wave.held;
    yield become(wave.steps[index]!, isShared(ready, at));
  }
}

function isShared({ maps }: Ready, at: number): boolean {
  return maps[at] === maps[at - 1] || maps[at] === maps[at + 1];
}
