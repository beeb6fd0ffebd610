import type { Desired, DesiredOuter } from '../../core/desired/desired.ts';
import { ledgerPaths } from '../../core/ledgerrecord.ts';
import type { ComparisonResult, ObservedKernel, ObservedOuterMap } from '../../core/observed.ts';
import { compared } from '../../core/plan/compared.ts';
import { keysToRead } from '../../core/plan/keychanges.ts';
import { KernelError } from '../../kernel/error.ts';
import type { InnerReading, Kernel } from '../../kernel/kernel.ts';
import { undeclaredLedgers } from '../../ledger/abandoned.ts';
import { innerAddress } from '../../ledger/reading.ts';
import { yieldToEventLoop } from '../../timing/sliced.ts';
import { emptyOuterMemory, type Memory, type OuterMemory } from '../memory.ts';
import { reasonOf } from '../reason.ts';
import { eachContents } from './contents.ts';
import { differingKeys } from './differing.ts';
import { pinPathOf, readOuterMemory } from './outer.ts';

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
  for (const name of memory.outers.keys()) if (!desired.outers.has(name)) memory.outers.delete(name);
  for (const name of memory.made.keys()) if (!desired.outers.has(name)) memory.made.delete(name);
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
  const readings = await readContents(kernel, desired, known, due);
  const { record, ledger, pin, pinned, beside, pinOwner, template } = known;
  const { entries, pins, owners, programmed, doubted } = known;
  const made = memory.made.get(name);
  return {
    ...(made === undefined ? {} : { made }),
    ...(pinOwner === undefined ? {} : { pinOwner }),
    ...(record === undefined ? {} : { record }),
    ...(template?.spec === undefined ? {} : { template: template.spec }),
    ...(template?.accepts === undefined ? {} : { accepts: template.accepts }),
    ...{ ledger, pin, pinned, beside, entries, pins, owners, programmed, doubted, readings },
  };
}

async function readContents(
  kernel: Kernel,
  desired: DesiredOuter,
  known: OuterMemory,
  due: Due,
): Promise<ReadonlyMap<string, ComparisonResult>> {
  const asked = keysToRead(desired, known, dueKeys(desired, known, due.contentShare));
  if (asked.length === 0) return new Map();
  await yieldToEventLoop();
  const keys = await differingKeys(kernel, asked, { desired, known });
  const directory = ledgerPaths(kernel.pins.root, desired.outerMap.metadata.name).inner;
  const proofs = { directory, pins: known.pins };
  const readings = new Map<string, ComparisonResult>();
  const all = keys.map(key => ({ inner: desired.inners.get(key)!, id: known.entries.get(key)! }));
  const addressOf = ({ inner, id }: (typeof all)[number]) => innerAddress(inner.keyHex, id, proofs);
  await eachContents(kernel, { all, addressOf }, ({ inner, id }, answer) => {
    const before = known.programmed.get(inner.keyHex);
    const reading = readingOf(answer, id, found => compared(inner, desired.layout, found, before));
    // Proved before: nothing to decide
    if (reading.kind !== 'same' || reading.seen !== before?.seen) readings.set(inner.keyHex, reading);
  });
  return readings;
}

function readingOf(
  answer: InnerReading | KernelError,
  id: number,
  compare: (contents: InnerReading) => ComparisonResult,
): ComparisonResult {
  if (answer instanceof KernelError)
    return { kind: 'unreadable', reason: reasonOf(answer), message: answer.message };
  if (answer.id === id) return compare(answer);
  return {
    kind: 'unreadable',
    reason: 'KernelError',
    message: `Pin holds inner map ${answer.id}, not ${id}`,
  };
}

/** The next slice of keys, in rotation: each key comes once in a period of the content check. */
function dueKeys(desired: DesiredOuter, known: OuterMemory, share: number): ReadonlySet<string> {
  if (share <= 0) return NONE;
  const keys = [...desired.inners.keys()];
  const count = Math.min(keys.length, Math.ceil(keys.length * share));
  const from = known.cursor < keys.length ? known.cursor : 0;
  known.cursor = (from + count) % Math.max(1, keys.length);
  return new Set(count === keys.length ? keys : [...keys, ...keys].slice(from, from + count));
}

const NONE: ReadonlySet<string> = new Set();
