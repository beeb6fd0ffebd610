import { innerMapName } from '../../api/innermap.ts';
import { innerPinName, TEMPORARY } from '../../core/ledger.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { BuildRequest, OpenMap } from '../../kernel/kernel.ts';
import { paced } from '../../pace/pace.ts';
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
  const outcomes = new Map<Write, Outcome>();
  let size = site.kernel.openMapsLimit;
  for (let queue = steps; queue.length > 0; ) {
    const wave = queue.slice(0, size);
    const starved = await applyWave(wave, outer as OpenMap, { site, outcomes, last: wave.length === 1 });
    queue = [...starved, ...queue.slice(wave.length)];
    size =
      starved.length > 0 ? Math.max(1, wave.length >>> 1) : Math.min(site.kernel.openMapsLimit, size * 2);
  }
  return steps.map(step => outcomes.get(step)!);
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
  readonly outcomes: Map<Write, Outcome>;
  /** Nothing smaller can be tried: out of memory is final. */
  readonly last: boolean;
}

/** Build all, one batch update of the outer map, settle the pins, close. Answers what memory did not suffice for. */
async function applyWave(steps: readonly Write[], outer: OpenMap, wave: Wave): Promise<readonly Write[]> {
  const { site, outcomes, last } = wave;
  const { inner } = site.paths(steps[0]!.outer);
  const built = await site.kernel.build(steps.map(step => requestOf(step, inner)));
  const starved: Write[] = [];
  const ready: { step: Write; map: OpenMap }[] = [];
  built.forEach((map, at) => {
    const step = steps[at]!;
    if (!(map instanceof KernelError)) ready.push({ step, map });
    else if (STARVED.has(map.errno) && !last) starved.push(step);
    else outcomes.set(step, failed(step, map));
  });
  await swapIn(ready, outer, wave);
  return starved;
}

function requestOf(step: Write, directory: string): BuildRequest {
  const { innerMap, spec, entries, sealed, key } = step.inner;
  const pin = `${directory}/${innerPinName(key)}${step.pinTaken ? TEMPORARY : ''}`;
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
async function swapIn(
  ready: readonly { step: Write; map: OpenMap }[],
  outer: OpenMap,
  { site, outcomes }: Wave,
): Promise<void> {
  const settled = new Set<Write>();
  try {
    if (ready.length === 0) return;
    const refused = await site.kernel.replace(
      outer,
      keysOf(ready, outer.spec.keySize),
      ready.map(({ map }) => map),
    );
    await paced(ready, ({ step, map }, at) => {
      const error = refused.get(at);
      const outcome =
        error === undefined ? settle(step, map, site) : failed(step, error, reasonOfInsert(error));
      outcomes.set(step, outcome);
      if (error === undefined) settled.add(step);
    });
  } finally {
    for (const { step, map } of ready) {
      map.close();
      if (!settled.has(step)) discard(step, site);
    }
  }
}

function keysOf(ready: readonly { step: Write }[], keySize: number): Uint8Array {
  const keys = new Uint8Array(ready.length * keySize);
  ready.forEach(({ step }, at) => {
    keys.set(step.inner.key, at * keySize);
  });
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
  return `${site.paths(step.outer).inner}/${innerPinName(step.inner.key)}`;
}
