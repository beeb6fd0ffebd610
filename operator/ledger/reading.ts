import { equalBytes } from '../core/bytes/bytes.ts';
import { hex } from '../core/hex.ts';
import { innerPinName, ownsKey, TEMPORARY } from '../core/ledgerrecord.ts';
import { KernelError } from '../kernel/error.ts';
import type { InnerAddress, Kernel, OpenMap, OuterEntries } from '../kernel/kernel.ts';
import { timesSliced, yieldToEventLoop } from '../timing/sliced.ts';
import { isInnerPin } from './ledger.ts';

/** The map at a pin while `use` runs; undefined where nothing is pinned there. */
export async function withMap<T>(
  kernel: Kernel,
  pin: string,
  use: (map: OpenMap) => Promise<T>,
): Promise<T | undefined> {
  const map = openIfThere(kernel, pin);
  if (map === undefined) return undefined;
  try {
    return await use(map);
  } finally {
    map.close();
  }
}

/** The id of the map at a pin; undefined where nothing is pinned there. */
export function idAt(kernel: Kernel, pin: string): number | undefined {
  const map = openIfThere(kernel, pin);
  map?.close();
  return map?.id;
}

function openIfThere(kernel: Kernel, pin: string): OpenMap | undefined {
  try {
    return kernel.open(pin);
  } catch (error) {
    if (error instanceof KernelError && isAbsent(error)) return undefined;
    throw error;
  }
}

/** Nothing stands at the path, or one of its directories is none. */
export function isAbsent({ errno }: KernelError): boolean {
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** One key of an outer map, and the id of the inner map there. */
export interface Entry {
  readonly key: Uint8Array;
  readonly id: number;
}

export function entryAt(entries: OuterEntries, keySize: number, index: number): Entry {
  return { key: entries.keys.subarray(index * keySize, (index + 1) * keySize), id: entries.ids[index]! };
}

/**
 * Reads an outer map's entries into `entries`, which held those of the last look: key in hex → id.
 * `before` are the bytes that `entries` was made from, if nothing changed it since: equal bytes are not read again.
 */
export async function readEntries(
  kernel: Kernel,
  map: OpenMap,
  entries: Map<string, number>,
  before?: OuterEntries,
): Promise<OuterEntries> {
  const now = await kernel.readOuter(map);
  if (before !== undefined && sameOuterEntries(before, now)) return before;
  const { keySize } = map.spec;
  entries.clear();
  await timesSliced(now.count, index => {
    entries.set(hex(now.keys, index * keySize, (index + 1) * keySize), now.ids[index]!);
  });
  return now;
}

function sameOuterEntries(a: OuterEntries, b: OuterEntries): boolean {
  if (a.count !== b.count || !equalBytes(a.keys, b.keys)) return false;
  return a.ids.every((id, at) => id === b.ids[at]);
}

/**
 * Reads the inner maps that are pinned in a directory into `pins`, which held those of the last look: name → id.
 * What others put there is left out. Only names that are new since then are opened: an id never changes below a name that we keep.
 * Answers what could not be opened; it proves nothing.
 */
export async function readInnerPins(
  kernel: Kernel,
  directory: string,
  pins: Map<string, number>,
): Promise<readonly KernelError[]> {
  const names = kernel.pins.list(directory).filter(isInnerPin);
  await yieldToEventLoop();
  const present = new Set(names);
  for (const name of pins.keys()) if (!present.has(name)) pins.delete(name);
  const unknown = names.filter(name => !pins.has(name));
  const ids = unknown.length === 0 ? [] : await kernel.identify(unknown.map(name => `${directory}/${name}`));
  const refused: KernelError[] = [];
  unknown.forEach((name, at) => {
    const id = ids[at]!;
    if (id instanceof KernelError) refused.push(id);
    else pins.set(name, id);
  });
  return refused;
}

/** Where an entry's inner map can be read: by its pin where the ledger has one, which CAP_BPF is enough for. */
export function innerAddress(
  keyHex: string,
  id: number,
  { directory, pins }: { readonly directory: string; readonly pins: ReadonlyMap<string, number> },
): InnerAddress {
  if (!ownsKey(keyHex, id, pins)) return { id };
  const name = innerPinName(keyHex);
  return { pin: `${directory}/${pins.get(name) === id ? name : name + TEMPORARY}` };
}
