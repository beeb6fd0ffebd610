import { equalBytes } from '../core/bytes/bytes.ts';
import { hex } from '../core/bytes/hex.ts';
import { ownerIn } from '../core/desired/owner.ts';
import { innerPinFile, innerPinIn, type LedgerPins, proofOf } from '../core/ledger/innerpin.ts';
import { KernelError } from '../kernel/error.ts';
import type { InnerAddress, Kernel, OpenMap, OuterEntries, Place, PlaceRange } from '../kernel/kernel.ts';
import { kindsIn, type PinKind } from '../kernel/pins.ts';
import { forEachSliced, timesSliced } from '../timing/sliced.ts';
import { isOurPin, recordedIdAt } from './ledger.ts';

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

/** An outer map's entries as bytes, and whether they are others than were known. */
export interface EntriesRead {
  readonly entries: OuterEntries;
  readonly isNews: boolean;
}

/**
 * Reads an outer map's entries into `known`, key in hex → id, which holds those of the last reading, or what was written
 * since. `before` are the bytes that it was made from, if it is unchanged since: equal bytes are not decoded again.
 */
export async function readEntries(
  kernel: Kernel,
  map: OpenMap,
  known: Map<string, number>,
  before?: OuterEntries,
): Promise<EntriesRead> {
  const entries = await kernel.readOuter(map);
  if (before !== undefined && sameOuterEntries(before, entries)) return { entries: before, isNews: false };
  const { keySize } = map.spec;
  const keyAt = (index: number) => hex(entries.keys, index * keySize, (index + 1) * keySize);
  let others = Math.abs(known.size - entries.count);
  await timesSliced(others === 0 ? entries.count : 0, index => {
    if (known.get(keyAt(index)) !== entries.ids[index]) others += 1;
  });
  if (others === 0) return { entries, isNews: false };
  known.clear();
  await timesSliced(entries.count, index => {
    known.set(keyAt(index), entries.ids[index]!);
  });
  return { entries, isNews: true };
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
  return a.count === b.count && equalBytes(a.keys, b.keys) && equalBytes(bytesOf(a.ids), bytesOf(b.ids));
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The inner maps that are pinned in a directory. */
export interface PinnedMaps {
  /** Name of the pin → id. */
  readonly pins: Map<string, number>;
  /** Name of the pin → the InnerMap that has its key, where the map was made for several. */
  readonly sharers: Map<string, string>;
  /** Names of those that are records of an id. */
  readonly recorded: Set<string>;
  /** Id → owner, where the map's name tells it. */
  readonly owners?: Map<number, string>;
  /** The directory's listing, while all in it is known as above. */
  listing?: Uint8Array | undefined;
}

/** The errors of pins that could not be opened, which prove nothing; and whether other pins are there than were known. */
export interface InnerPinsRead {
  readonly errors: readonly KernelError[];
  readonly isNews: boolean;
}

/**
 * Reads the inner maps that are pinned in a directory into `known`, which holds those of the last reading.
 * Pins of others are left out. Only new names are opened: while a name exists, it keeps its map.
 */
export async function readInnerPins(
  kernel: Kernel,
  directory: string,
  known: PinnedMaps,
): Promise<InnerPinsRead> {
  const listing = await kernel.pins.listing(directory);
  if (known.listing !== undefined && equalBytes(known.listing, listing)) return { errors: [], isNews: false };
  const kinds = new Map<string, PinKind>();
  await forEachSliced(kindsIn(listing), ([name, kind]) => kinds.set(name, kind));
  const { pins, sharers, recorded, owners } = known;
  let isNews = false;
  await forEachSliced(pins.keys(), name => {
    const kind = kinds.get(innerPinFile(name, sharers.get(name)));
    if (kind === (recorded.has(name) ? 'link' : 'pin')) return;
    dropPin(known, name);
    isNews = true;
  });
  const unknown: string[] = [];
  await forEachSliced(kinds, ([file, kind]) => {
    if (knownName(file, known) !== undefined) return;
    if (isOurPin(file, kind)) unknown.push(file);
    const id = recordedIdAt(kernel.pins, `${directory}/${file}`, kind);
    if (id === undefined) return;
    putRecord(known, file, id);
    isNews = true;
  });
  const maps = unknown.length === 0 ? [] : await kernel.identify(unknown.map(file => `${directory}/${file}`));
  const errors: KernelError[] = [];
  await forEachSliced(unknown, (file, at) => {
    const map = maps[at]!;
    if (map instanceof KernelError) {
      errors.push(map);
      return;
    }
    putPin(known, file, map.id);
    const owner = ownerIn(map.name);
    if (owner !== undefined) owners?.set(map.id, owner);
  });
  known.listing = errors.length === 0 ? listing : undefined;
  return { errors, isNews: isNews || unknown.length > 0 };
}

type Pinned = Omit<PinnedMaps, 'owners' | 'listing'>;

export function noPins(): Pinned {
  return { pins: new Map(), sharers: new Map(), recorded: new Set() };
}

/** All names are read again. */
export function forgetPins(known: PinnedMaps): void {
  known.listing = undefined;
  known.pins.clear();
  known.sharers.clear();
  known.recorded.clear();
}

/** The name in `pins` of the pin with this file; undefined where it is not known. */
export function knownName(
  file: string,
  { pins, sharers }: Pick<Pinned, 'pins' | 'sharers'>,
): string | undefined {
  if (pins.has(file) && !sharers.has(file)) return file;
  const { name, sharer } = innerPinIn(file) ?? { name: file };
  return sharer !== undefined && sharers.get(name) === sharer ? name : undefined;
}

/**
 * Two files can be of one key only where others made one. The one without a sharer proves it, or the first: the other is
 * known by the whole name of its file, which is no key's.
 */
export function putPin(known: Pinned, file: string, id: number): void {
  const { pins, sharers, recorded } = known;
  const { name, sharer } = innerPinIn(file) ?? { name: file };
  const before = sharers.get(name);
  if (pins.has(name) && before !== sharer) {
    if (sharer !== undefined) {
      pins.set(file, id);
      return;
    }
    pins.set(innerPinFile(name, before), pins.get(name)!);
  }
  pins.set(name, id);
  recorded.delete(name);
  if (sharer === undefined) sharers.delete(name);
  else sharers.set(name, sharer);
}

/** A record of an id has the name of the key alone. */
export function putRecord(known: Pinned, name: string, id: number): void {
  putPin(known, name, id);
  known.recorded.add(name);
}

export function dropPin({ pins, sharers, recorded }: Pinned, name: string): void {
  pins.delete(name);
  sharers.delete(name);
  recorded.delete(name);
}

/** The inner pins of a ledger, and where they are. */
export interface InnerPins extends LedgerPins {
  readonly directory: string;
}

/** The address of an entry's inner map: its pin where the ledger has one, as CAP_BPF is enough to open that. */
export function innerAddress(keyHex: string, id: number, proofs: InnerPins): InnerAddress {
  const proof = proofOf(keyHex, id, proofs);
  return proof === undefined || proofs.recorded.has(proof.name)
    ? { id }
    : { pin: `${proofs.directory}/${innerPinFile(proof.name, proof.sharer)}` };
}

/** What may not be opened by its id is looked for at its place. */
export function placed(address: InnerAddress, place: () => Place): InnerAddress {
  return 'pin' in address ? address : { ...address, place: place() };
}
