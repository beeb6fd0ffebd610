import { innerPinName } from '../../core/ledger.ts';
import type { Type } from '../../core/types/type.ts';
import { KernelError } from '../../kernel/error.ts';
import type { InnerAddress, InnerReading, Kernel, OpenMap, OuterEntries } from '../../kernel/kernel.ts';
import type { Progressed } from '../command.ts';
import { keyOrder } from '../terminal/order.ts';
import type { Ledger } from './ledger.ts';

/** One key of an outer map, and the inner map that the kernel has there. */
export interface Held {
  readonly key: Uint8Array;
  readonly id: number;
  /** Proven by a pin of the ledger whose id is the entry's. */
  readonly ours: boolean;
  /** An error where it cannot be read: without CAP_SYS_ADMIN that is so for what is not ours. */
  readonly reading: InnerReading | KernelError;
}

/** Inner maps that are read at once: bounds the memory that a whole outer map takes. */
const SLICE = 64;

export interface Sought {
  readonly outer: OpenMap;
  /** What keys are ordered by. */
  readonly keyType: Type;
  /** What proves inner maps ours, if anything. */
  readonly ledger: Ledger | undefined;
}

/** The inner maps behind an outer map, slice by slice, in the order of their keys. */
export async function* heldMaps(
  kernel: Kernel,
  { outer, keyType, ledger }: Sought,
  progress: Progressed,
): AsyncGenerator<Held> {
  const entries = await kernel.readOuter(outer);
  const order = keyOrder(entries.keys, entries.count, keyType);
  const pinned = new Set(ledger?.innerPins);
  for (let from = 0; from < order.length; from += SLICE) {
    progress(from, order.length);
    const slice = order.slice(from, from + SLICE).map(index => entryAt(entries, outer.spec.keySize, index));
    yield* await readSlice(kernel, slice, ledger, pinned);
  }
}

/** The one inner map at `key`, or undefined. */
export async function heldAt(
  kernel: Kernel,
  outer: OpenMap,
  ledger: Ledger,
  key: Uint8Array,
): Promise<Held | undefined> {
  const entries = await kernel.readOuter(outer);
  const wanted = Buffer.from(key);
  for (let index = 0; index < entries.count; index++) {
    const entry = entryAt(entries, outer.spec.keySize, index);
    if (!wanted.equals(entry.key)) continue;
    const [held] = await readSlice(kernel, [entry], ledger, new Set(ledger.innerPins));
    return held;
  }
  return undefined;
}

interface Entry {
  readonly key: Uint8Array;
  readonly id: number;
}

export function entryAt(entries: OuterEntries, keySize: number, index: number): Entry {
  return { key: entries.keys.subarray(index * keySize, (index + 1) * keySize), id: entries.ids[index]! };
}

/** By the ledger's pin where there is one (CAP_BPF is enough); by id what has none, or another map behind it. */
async function readSlice(
  kernel: Kernel,
  slice: readonly Entry[],
  ledger: Ledger | undefined,
  pinned: ReadonlySet<string>,
): Promise<readonly Held[]> {
  const addresses = slice.map(({ key, id }): InnerAddress => {
    const name = innerPinName(key);
    return ledger !== undefined && pinned.has(name) ? { pin: `${ledger.paths.inner}/${name}` } : { id };
  });
  const readings = [...(await kernel.readInner(addresses))];
  const ours = slice.map(
    ({ id }, at) => 'pin' in addresses[at]! && isReading(readings[at]!) && readings[at].id === id,
  );
  const again = slice.flatMap((_, at) => ('pin' in addresses[at]! && !ours[at] ? [at] : []));
  const reread = again.length === 0 ? [] : await kernel.readInner(again.map(at => ({ id: slice[at]!.id })));
  for (const [place, at] of again.entries()) readings[at] = reread[place]!;
  return slice.map(({ key, id }, at) => ({ key, id, ours: ours[at]!, reading: readings[at]! }));
}

export function isReading(reading: InnerReading | KernelError): reading is InnerReading {
  return !(reading instanceof KernelError);
}

/** Why an inner map cannot be shown, and what to do. */
export function unreadable(key: string, { id, ours, reading }: Held): string {
  const errno = isReading(reading) ? '' : reading.errno;
  const where = `Cannot read the inner map at key ${key} (id ${id}): ${errno}`;
  if (errno === 'EPERM' && !ours) {
    return `${where}, inner maps that others made are read by id, which needs CAP_SYS_ADMIN; run as root`;
  }
  if (errno === 'ENOENT') return `${where}, it was replaced in this moment; try again`;
  return isReading(reading) ? where : reading.message;
}
