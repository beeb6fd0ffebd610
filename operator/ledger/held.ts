import { hex } from '../core/bytes/hex.ts';
import { recordedLayout } from '../core/layout/recorded.ts';
import { ownsKey } from '../core/ledgerrecord.ts';
import type { MapSpec } from '../core/mapspec.ts';
import { KernelError } from '../kernel/error.ts';
import type { InnerReading, Kernel, OpenMap, OuterEntries } from '../kernel/kernel.ts';
import type { Ledger } from './ledger.ts';
import { type Entry, entryAt, type InnerPins, innerAddress, noPins, readInnerPins } from './reading.ts';

/** One key of an outer map, and the inner map that the kernel has there. */
export interface Held {
  readonly key: Uint8Array;
  readonly id: number;
  /** Proven by a pin of the ledger whose id is the entry's. */
  readonly ours: boolean;
  /** An error where it cannot be read: without CAP_SYS_ADMIN maps of others can only be where the kernel can walk them. */
  readonly reading: InnerReading | KernelError;
}

/** Inner maps that are read at once, which bounds the memory. */
const SLICE = 64;

interface Selection {
  readonly outer: OpenMap;
  /** Its pins prove which inner maps are ours. */
  readonly ledger: Ledger | undefined;
  /** The places of the wanted entries, in the order of the results. */
  places(entries: OuterEntries): readonly number[];
  progress?(done: number, of: number): void;
}

/** The inner maps behind an outer map, slice by slice. */
export async function* heldMaps(
  kernel: Kernel,
  { outer, ledger, places, progress }: Selection,
): AsyncGenerator<Held> {
  const entries = await kernel.readOuter(outer);
  const wanted = places(entries);
  const ours = await provenBy(kernel, ledger);
  const seen = { outer, spec: () => innerSpecOf(kernel, outer, ledger) };
  for (let from = 0; from < wanted.length; from += SLICE) {
    progress?.(from, wanted.length);
    const slice = wanted.slice(from, from + SLICE).map(place => entryAt(entries, outer.spec.keySize, place));
    const read = await readSlice(kernel, slice, ours);
    yield* await withoutIds(kernel, read, seen);
  }
}

/** The one inner map at `key`, or undefined. */
export async function heldAt(
  kernel: Kernel,
  outer: OpenMap,
  ledger: Ledger,
  key: Uint8Array,
): Promise<Held | undefined> {
  const { keySize } = outer.spec;
  const wanted = Buffer.from(key);
  const places = (entries: OuterEntries): readonly number[] => {
    for (let place = 0; place < entries.count; place++)
      if (wanted.equals(entryAt(entries, keySize, place).key)) return [place];
    return [];
  };
  for await (const held of heldMaps(kernel, { outer, ledger, places })) return held;
  return undefined;
}

async function provenBy(kernel: Kernel, ledger: Ledger | undefined): Promise<InnerPins> {
  const pinned = noPins();
  if (ledger === undefined) return { directory: '', ...pinned };
  await readInnerPins(kernel, ledger.paths.inner, pinned);
  return { directory: ledger.paths.inner, ...pinned };
}

/** The layout of the inner maps: what the kernel says, or what was declared. */
function innerSpecOf(kernel: Kernel, outer: OpenMap, ledger: Ledger | undefined): MapSpec | undefined {
  const record = ledger?.record;
  return kernel.template(outer) ?? (record && recordedLayout(ledger!.name, record)?.template);
}

/** What may not be opened by its id is looked for at its key. */
async function withoutIds(
  kernel: Kernel,
  slice: readonly Held[],
  { outer, spec }: { readonly outer: OpenMap; readonly spec: () => MapSpec | undefined },
): Promise<readonly Held[]> {
  const refused = slice.filter(({ reading }) => !isReading(reading) && reading.errno === 'EPERM');
  const layout = refused.length === 0 ? undefined : spec();
  if (layout === undefined) return slice;
  const places = refused.map(({ id, key }) => ({ id, place: { outer, key, spec: layout } }));
  const readings = await kernel.readInner(places);
  const found = new Map(refused.map((held, at) => [held, { ...held, reading: readings[at]! }]));
  return slice.map(held => found.get(held) ?? held);
}

/** A pin that names another map by now proves nothing: then the entry is read by its id. A record of an id cannot. */
async function readSlice(
  kernel: Kernel,
  slice: readonly Entry[],
  proofs: InnerPins,
): Promise<readonly Held[]> {
  const addresses = slice.map(({ key, id }) => innerAddress(hex(key), id, proofs));
  const readings = [...(await kernel.readInner(addresses))];
  const ours = slice.map(({ key, id }) => ownsKey(hex(key), id, proofs.pins));
  const isRead = (at: number): boolean => {
    const reading = readings[at]!;
    return isReading(reading) && reading.id === slice[at]!.id;
  };
  const moved = [...slice.keys()].filter(at => 'pin' in addresses[at]! && !isRead(at));
  const reread = moved.length === 0 ? [] : await kernel.readInner(moved.map(at => ({ id: slice[at]!.id })));
  for (const [place, at] of moved.entries()) {
    readings[at] = reread[place]!;
    ours[at] = false;
  }
  return slice.map(({ key, id }, at) => ({ key, id, ours: ours[at]!, reading: readings[at]! }));
}

export function isReading(reading: InnerReading | KernelError): reading is InnerReading {
  return !(reading instanceof KernelError);
}

/** Why an inner map cannot be shown, and what to do. */
export function unreadable(key: string, { id, ours, reading }: Held): string {
  const errno = isReading(reading) ? '' : reading.errno;
  const where = `Cannot read the inner map at key ${key} (id ${id}): ${errno}`;
  if (errno === 'EPERM') {
    const whose = ours ? 'it was taken over' : 'it is none of ours';
    return `${where}, ${whose} and cannot be read through its outer map; by its id that needs CAP_SYS_ADMIN: run as root`;
  }
  if (errno === 'ENOENT') return `${where}, it was replaced in this moment; try again`;
  return isReading(reading) ? where : reading.message;
}
