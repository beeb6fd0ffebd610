import type { DesiredInner } from '../../core/desired/compile.ts';
import type { Desired, DesiredOuter } from '../../core/desired/desired.ts';
import type { ComparisonResult, ObservedKernel, ObservedOuterMap } from '../../core/observed.ts';
import { compared } from '../../core/plan/compared.ts';
import { innersToRead } from '../../core/plan/keychanges.ts';
import { isPassing, KernelError } from '../../kernel/error.ts';
import type { InnerReading, Kernel } from '../../kernel/kernel.ts';
import { undeclaredLedgers } from '../../ledger/abandoned.ts';
import { forEachSliced, runSliced, yieldToEventLoop } from '../../timing/sliced.ts';
import { emptyOuterMemory, type Memory, type OuterMemory, unsettle } from '../memory.ts';
import { reasonOf } from '../reason.ts';
import { addressIn } from './address.ts';
import { eachContents } from './contents.ts';
import { differingShares, isProven, type Known } from './differing.ts';
import { dueInners } from './dueinners.ts';
import { pinPathOf, readOuterMemory, withKnownOuter } from './outer.ts';
import { apart, declaresAlike, type ReadShare, readShares } from './shares.ts';
import { verified } from './verified.ts';

/** What a turn must read itself, and not take from memory. */
export interface Due {
  /** Outer maps and the ledger are read anew. */
  readonly resync: boolean;
  /** The share of all contents that is read anew, 0 to 1. */
  readonly contentShare: number;
}

/** Reads the kernel where memory does not know it. Opens and closes maps; changes nothing. */
export async function observe(
  kernel: Kernel,
  desired: Desired,
  memory: Memory,
  due: Due,
): Promise<ObservedKernel> {
  const outers = new Map<string, ObservedOuterMap>();
  for (const [name, outer] of desired.outers)
    outers.set(name, await observeOuter(kernel, outer, memory, due));
  for (const known of [memory.outers, memory.made, memory.typed])
    for (const name of known.keys()) if (!desired.outers.has(name)) known.delete(name);
  const { abandoned, retained } = undeclaredLedgers(
    kernel.pins,
    desired.declared,
    due.resync ? [] : memory.retained,
  );
  memory.retained = retained;
  return { outers, abandoned };
}

async function observeOuter(
  kernel: Kernel,
  desired: DesiredOuter,
  memory: Memory,
  due: Due,
): Promise<ObservedOuterMap> {
  const { name } = desired.outerMap.metadata;
  const known = memory.outers.get(name) ?? emptyOuterMemory();
  memory.outers.set(name, known);
  if (due.resync || known.stale || known.pinPath !== pinPathOf(kernel, desired)) {
    await readOuterMemory(kernel, desired, known, due);
    if (known.ledger.kind === 'map' && known.record?.provision === 'Create')
      memory.made.set(name, known.ledger.id);
    await yieldToEventLoop();
  }
  const isSettled = known.settled === desired.inners;
  // What is read may differ at any key
  if (due.contentShare > 0 && !isSettled) unsettle(known);
  const readings = await readContents(kernel, desired, known, due);
  const { record, ledger, pin, pinned, beside, pinOwner, template } = known;
  const { entries, pins, sharers, recorded, owners, taken, programmed, doubted } = known;
  const settled = isSettled && readings.size > 0 ? undefined : known.settled;
  const made = memory.made.get(name);
  return {
    ...(made === undefined ? {} : { made }),
    ...(pinOwner === undefined ? {} : { pinOwner }),
    ...(record === undefined ? {} : { record }),
    ...(template?.spec === undefined ? {} : { template: template.spec }),
    ...(template?.accepts === undefined ? {} : { accepts: template.accepts }),
    ...{ ledger, pin, pinned, beside, entries, pins, sharers, recorded, owners, taken, programmed, doubted },
    ...{ settled, readings },
  };
}

