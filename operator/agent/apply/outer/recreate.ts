import { innerPinIn, settledName } from '../../../core/ledger/innerpin.ts';
import { innerPinName, recordText, TEMPORARY } from '../../../core/ledgerrecord.ts';
import { counted } from '../../../core/plan/print.ts';
import type { Step } from '../../../core/plan/step.ts';
import type { OpenMap, Settling } from '../../../kernel/kernel.ts';
import { PRIVATE_MODE } from '../../../kernel/pins.ts';
import { innerPinsIn } from '../../../ledger/ledger.ts';
import { idAt, idIfReadable } from '../../../ledger/reading.ts';
import { dropBeside, unlinksOf } from '../../../ledger/removal.ts';
import type { ApplyContext } from '../context.ts';
import { attempt, attemptAll, done, type FailedOutcome, failed, type Outcome } from '../outcome.ts';
import { applyWrites } from '../write.ts';
import { LEDGER_MODE, mapName } from './outer.ts';

type Recreate = Extract<Step, { verb: 'recreate' }>;
type TakeOver = Extract<Step, { verb: 'takeOver' }>;

/**
 * Makes the new outer map beside the one before, with all of its inner maps, and only then puts it where programs look,
 * by one rename: there is no moment without a map. Whoever holds the map before keeps it as it is.
 * What fails before the record is written is undone. From then on the new map counts, and a later turn takes over.
 */
export function recreate(steps: readonly Recreate[], context: ApplyContext): Promise<readonly Outcome[]> {
  const step = steps[0]!;
  return attemptAll([step, ...step.writes], async () => {
    const { outcome, writes } = await made(step, context);
    if (!outcome.ok) {
      await dropUnfinished(step, context);
      return failedAll(outcome, writes, context);
    }
    const placed = attempt(step, () => putInPlace(placing(step, context), context));
    if (!placed.ok) return failedAll({ ...placed, message: goesOnText(placed.message) }, writes, context);
    const failures = await settleAll(step, context);
    return [placed, ...writes.map(write => settled(write, failures))];
  });
}

/** The record says that the map under the temporary name is whole, and counts: a failure or a crash came between. */
export function takeOver(steps: readonly TakeOver[], context: ApplyContext): Promise<readonly Outcome[]> {
  const step = steps[0]!;
  return attemptAll([step], async () => {
    context.forget(step.outer);
    const map = context.kernel.open(context.paths(step.outer).outer + TEMPORARY);
    try {
      preparePin(step, map, context);
    } finally {
      map.close();
    }
    putInPlace(step, context);
    await settleAll(step, context);
    return [done(step)];
  });
}

interface Made {
  readonly outcome: Outcome;
  readonly writes: readonly Outcome[];
}

/** All that may fail for want of memory or by what others made at the pin, the record last. */
async function made(step: Recreate, context: ApplyContext): Promise<Made> {
  const made = attempt(step, () => makeBeside(step, context));
  if (!made.ok) return { outcome: made, writes: step.writes.map(write => ({ ...made, step: write })) };
  const writes = await attemptAll(step.writes, () => written(step, context));
  const missing = writes.filter(outcome => !outcome.ok);
  const [first] = missing;
  if (first?.ok === false)
    return { outcome: { ...first, step, message: staysText(missing.length, first.message) }, writes };
  const outcome = attempt(step, () => {
    preparePin(step, context.outerMap(step.outer), context);
    return recordTaking(step, context);
  });
  return { outcome: outcome.ok ? outcome : { ...outcome, message: noPlaceText(outcome.message) }, writes };
}

function failedAll(
  outcome: FailedOutcome,
  writes: readonly Outcome[],
  context: ApplyContext,
): readonly Outcome[] {
  context.block(outcome);
  return [outcome, ...writes.map(write => (write.ok ? { ...outcome, step: write.step } : write))];
}

function staysText(missing: number, first: string): string {
  return `${counted(missing, 'inner map')} cannot be made for the new outer map, the one before stays: ${first}`;
}

function noPlaceText(why: string): string {
  return `The new outer map cannot be put in its place, the one before stays: ${why}`;
}

