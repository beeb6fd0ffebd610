import { innerPinName, recordText, TEMPORARY } from '../../core/ledgerrecord.ts';
import { counted } from '../../core/plan/print.ts';
import type { Step } from '../../core/plan/step.ts';
import { PRIVATE_MODE } from '../../kernel/pins.ts';
import { innerPinsIn } from '../../ledger/ledger.ts';
import { dropBeside } from '../../ledger/removal.ts';
import { forEachSliced } from '../../timing/sliced.ts';
import type { ApplyContext } from './context.ts';
import { attempt, attemptAll, type Outcome } from './outcome.ts';
import { LEDGER_MODE, mapName, putInPlace } from './outer.ts';
import { applyWrites } from './write.ts';

type Recreate = Extract<Step, { verb: 'recreate' }>;

/**
 * Makes the new outer map beside the one before, with all of its inner maps, and only then puts it where programs look,
 * by one rename: there is no moment without a map. Whoever holds the map before keeps it as it is.
 */
export function recreate(steps: readonly Recreate[], context: ApplyContext): Promise<readonly Outcome[]> {
  const step = steps[0]!;
  return attemptAll([step, ...step.writes], async () => {
    const made = attempt(step, () => makeBeside(step, context));
    if (!made.ok) return [made, ...step.writes.map(write => ({ ...made, step: write }))];
    const writes = await written(step, context);
    const missing = writes.filter(outcome => !outcome.ok);
    const outcome =
      missing[0]?.ok === false
        ? { ...missing[0], step, message: staysText(missing.length, missing[0].message) }
        : attempt(step, () => takePlace(step, context));
    if (outcome.ok) {
      await unlinkOthers(step, context);
      return [outcome, ...writes];
    }
    attempt(step, () => dropBeside(context.kernel, context.paths(step.outer)));
    context.block(outcome);
    return [outcome, ...writes.map(write => (write.ok ? { ...outcome, step: write.step } : write))];
  });
}

function staysText(missing: number, first: string): string {
  return `${counted(missing, 'inner map')} cannot be made for the new outer map, the one before stays: ${first}`;
}

function makeBeside(step: Recreate, context: ApplyContext): number {
  const paths = context.paths(step.outer);
  const { pins } = context.kernel;
  const { layout } = step.desired;
  pins.makeDirectory(paths.inner, PRIVATE_MODE);
  dropBeside(context.kernel, paths);
  const map = context.kernel.createOuter(layout.outer, layout.template, mapName(step.outer));
  context.use(step.outer, map);
  pins.pin(map, paths.outer + TEMPORARY, LEDGER_MODE);
  return map.id;
}

async function written({ writes }: Recreate, context: ApplyContext): Promise<readonly Outcome[]> {
  type Inserts = Parameters<typeof applyWrites>[0];
  return writes.length === 0 ? [] : applyWrites(writes as Inserts, context);
}

/** Once the record is written the new map counts, whatever a crash leaves undone. */
function takePlace(step: Recreate, context: ApplyContext): number {
  const { id } = context.outerMap(step.outer);
  const { unpin } = step;
  const record = { ...step.record, taking: { id, ...(unpin === undefined ? {} : { unpin }) } };
  context.kernel.pins.writeRecord(context.paths(step.outer).spec, recordText(record));
  putInPlace({ outer: step.outer, record, mode: step.mode }, context);
  return id;
}

/** Pins of inner maps that only the map before has prove nothing any more. */
async function unlinkOthers(step: Recreate, context: ApplyContext): Promise<void> {
  const { outer, writes } = step;
  const { kernel } = context;
  const { inner } = context.paths(outer);
  const names = new Set(writes.map(write => innerPinName(write.inner.keyHex)));
  const others = innerPinsIn(kernel.pins.kinds(inner)).filter(name => !names.has(name));
  await forEachSliced(others, name =>
    attempt(step, () => kernel.pins.unlink(`${inner}/${name}`) as undefined),
  );
}
