import { innerMapName } from '../../api/innermap.ts';
import { innerPinName, TEMPORARY } from '../../core/ledger.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { BuildRequest, OpenMap } from '../../kernel/kernel.ts';
import { paced, pacedTimes } from '../../pace/pace.ts';
import { reasonOfInsert } from '../reason.ts';
import { attempt, done, failed, type Outcome } from './outcome.ts';
import { mapName } from './outer.ts';
import type { Site } from './site.ts';

type Write = Extract<Step, { verb: 'insert' | 'replace' }>;

/** Memory or files have ended: a smaller wave may do with what there is. */
const STARVED: ReadonlySet<string> = new Set(['ENOMEM', 'EMFILE', 'ENFILE']);

/**
 * Inserts and replacements of one outer map, in waves of as many inner maps as may be open at once.
 * A wave holds old and new contents together: where memory or files end, what was built is swapped in
 * (which frees the old ones), and the rest goes on in waves half as large.
 */
export async function applyWrites(steps: readonly Write[], site: Site): Promise<readonly Outcome[]> {
  const outer = opened(steps, site);
  if (Array.isArray(outer)) return outer;
  const outcomes: Outcome[] = new Array(steps.length);
  let size = site.kernel.openMapsLimit;
  for (let queue = [...steps.keys()]; queue.length > 0; ) {
    const wave = { site, steps, outer: outer as OpenMap, outcomes, indexes: queue.slice(0, size) };
    const starved = await applyWave(wave);
    const done = wave.indexes.length;
    queue = [...starved, ...queue.slice(done)];
    size = starved.length > 0 ? Math.max(1, done >>> 1) : Math.min(site.kernel.openMapsLimit, size * 2);
  }
  return outcomes;
}

function opened(steps: readonly Write[], site: Site): OpenMap | Outcome[] {
  try {
    return site.outerMap(steps[0]!.outer);
  } catch (error) {
    if (error instanceof KernelError) return steps.map(step => failed(step, error));
    throw error;
  }
}

interface Wave {
  readonly site: Site;
  readonly steps: readonly Write[];
  readonly outer: OpenMap;
  /** Of all steps, by their index. */
  readonly outcomes: Outcome[];
  /** The steps of this wave. */
  readonly indexes: readonly number[];
}

/** Build all, one batch update of the outer map, settle the pins, close. Answers what memory or files did not suffice for. */
async function applyWave(wave: Wave): Promise<readonly number[]> {
  const { site, steps, indexes, outcomes } = wave;
  const { inner } = site.paths(steps[0]!.outer);
  const requests: BuildRequest[] = [];
  await paced(indexes, index => requests.push(requestOf(steps[index]!, inner)));
  const built = await site.kernel.build(requests);
  const starved: number[] = [];
  const ready: Ready = { indexes: [], maps: [] };
  // Nothing smaller than one can be tried: its failure is final
  const last = indexes.length === 1;
  built.forEach((map, at) => {
    const index = indexes[at]!;
    if (!(map instanceof KernelError)) {
      ready.indexes.push(index);
      ready.maps.push(map);
    } else if (STARVED.has(map.errno) && !last) starved.push(index);
    else outcomes[index] = failed(steps[index]!, map);
  });
  if (ready.maps.length > 0) await swapIn(ready, wave);
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
    await pacedTimes(maps.length, at => {
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
function settle(step: Write, map: OpenMap, site: Site): Outcome {
  if (!step.pinTaken) return done(step, map.id);
  const path = pinPath(step, site);
  const renamed = attempt(step, () => site.kernel.pins.rename(path + TEMPORARY, path) as undefined);
  return renamed.ok ? done(step, map.id) : renamed;
}

function discard(step: Write, site: Site): void {
  attempt(
    step,
    () => site.kernel.pins.unlink(pinPath(step, site) + (step.pinTaken ? TEMPORARY : '')) as undefined,
  );
}

function pinPath(step: Write, site: Site): string {
  return `${site.paths(step.outer).inner}/${innerPinName(step.inner.keyHex)}`;
}