function goesOnText(why: string): string {
  return `The new outer map is made, the next turn puts it in its place: ${why}`;
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

/** The pins keep their temporary names: what the map before is proven by is touched only once that is gone. */
async function written({ writes }: Recreate, context: ApplyContext): Promise<readonly Outcome[]> {
  type Inserts = Parameters<typeof applyWrites>[0];
  return writes.length === 0 ? [] : applyWrites(writes as Inserts, context, () => ({}));
}

type Place = Pick<TakeOver, 'outer' | 'id' | 'record' | 'mode' | 'unpin'>;

function placing({ outer, record, mode, unpin }: Recreate, context: ApplyContext): Place {
  const { id } = context.outerMap(outer);
  return { outer, id, record, mode, unpin: unpin === undefined ? [] : [unpin] };
}

/** The pin for programs, under its temporary name; none where somebody else's map is in its place. */
function preparePin(
  step: Pick<Place, 'outer' | 'record' | 'mode'>,
  map: OpenMap,
  context: ApplyContext,
): void {
  const { pins } = context.kernel;
  const beside = context.paths(step.outer).pin + TEMPORARY;
  pins.unlink(beside);
  if (step.record.pin === undefined || !isFree(step.record.pin, step.outer, context)) return;
  const path = context.pinPath(step.record.pin);
  pins.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  pins.pin(map, beside, step.mode);
}

/** Nothing is at the pin, or the map that the ledger has. */
function isFree(pin: string, outer: string, context: ApplyContext): boolean {
  const { kernel } = context;
  const id = idAt(kernel, context.pinPath(pin));
  return id === undefined || id === idAt(kernel, context.paths(outer).outer);
}

/** Once this is written the new map counts, whatever fails from here on. */
function recordTaking(step: Recreate, context: ApplyContext): number {
  const { id } = context.outerMap(step.outer);
  const { unpin } = step;
  const record = { ...step.record, taking: { id, ...(unpin === undefined ? {} : { unpin }) } };
  context.kernel.pins.writeRecord(context.paths(step.outer).spec, recordText(record));
  return id;
}

/** Puts the map under the temporary name where programs look, then in the place of the one before in the ledger. */
function putInPlace({ outer, id, record, unpin }: Place, context: ApplyContext): number {
  const { pins } = context.kernel;
  const paths = context.paths(outer);
  const { pin } = record;
  if (pin !== undefined && pins.exists(paths.pin + TEMPORARY) && isFree(pin, outer, context))
    pins.rename(paths.pin + TEMPORARY, context.pinPath(pin));
  const ours = [id, idAt(context.kernel, paths.outer)];
  for (const old of unpin.map(each => context.pinPath(each))) {
    const there = idIfReadable(context.kernel, old);
    if (there !== undefined && ours.includes(there)) pins.unlink(old);
  }
  pins.rename(paths.outer + TEMPORARY, paths.outer);
  pins.writeRecord(paths.spec, recordText(record));
  return id;
}

/**
 * Pins of the new inner maps get the names that prove them ours; those that only the map before has prove nothing any
 * more. Answers what failed, by name: the next turn does it.
 */
async function settleAll(
  step: Recreate | TakeOver,
  context: ApplyContext,
): Promise<ReadonlyMap<string, FailedOutcome>> {
  const { kernel } = context;
  const { inner } = context.paths(step.outer);
  const names = [...innerPinsIn(kernel.pins, inner)];
  const made = names.filter(name => name.endsWith(TEMPORARY));
  const settled = new Set(made.map(settledName));
  // First, as two names of one key would tell two owners
  const before = names.filter(name => !name.endsWith(TEMPORARY) && !settled.has(name));
  const all = [...before, ...made];
  const failures = new Map<string, FailedOutcome>();
  for (const [at, error] of await kernel.settle(inner, settlingsOf(all))) {
    const name = all[at]!;
    failures.set(settledName(innerPinIn(name)?.name ?? name), failed(step, error));
  }
  return failures;
}

function* settlingsOf(names: readonly string[]): Iterable<Settling> {
  for (const name of names)
    yield name.endsWith(TEMPORARY) ? { rename: { from: name, to: settledName(name) } } : { unlink: name };
}

function settled(write: Outcome, failures: ReadonlyMap<string, FailedOutcome>): Outcome {
  if (!('inner' in write.step)) return write;
  const failure = failures.get(innerPinName(write.step.inner.keyHex));
  return failure === undefined ? write : { ...failure, step: write.step };
}

/** Inner maps first: while the outer one is pinned, the next start sees that something is unfinished. */
async function dropUnfinished(step: Recreate, context: ApplyContext): Promise<void> {
  const { kernel } = context;
  const { inner } = context.paths(step.outer);
  const names = [...innerPinsIn(kernel.pins, inner)].filter(name => name.endsWith(TEMPORARY));
  // What stays is found by the next turn
  await kernel.settle(inner, unlinksOf(names));
  attempt(step, () => dropBeside(kernel, context.paths(step.outer)));
}
