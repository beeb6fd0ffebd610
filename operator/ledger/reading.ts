import { equalBytes } from '../core/bytes/bytes.ts';
import { hex } from '../core/bytes/hex.ts';
import { ownerIn } from '../core/desired/owner.ts';
import { innerPinName, ownsKey, TEMPORARY } from '../core/ledgerrecord.ts';
import { KernelError } from '../kernel/error.ts';
import type { InnerAddress, Kernel, OpenMap, OuterEntries, PlaceRange } from '../kernel/kernel.ts';
import { timesSliced, yieldToEventLoop } from '../timing/sliced.ts';
import { innerPinsIn } from './ledger.ts';

/** Opens the map at a pin while `use` runs; undefined where nothing is pinned there. */
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

/** Undefined too where it cannot be opened: a pin of our own can. */
export function idIfReadable(kernel: Kernel, pin: string): number | undefined {
  try {
    return idAt(kernel, pin);
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

function openIfThere(kernel: Kernel, pin: string): OpenMap | undefined {
  try {
    return kernel.open(pin);
  } catch (error) {
    if (error instanceof KernelError && isAbsent(error)) return undefined;
    throw error;
  }
}

/** Nothing is at the path, or one of its directories is none. */
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
 * Reads an outer map's entries into `entries`, key in hex → id, which holds those of the last reading.
 * `before` are the bytes that `entries` was made from, if it is unchanged since: equal bytes are not decoded again.
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

/** Reads a part of an ArrayOfMaps into `entries`; the others stay as they were read before. */
export async function readPlaces(
  kernel: Kernel,
  map: OpenMap,
  entries: Map<string, number>,
  places: PlaceRange,
): Promise<void> {
  const { count, keys, ids } = await kernel.readOuter(map, places);
  const end = Math.min(map.spec.maxEntries, places.from + places.count);
  const key = new Uint8Array(4);
  await timesSliced(Math.max(0, end - places.from), at => {
    new DataView(key.buffer).setUint32(0, places.from + at, true);
    entries.delete(hex(key));
  });
  await timesSliced(count, at => {
    entries.set(hex(keys, at * 4, (at + 1) * 4), ids[at]!);
  });
}

function sameOuterEntries(a: OuterEntries, b: OuterEntries): boolean {
  if (a.count !== b.count || !equalBytes(a.keys, b.keys)) return false;
  return a.ids.every((id, at) => id === b.ids[at]);
}

/** The inner maps that are pinned in a directory. */
export interface PinnedMaps {
  /** Name of the pin → id. */
  readonly pins: Map<string, number>;
  /** Id → owner, where the map's name tells it. */
  readonly owners?: Map<number, string>;
}

/**
 * Reads the inner maps that are pinned in a directory into `known`, which holds those of the last reading.
 * Pins of others are left out. Only new names are opened: while a name exists, it keeps its map.
 * Returns the errors of pins that could not be opened; those prove nothing.
 */
export async function readInnerPins(
  kernel: Kernel,
  directory: string,
  { pins, owners }: PinnedMaps,
): Promise<readonly KernelError[]> {
  const names = innerPinsIn(kernel.pins.kinds(directory));
  await yieldToEventLoop();
  const present = new Set(names);
  for (const name of pins.keys()) if (!present.has(name)) pins.delete(name);
  const unknown = names.filter(name => !pins.has(name));
  const maps = unknown.length === 0 ? [] : await kernel.identify(unknown.map(name => `${directory}/${name}`));
  const errors: KernelError[] = [];
  unknown.forEach((name, at) => {
    const map = maps[at]!;
    if (map instanceof KernelError) {
      errors.push(map);
      return;
    }
    pins.set(name, map.id);
    const owner = ownerIn(map.name);
    if (owner !== undefined) owners?.set(map.id, owner);
  });
  return errors;
}

/** The inner pins of a ledger: name → id. */
export interface InnerPins {
  readonly directory: string;
  readonly pins: ReadonlyMap<string, number>;
}

/** The address of an entry's inner map: its pin where the ledger has one, as CAP_BPF is enough to open that. */
export function innerAddress(keyHex: string, id: number, { directory, pins }: InnerPins): InnerAddress {
  if (!ownsKey(keyHex, id, pins)) return { id };
  const name = innerPinName(keyHex);
  return { pin: `${directory}/${pins.get(name) === id ? name : name + TEMPORARY}` };
}
