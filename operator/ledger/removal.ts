import { hex } from '../core/bytes/hex.ts';
import { LEDGER, type LedgerPaths, ownsKey, TEMPORARY } from '../core/ledgerrecord.ts';
import type { Kernel, OpenMap, Settling } from '../kernel/kernel.ts';
import { RECORD_BESIDE } from '../kernel/pins.ts';
import { forEachSliced, timesSliced } from '../timing/sliced.ts';
import { innerPinsIn, type Ledger } from './ledger.ts';
import { entryAt, idAt, idIfReadable, isAbsent, noPins, readInnerPins, withMap } from './reading.ts';

/** The things that are removed with one ledger, and those that stay. */
export interface LedgerRemoval {
  readonly name: string;
  /** Absolute; the pin for programs, of a map that this operator made. */
  readonly pin?: string;
  /** Absolute; the record names it, but nothing proves it ours: it stays. */
  readonly foreignPin?: string;
  /** Keys in an adopted outer map that hold inner maps of this operator's making. */
  readonly keys: number;
  /** Those that hold what others made and was taken over: they stay as they are. */
  readonly taken?: number;
  /** Inner maps that are pinned in the ledger. */
  readonly innerMaps: number;
  /** Paths in the ledger's directories that others made: they stay. */
  readonly strangers: readonly string[];
}

/** Reads what `removeLedger` would remove. */
export async function removalOf(kernel: Kernel, ledger: Ledger): Promise<LedgerRemoval> {
  const { name, innerPins, strangers } = ledger;
  const { ours, foreign } = publicPin(kernel, ledger);
  let [keys, taken] = [0, 0];
  for (const outer of adoptedPins(kernel, ledger)) {
    const ours = await withMap(kernel, outer, map => ourKeys(kernel, map, ledger));
    keys += ours?.made.length ?? 0;
    taken += ours?.taken ?? 0;
  }
  return {
    name,
    ...(ours === undefined ? {} : { pin: ours }),
    ...(foreign === undefined ? {} : { foreignPin: foreign }),
    ...{ keys, innerMaps: innerPins.length - taken, strangers },
    ...(taken === 0 ? {} : { taken }),
  };
}

/**
 * Removes all that is ours of one outer map. The proof that a thing is ours is removed after the thing itself, and the
 * record last: after a crash between any two steps the same call does the rest. It removes
 * - of an adopted outer map: the keys of inner maps that we made. What was taken over stays, as others made it;
 * - of a made one: the pin for programs, if it still names our map. Programs that hold the map keep it;
 * - the inner maps' pins, the ledger's own pin of the outer map, the record, the directories.
 */
export async function removeLedger(kernel: Kernel, ledger: Ledger): Promise<void> {
  const { pins } = kernel;
  const { directory, inner, outer, spec, removed } = ledger.paths;
  for (const pin of adoptedPins(kernel, ledger))
    await withMap(kernel, pin, map => removeOurKeys(kernel, map, ledger));
  const { ours } = publicPin(kernel, ledger);
  if (ours !== undefined) pins.unlink(ours);
  const [failed] = (await kernel.settle(inner, unlinksOf(innerPinsIn(pins, inner)))).values();
  if (failed !== undefined) throw failed;
  dropBeside(kernel, ledger.paths);
  pins.unlink(outer);
  removeIfEmpty(kernel, inner);
  for (const path of [removed, spec]) for (const name of [path + RECORD_BESIDE, path]) pins.unlink(name);
  removeIfEmpty(kernel, directory);
}

/** Pins with these names go. */
export function* unlinksOf(names: Iterable<string>): Iterable<Settling> {
  for (const unlink of names) yield { unlink };
}

/** Removes what unfinished work left of another outer map. */
export function dropBeside({ pins }: Kernel, { outer, pin }: LedgerPaths): undefined {
  for (const path of [pin, outer]) pins.unlink(path + TEMPORARY);
}

/** Removes the directory of all ledgers once it is empty. */
export function removeLedgerRoot(kernel: Kernel): void {
  removeIfEmpty(kernel, `${kernel.pins.root}/${LEDGER}`);
}

/** A directory that is not there is no error. */
export function removeIfEmpty({ pins }: Pick<Kernel, 'pins'>, directory: string): void {
  if (pins.isDirectory(directory) && pins.list(directory).length === 0) pins.removeDirectory(directory);
}

/** The pin for programs, of a map that we made: ours while the ledger's pin names the same map. */
function publicPin(
  kernel: Kernel,
  { record, paths }: Ledger,
): { readonly ours?: string; readonly foreign?: string } {
  if (record?.provision !== 'Create' || record.pin === undefined) return {};
  const path = `${kernel.pins.root}/${record.pin}`;
  if (!kernel.pins.exists(path)) return {};
  const id = idIfReadable(kernel, path);
  return id !== undefined && [paths.outer, paths.outer + TEMPORARY].some(outer => id === idAt(kernel, outer))
    ? { ours: path }
    : { foreign: path };
}

/**
 * Pins of the outer maps that our keys are removed from: the adopted one, and the one that its owner put in its place.
 * Without a record it is unknown who made the map: our keys are removed, the map stays.
 */
function adoptedPins(kernel: Kernel, { record, paths }: Ledger): readonly string[] {
  if (record?.provision === 'Create') return [];
  const pin = record?.pin === undefined ? undefined : `${kernel.pins.root}/${record.pin}`;
  const replaced = pin !== undefined && idAt(kernel, pin) !== idAt(kernel, paths.outer);
  return replaced ? [paths.outer, pin] : [paths.outer];
}

async function removeOurKeys(kernel: Kernel, outer: OpenMap, ledger: Ledger): Promise<void> {
  const { made: keys } = await ourKeys(kernel, outer, ledger);
  if (keys.length === 0) return;
  const { keySize } = outer.spec;
  const bytes = new Uint8Array(keys.length * keySize);
  await forEachSliced(keys, (key, at) => bytes.set(key, at * keySize));
  const [first] = (await kernel.remove(outer, bytes)).values();
  if (first !== undefined) throw first;
}

interface OurKeys {
  readonly made: readonly Uint8Array[];
  readonly taken: number;
}

/**
 * The keys whose entries the ledger proves ours: an inner map of our making has a name that tells for whom. Throws where a
 * pin cannot be opened: it could prove one.
 */
async function ourKeys(kernel: Kernel, outer: OpenMap, { paths }: Ledger): Promise<OurKeys> {
  const owners = new Map<number, string>();
  const pinned = { ...noPins(), owners };
  const { errors } = await readInnerPins(kernel, paths.inner, pinned);
  const unknown = errors.find(error => !isAbsent(error));
  if (unknown !== undefined) throw unknown;
  const entries = await kernel.readOuter(outer);
  const made: Uint8Array[] = [];
  let taken = 0;
  await timesSliced(entries.count, index => {
    const { key, id } = entryAt(entries, outer.spec.keySize, index);
    if (!ownsKey(hex(key), id, pinned.pins)) return;
    if (owners.has(id)) made.push(key);
    else taken += 1;
  });
  return { made, taken };
}
