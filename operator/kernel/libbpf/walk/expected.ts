import { NO_ENTRIES } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { forEachSliced } from '../../../timing/sliced.ts';
import type { ExpectedContents, ExpectedInner } from '../../kernel.ts';
import { ERRNO } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { CALLS_AT_ONCE, inParallel } from '../parallel.ts';
import { digestsOf, type Hashed } from './digests.ts';
import { isWalkedType, sizesOf } from './layouts.ts';

/** Inner maps of one call, at most DIGEST_MOST_MAPS of native/bulk/innermap.h. */
const MAPS = 2048;
/** HASH_MOST_BYTES of native/bulk/program/sip.h. */
const MOST_ENTRY_BYTES = 512;
/** A walk of one inner map is not interrupted: so many words take the kernel about a millisecond. */
const MOST_WORDS = 160_000;
/** Reaching an entry and ending its hash take as long as so many words. */
const WORDS_BESIDE = 8;

/** Walks the inner maps in the kernel, in parts, off the event loop. Of those that cannot be walked nothing is known. */
export async function asExpected(
  host: Host,
  outer: OwnedMap,
  { keys, inners, mask }: ExpectedContents,
): Promise<Uint8Array> {
  const same = new Uint8Array(inners.length);
  const { keySize } = outer.spec;
  const first = inners[0]?.spec;
  const walked: number[] = [];
  await forEachSliced(inners, (inner, at) => {
    if (isWalked(inner, first!)) walked.push(at);
  });
  const calls = host.ways.walks ? Math.ceil(walked.length / MAPS) : 0;
  await inParallel(calls, CALLS_AT_ONCE, async call => {
    const places = walked.slice(call * MAPS, (call + 1) * MAPS);
    const part = {
      keys: gathered(keys, keySize, places),
      inners: places.map(at => inners[at]!),
      by: { spec: first!, mask: mask ?? null },
    };
    const found = await compared(host, outer, part);
    places.forEach((at, index) => {
      same[at] = found.same[index]!;
    });
  });
  return same;
}

/** One walk has entries of one layout. */
function isWalked({ spec, entries }: ExpectedInner, first: MapSpec): boolean {
  const { type, keySize, valueSize, maxEntries } = spec;
  const words = Math.ceil(keySize / 8) + Math.ceil(valueSize / 8) + WORDS_BESIDE;
  const isOne = type === first.type && keySize === first.keySize && valueSize === first.valueSize;
  const isWhole =
    entries.keys.length === entries.count * keySize && entries.values.length === entries.count * valueSize;
  const isShort = keySize + valueSize <= MOST_ENTRY_BYTES && maxEntries * words <= MOST_WORDS;
  return isWalkedType(spec) && isOne && isWhole && isShort;
}

function gathered(keys: Uint8Array, size: number, places: readonly number[]): Uint8Array {
  if (places.length * size === keys.length) return keys;
  const some = new Uint8Array(places.length * size);
  places.forEach((at, to) => {
    some.set(keys.subarray(at * size, (at + 1) * size), to * size);
  });
  return some;
}

interface Part {
  readonly keys: Uint8Array;
  readonly inners: readonly ExpectedInner[];
  readonly by: Hashed;
}

interface Compared {
  /** 0, or -errno: then nothing is known of any. */
  readonly answer: number;
  readonly same: Uint8Array;
}

/** A kernel that cannot walk these maps refuses, as those with fields that programs alone may touch. */
async function compared({ library }: Host, outer: OwnedMap, part: Part): Promise<Compared> {
  const { keys, inners, by } = part;
  const same = new Uint8Array(inners.length);
  const digests = await digestsOf(library, inners, by);
  if (digests === undefined) return { answer: -ERRNO.EAGAIN, same };
  const sizes = sizesOf(inners.length, by.spec, outer.spec.keySize);
  const counts = Uint32Array.from(inners, ({ entries }) => entries.count);
  const { compare } = library;
  const answer = await compare.later(outer.fd, sizes, by.mask, keys, counts, digests, same);
  return { answer, same };
}

/** What a kernel without such programs answers, or one that denies them; anything else, as too little memory, passes. */
const REFUSED: ReadonlySet<number> = new Set(
  (['EPERM', 'EACCES', 'EINVAL', 'E2BIG', 'EOPNOTSUPP', 'ENOTSUPP', 'ENOSYS'] as const).map(
    name => -ERRNO[name],
  ),
);

/** Whether the inner map without entries at this key can be walked, as far as this moment tells: what passes is no refusal. */
export async function canWalk(
  host: Host,
  outer: OwnedMap,
  { key, spec }: { readonly key: Uint8Array; readonly spec: MapSpec },
): Promise<boolean> {
  const part = { keys: key, inners: [{ spec, entries: NO_ENTRIES }], by: { spec, mask: null } };
  const { answer, same } = await compared(host, outer, part);
  return answer < 0 ? !REFUSED.has(answer) : same[0] === 1;
}