async function readContents(
  kernel: Kernel,
  desired: DesiredOuter,
  known: OuterMemory,
  { contentShare }: Due,
): Promise<ReadonlyMap<string, ComparisonResult>> {
  const due = dueInners(desired, known, contentShare);
  const asked =
    known.settled === desired.inners ? due.all() : await runSliced(innersToRead(desired, known, due.has));
  if (asked.length === 0) return new Map();
  return withKnownOuter(kernel, { desired, known }, outer =>
    readAt(kernel, asked, { desired, known, outer }),
  );
}

async function readAt(
  kernel: Kernel,
  asked: readonly DesiredInner[],
  { desired, known, outer }: Known,
): Promise<ReadonlyMap<string, ComparisonResult>> {
  const { sharers, entries } = known;
  const readings = new Map<string, ComparisonResult>();
  const found: { readonly share: ReadShare; readonly reading: ComparisonResult }[] = [];
  const keep = (inner: DesiredInner, reading: ComparisonResult) => {
    // Proved before: nothing to decide
    if (reading.kind !== 'same' || !isProven(inner, known)) readings.set(inner.keyHex, reading);
  };
  const address = addressIn(kernel, { desired, known, outer });
  const addressOf = ({ inner, id }: ReadShare) => address(inner, id);
  const read = (all: readonly ReadShare[]) =>
    eachContents(kernel, { all, addressOf }, (share, answer) => {
      const { inner, id } = share;
      const reading = readingOf(answer, id, contents => compared(inner, desired.layout, contents));
      keep(inner, reading);
      if (sharers.size > 0) found.push({ share, reading });
    });
  const due = await readShares(asked, inner => entries.get(inner.keyHex)!, sharers.size > 0);
  const differing = await differingShares(kernel, due, { desired, known, outer });
  const { same, rest } = await verified(kernel, differing, { desired, known, addressOf });
  await forEachSliced(same, ({ inner, others }) => {
    for (const each of [inner, ...others]) keep(each, SAME);
  });
  await read(rest);
  await read(found.flatMap(({ share, reading }) => (reading.kind === 'unreadable' ? apart(share) : [])));
  await keepForAll(found, { desired, known, keep });
  return readings;
}

/**
 * What was found of an inner map that stands at several keys holds for all that declare the same of it, and where it is not
 * as declared also for those that were not to be read now: all of them are put right at once.
 */
async function keepForAll(
  found: readonly { readonly share: ReadShare; readonly reading: ComparisonResult }[],
  {
    desired,
    known,
    keep,
  }: {
    readonly desired: DesiredOuter;
    readonly known: OuterMemory;
    readonly keep: (inner: DesiredInner, reading: ComparisonResult) => void;
  },
): Promise<void> {
  const differing = new Map<number, (typeof found)[number]>();
  for (const each of found) {
    if (each.reading.kind === 'unreadable') continue;
    const { others } = each.share;
    if (others.length > 0) await forEachSliced(others, inner => keep(inner, each.reading));
    if (each.reading.kind !== 'same') differing.set(each.share.id, each);
  }
  if (differing.size === 0) return;
  await forEachSliced(desired.inners.values(), inner => {
    const each = differing.get(known.entries.get(inner.keyHex) ?? -1);
    if (each !== undefined && declaresAlike(each.share.inner, inner)) keep(inner, each.reading);
  });
}

const SAME: ComparisonResult = { kind: 'same' };

function readingOf(
  answer: InnerReading | KernelError,
  id: number,
  compare: (contents: InnerReading) => ComparisonResult,
): ComparisonResult {
  if (answer instanceof KernelError)
    return {
      ...({ kind: 'unreadable', reason: reasonOf(answer), message: answer.message } as const),
      ...(isPassing(answer) ? { passes: true } : {}),
    };
  if (answer.id === id) return compare(answer);
  return {
    kind: 'unreadable',
    reason: 'KernelError',
    message: `Pin holds inner map ${answer.id}, not ${id}`,
  };
}
