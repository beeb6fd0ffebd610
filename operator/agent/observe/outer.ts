import type { DesiredOuter } from '../../core/desired/desired.ts';
import { ledgerPaths, TEMPORARY } from '../../core/ledgerrecord.ts';
import type { ObservedPin } from '../../core/observed.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel, OpenMap, PlaceRange } from '../../kernel/kernel.ts';
import { ledgerNames, recordAt, removalsAt, requireDirectories } from '../../ledger/ledger.ts';
import { forgetPins, isAbsent, readEntries, readInnerPins, readPlaces } from '../../ledger/reading.ts';
import { type OuterMemory, unsettle } from '../memory.ts';
import { reasonOf } from '../reason.ts';
import type { Due } from './observe.ts';

/**
 * Reads one outer map and its ledger into memory: record, both pins, template, entries, inner pins.
 * A failure costs only this outer map: its `ledger` has the reason, and the next turn reads it anew.
 */
export async function readOuterMemory(
  kernel: Kernel,
  desired: DesiredOuter,
  known: OuterMemory,
  due: Due,
): Promise<void> {
  if (known.stale) unsettle(known);
  try {
    await readAll(kernel, desired, known, due);
    known.stale = false;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    known.ledger = { kind: 'unreadable', reason: reasonOf(error), message: error.message };
    known.entriesRead = undefined;
    known.entries.clear();
    forgetPins(known);
    unsettle(known);
    known.stale = true;
  }
}

async function readAll(kernel: Kernel, desired: DesiredOuter, known: OuterMemory, due: Due): Promise<void> {
  const paths = ledgerPaths(kernel.pins.root, desired.outerMap.metadata.name);
  requireDirectories(kernel.pins, paths);
  known.record = recordAt(kernel.pins, paths.spec);
  known.removals ??= removalsAt(kernel.pins, paths.removed);
  known.ledger = pinFound(kernel, paths.outer);
  known.beside = pinFound(kernel, paths.outer + TEMPORARY);
  const pinPath = pinPathOf(kernel, desired);
  if (pinPath !== known.pinPath) known.pinned = false;
  known.pinPath = pinPath;
  known.pin = known.pinPath === undefined ? { kind: 'absent' } : pinFound(kernel, known.pinPath);
  known.pinned ||= isSameMap(known.pin, known.ledger);
  known.pinOwner = ownerOfPin(kernel, desired, known);
  const { path, pin } = sourceOf(kernel, desired, known);
  const hasOtherEntries = await readMap(kernel, isOuter(pin) ? path : undefined, { desired, known, due });
  const { isNews } = await readInnerPins(kernel, paths.inner, known);
  if (hasOtherEntries || isNews) unsettle(known);
  if (hasOtherEntries || isNews || known.owners.size > known.entries.size) forgetOwners(known);
}

/** The pin by which the outer map is read, and what was found there. */
function sourceOf(
  { pins }: Kernel,
  { outerMap: { metadata, spec } }: DesiredOuter,
  { ledger, pin, pinPath }: OuterMemory,
): { readonly path: string | undefined; readonly pin: ObservedPin } {
  // Without the ledger's pin, the pin where programs look may still name our map
  if (spec.provision === 'Adopt' || ledger.kind === 'absent') return { path: pinPath, pin };
  return { path: ledgerPaths(pins.root, metadata.name).outer, pin: ledger };
}

/** Opens the outer map whose entries are known while `use` runs; undefined where that cannot be, or another is there. */
export async function withKnownOuter<T>(
  kernel: Kernel,
  { desired, known }: Pick<Reading, 'desired' | 'known'>,
  use: (outer: OpenMap | undefined) => Promise<T>,
): Promise<T> {
  const outer = openKnown(kernel, sourceOf(kernel, desired, known));
  try {
    return await use(outer);
  } finally {
    outer?.close();
  }
}

