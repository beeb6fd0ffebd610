import { kernelBytesMask } from '../../../core/btf/maptypes.ts';
import { NO_ENTRIES } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { InnerAddress, InnerReading, Place } from '../../kernel.ts';
import { onlyOnce } from '../entries/growing.ts';
import { ERRNO } from '../errno.ts';
import type { Host } from '../maps.ts';
import { hasContents } from '../maptypes.ts';
import { isWalkedType, sizesOf } from './layouts.ts';

/** COPY_MOST_ENTRIES, COPY_MOST_BYTES and DIGEST_MOST_MAPS of native/bulk/innermap.h, and what one call copies at most. */
const MOST = { entries: 16_384, fieldBytes: 1024, maps: 512, bytes: 4 << 20 };

/** A walk visits each bucket of a hash, an empty one's too, without a pause: 56 ms for 4 million. This is 4. */
const MOST_WALKED = 1 << 18;

type Answer = InnerReading | KernelError;

interface Asked {
  readonly at: number;
  readonly id: number;
  readonly place: Place;
}

/**
 * The readings, with what a walk finds in the place of those that may not be opened by their id. It knows entries alone:
 * what they cannot be copied of stays unreadable.
 */
export async function withWalked(
  host: Host,
  addresses: readonly InnerAddress[],
  readings: readonly Answer[],
): Promise<readonly Answer[]> {
  const all = [...readings];
  const refused = addresses.flatMap((address, at) => refusedAt(address, at, all[at]!));
  for (const { at, id, place } of refused)
    if (!hasContents(place.spec.type)) all[at] = withoutEntries(id, place);
  let asked = host.ways.walks ? refused.filter(({ place }) => isWalkedAt(place)) : [];
  while (asked.length > 0) {
    const [{ place: first }] = asked as [Asked];
    const part = asked.filter(({ place }) => isLike(place, first)).slice(0, MOST.maps);
    const found = await copies(host, part);
    const done = new Set(found.keys());
    for (const [one, reading] of found) if (reading !== undefined) all[one.at] = reading;
    asked = asked.filter(one => !done.has(one));
  }
  return all;
}

function refusedAt(address: InnerAddress, at: number, answer: Answer): readonly Asked[] {
  const isRefused = answer instanceof KernelError && answer.errno === 'EPERM';
  if (!isRefused || !('id' in address) || address.place === undefined) return [];
  return [{ at, id: address.id, place: address.place }];
}

function isWalkedAt({ spec }: Place): boolean {
  const { type, keySize, valueSize, maxEntries } = spec;
  const isSmall = type === 'Array' || maxEntries <= MOST_WALKED;
  return isWalkedType(spec) && isSmall && Math.max(keySize, valueSize) <= MOST.fieldBytes;
}

/** All that there is to see of a type without entries: the outer map takes no other layout. */
function withoutEntries(id: number, { spec }: Place): InnerReading {
  return { id, spec, frozen: false, entries: NO_ENTRIES, entriesAlone: true };
}

/** One call walks inner maps of one outer map, which all have one layout. */
function isLike(a: Place, b: Place): boolean {
  const { type, keySize, valueSize } = b.spec;
  const sameSizes = a.spec.keySize === keySize && a.spec.valueSize === valueSize;
  return a.outer === b.outer && a.spec.type === type && sameSizes;
}

/** Those that were walked, each with what it holds; undefined where that cannot be told. At least one. */
async function copies(
  { library }: Host,
  part: readonly Asked[],
): Promise<ReadonlyMap<Asked, InnerReading | undefined>> {
  const { outer, spec } = part[0]!.place;
  const { keySize, valueSize } = spec;
  const room = Math.min(MOST.entries, Math.floor(MOST.bytes / (keySize + valueSize)));
  const keys = new Uint8Array(part.length * outer.spec.keySize);
  for (const [at, { place }] of part.entries()) keys.set(place.key, at * outer.spec.keySize);
  const bytes = new Uint8Array(room * (keySize + valueSize));
  const counts = new Int32Array(part.length);
  const sizes = sizesOf(part.length, spec, outer.spec.keySize);
  const mask = kernelBytesMask(spec.types, valueSize) ?? null;
  const { copy } = library;
  const answer = await copy.later(outer.fd, sizes, mask, keys, room, bytes, counts);
  const found = new Map<Asked, InnerReading | undefined>();
  if (answer < 0) return new Map(part.map(one => [one, undefined]));
  let from = 0;
  for (const [at, one] of part.entries()) {
    const count = counts[at]!;
    // The next call has room for it
    if (count === -ERRNO.EAGAIN) continue;
    const end = from + Math.max(0, count) * (keySize + valueSize);
    found.set(one, count < 0 ? undefined : await readingOf(one, bytes.slice(from, end), count));
    from = end;
  }
  return found;
}

/** A walk beside a writer can meet an entry twice. */
async function readingOf({ id, place }: Asked, bytes: Uint8Array, count: number): Promise<InnerReading> {
  const { keySize, valueSize } = place.spec;
  const keys = bytes.subarray(0, count * keySize);
  const entries = { count, keys, values: bytes.subarray(count * keySize) };
  const once = count === 0 ? NO_ENTRIES : await onlyOnce(entries, { keySize, stride: valueSize });
  return { id, spec: withRoom(place.spec, count), frozen: false, entries: once, entriesAlone: true };
}

/** All of an Array's entries exist; another map has room for at least so many. */
function withRoom(spec: MapSpec, count: number): MapSpec {
  return { ...spec, maxEntries: spec.type === 'Array' ? count : Math.max(spec.maxEntries, count) };
}
