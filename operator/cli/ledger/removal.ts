import { innerPinName, LEDGER, ledgerPaths, TEMPORARY } from '../../core/ledger.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import { entryAt } from './contents.ts';
import { idAt, type Ledger, withMap } from './ledger.ts';

/** What would go with one outer map. */
export interface Going {
  readonly name: string;
  /** Absolute; where programs look, of a map that this operator made. */
  readonly pin?: string;
  /** Absolute; named by the record, but not proven ours: it stays. */
  readonly foreignPin?: string;
  /** Keys that leave an outer map which belongs to somebody else. */
  readonly keys: number;
  /** Inner maps that are pinned in the ledger. */
  readonly innerMaps: number;
  /** Names in the ledger's directories that this operator does not make: they stay. */
  readonly strangers: readonly string[];
}

/** Reads what `remove` would do. */
export async function goingOf(kernel: Kernel, ledger: Ledger): Promise<Going> {
  const { name, paths, innerPins } = ledger;
  const { pin, foreign } = pinsOf(kernel, ledger);
  let keys = 0;
  for (const outer of adoptedPins(kernel, ledger)) {
    keys +=
      (await withMap(
        kernel,
        outer,
        async map => (await ourKeys(kernel, map, ledger)).length / map.spec.keySize,
      )) ?? 0;
  }
  const strangers = [
    ...strangersIn(kernel, paths.directory, OURS),
    ...strangersIn(kernel, paths.inner, OUR_INNER),
  ];
  return {
    name,
    ...(pin === undefined ? {} : { pin }),
    ...(foreign === undefined ? {} : { foreignPin: foreign }),
    keys,
    innerMaps: innerPins.length,
    strangers,
  };
}

/**
 * Takes away all that is ours of one outer map. What proves a thing ours goes after the thing itself, and the
 * record last: after a crash between any two steps the same call does the rest.
 * - Adopted: our keys leave the outer map, which belongs to somebody else.
 * - Made: the pin where programs look, if it still names our map. Programs that hold the map keep it.
 * - The inner maps' pins, the ledger's own pin of the outer map, the record, the directories.
 */
export async function remove(kernel: Kernel, ledger: Ledger): Promise<void> {
  const { pins } = kernel;
  const { paths } = ledger;
  for (const outer of adoptedPins(kernel, ledger))
    await withMap(kernel, outer, map => removeOurKeys(kernel, map, ledger));
  const { pin } = pinsOf(kernel, ledger);
  if (pin !== undefined) pins.unlink(pin);
  for (const name of pins.list(paths.inner)) if (OUR_INNER.test(name)) pins.unlink(`${paths.inner}/${name}`);
  pins.unlink(paths.outer + TEMPORARY);
  pins.unlink(paths.outer);
  removeIfEmpty(kernel, paths.inner);
  pins.unlink(paths.spec + TEMPORARY);
  pins.unlink(paths.spec);
  removeIfEmpty(kernel, paths.directory);
}

/** The ledger's own directory, once nothing is in it. */
export function removeLedgerRoot(kernel: Kernel): void {
  removeIfEmpty(kernel, `${kernel.pins.root}/${LEDGER}`);
}

/** Names that this operator makes in a ledger's directory, and below `inner/`. */
const OURS = new RegExp(`^(?:outer(?:${TEMPORARY})?|spec(?:${TEMPORARY})?|inner)$`);
const OUR_INNER = new RegExp(`^[0-9a-f]+(?:${TEMPORARY})?$`);

function strangersIn({ pins }: Kernel, directory: string, ours: RegExp): readonly string[] {
  return pins
    .list(directory)
    .filter(name => !ours.test(name))
    .map(name => `${directory}/${name}`);
}

function removeIfEmpty({ pins }: Kernel, directory: string): void {
  if (pins.exists(directory) && pins.list(directory).length === 0) pins.removeDirectory(directory);
}

/** Where programs look: ours where we made the map, and the ledger's pin names the same one. */
function pinsOf(
  kernel: Kernel,
  { record, paths }: Ledger,
): { readonly pin?: string; readonly foreign?: string } {
  if (record?.provision !== 'Create' || record.pin === undefined) return {};
  const path = `${kernel.pins.root}/${record.pin}`;
  const there = idAt(kernel, path);
  if (there === undefined) return {};
  return there === idAt(kernel, paths.outer) ? { pin: path } : { foreign: path };
}

/**
 * Outer maps that our keys must leave: the adopted one, and what its owner has put in its place since.
 * Without a record nobody knows who made the map: our keys leave it, the map stays.
 */
function adoptedPins(kernel: Kernel, { record, paths }: Ledger): readonly string[] {
  if (record?.provision === 'Create') return [];
  const pin = record?.pin === undefined ? undefined : `${kernel.pins.root}/${record.pin}`;
  const replaced = pin !== undefined && idAt(kernel, pin) !== idAt(kernel, paths.outer);
  return replaced ? [paths.outer, pin] : [paths.outer];
}

async function removeOurKeys(kernel: Kernel, outer: OpenMap, ledger: Ledger): Promise<void> {
  const keys = await ourKeys(kernel, outer, ledger);
  if (keys.length === 0) return;
  const [first] = (await kernel.remove(outer, keys)).values();
  if (first !== undefined) throw first;
}

/** The keys whose entry is proven ours by a pin with the entry's id, one after the other. */
async function ourKeys(kernel: Kernel, outer: OpenMap, { name }: Ledger): Promise<Uint8Array> {
  const { inner } = ledgerPaths(kernel.pins.root, name);
  const names = kernel.pins.list(inner).filter(pin => OUR_INNER.test(pin));
  const ids = await kernel.identify(names.map(pin => `${inner}/${pin}`));
  const proofs = new Set(names.map((pin, at) => proofText(pin, ids[at]!)));
  const { keySize } = outer.spec;
  const entries = await kernel.readOuter(outer);
  const ours: Uint8Array[] = [];
  for (let index = 0; index < entries.count; index++) {
    const { key, id } = entryAt(entries, keySize, index);
    if (proofs.has(`${innerPinName(key)} ${id}`)) ours.push(key);
  }
  return new Uint8Array(Buffer.concat(ours));
}

/** A pin under its temporary name proves as much: a crash came before the rename. */
function proofText(pin: string, id: unknown): string {
  const name = pin.endsWith(TEMPORARY) ? pin.slice(0, -TEMPORARY.length) : pin;
  return `${name} ${String(id)}`;
}