function openKnown(kernel: Kernel, { path, pin }: ReturnType<typeof sourceOf>): OpenMap | undefined {
  if (path === undefined || pin.kind !== 'map') return undefined;
  try {
    const outer = kernel.open(path);
    if (outer.id === pin.id) return outer;
    outer.close();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
  return undefined;
}

/** Absolute path of the declared pin. */
export function pinPathOf({ pins }: Kernel, { outerMap: { spec } }: DesiredOuter): string | undefined {
  return spec.pin === undefined ? undefined : `${pins.root}/${spec.pin}`;
}

function isSameMap(a: ObservedPin, b: ObservedPin): boolean {
  return a.kind === 'map' && b.kind === 'map' && a.id === b.id;
}

/** Of maps that are gone. */
function forgetOwners({ owners, taken, pins, entries }: OuterMemory): void {
  const present = new Set([...pins.values(), ...entries.values()]);
  for (const id of owners.keys()) if (!present.has(id)) owners.delete(id);
  for (const [keyHex, { id }] of taken) if (entries.get(keyHex) !== id) taken.delete(keyHex);
}

/** Asked only where the map at the pin is not in the OuterMap's own ledger. */
function ownerOfPin(kernel: Kernel, desired: DesiredOuter, { pin, ledger }: OuterMemory): string | undefined {
  if (pin.kind !== 'map' || (ledger.kind === 'map' && ledger.id === pin.id)) return undefined;
  const { name } = desired.outerMap.metadata;
  return ledgerNames(kernel.pins).find(other => {
    const outer = pinFound(kernel, ledgerPaths(kernel.pins.root, other).outer);
    return other !== name && outer.kind === 'map' && outer.id === pin.id;
  });
}

/** Somebody else may have pinned any map there: only an outer map's values are ids. */
function isOuter(pin: ObservedPin): boolean {
  return pin.kind === 'map' && (pin.spec.type === 'HashOfMaps' || pin.spec.type === 'ArrayOfMaps');
}

/** Opens the pin, and closes it again. */
function pinFound(kernel: Kernel, path: string): ObservedPin {
  try {
    const map = kernel.open(path);
    map.close();
    return { kind: 'map', id: map.id, spec: map.spec };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    if (isAbsent(error)) return { kind: 'absent' };
    return { kind: 'unreadable', reason: reasonOf(error), message: error.message };
  }
}

/** Whether the map or its entries may be others than were known. */
async function readMap(
  kernel: Kernel,
  path: string | undefined,
  { desired, known, due }: Reading,
): Promise<boolean> {
  if (path === undefined) {
    known.entriesRead = undefined;
    known.entries.clear();
    return true;
  }
  const map = kernel.open(path);
  try {
    const isAnother = known.template?.of !== map.id;
    // One that this process made is seen here for the first time
    const isReplaced = isAnother && known.template !== undefined;
    if (isAnother) known.template = await templateOf(kernel, map, desired);
    const places = isAnother || known.stale ? undefined : await duePlaces(kernel, map, { known, due });
    if (places === undefined) {
      const read = await readEntries(kernel, map, known.entries, known.entriesRead);
      known.entriesRead = read.entries;
      return isReplaced || read.isNews;
    }
    known.entriesRead = undefined;
    await readPlaces(kernel, map, known.entries, places);
    return true;
  } finally {
    map.close();
  }
}

interface Reading {
  readonly desired: DesiredOuter;
  readonly known: OuterMemory;
  readonly due: Due;
}

/**
 * Where each place of an ArrayOfMaps waits for a grace period, it is read in parts, as contents are: each place once in a
 * period of the content check. Undefined where it is read whole.
 */
async function duePlaces(
  kernel: Kernel,
  { spec }: OpenMap,
  { known, due }: Pick<Reading, 'known' | 'due'>,
): Promise<PlaceRange | undefined> {
  if (spec.type !== 'ArrayOfMaps' || due.contentShare >= 1) return undefined;
  if ((await kernel.probe()).features['outerLookupsWait'] !== true) return undefined;
  const count = Math.ceil(spec.maxEntries * due.contentShare);
  const from = known.nextPlace < spec.maxEntries ? known.nextPlace : 0;
  known.nextPlace = from + count;
  return { from, count };
}

/** The record has a created map's template. An adopted map's is read, or tried out. */
async function templateOf(
  kernel: Kernel,
  map: OpenMap,
  desired: DesiredOuter,
): Promise<NonNullable<OuterMemory['template']>> {
  if (desired.outerMap.spec.provision === 'Create') return { of: map.id };
  const spec = kernel.template(map);
  if (spec !== undefined) return { of: map.id, spec };
  const accepts = await kernel.accepts(map, desired.layout.template);
  return accepts === undefined ? { of: map.id } : { of: map.id, accepts };
}
