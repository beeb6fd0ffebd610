import type { Entries } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { Slice } from '../../../timing/sliced.ts';
import type { ExpectedInner } from '../../kernel.ts';
import type { Library } from '../library.ts';
import { sizesOf } from './layouts.ts';

/** What a digest is made by: the layout of entries, and what counts of a value. */
export interface Hashed {
  readonly spec: MapSpec;
  readonly mask: Uint8Array | null;
}

interface KnownDigest {
  readonly by: string;
  readonly digest: bigint;
}

/** Entries are immutable; what counts of them is not. */
const known = new WeakMap<Entries, KnownDigest>();

/** Entries are copied for one call up to so many bytes; larger ones alone. */
const BYTES_AT_ONCE = 1 << 18;

/** The digests of declared entries, made off the event loop where they are not known; undefined where they cannot be. */
export async function digestsOf(
  library: Library,
  inners: readonly ExpectedInner[],
  hashed: Hashed,
): Promise<BigUint64Array | undefined> {
  const { type, keySize, valueSize } = hashed.spec;
  const by = `${type} ${keySize} ${valueSize} ${hashed.mask?.join() ?? ''}`;
  const digests = new BigUint64Array(inners.length);
  const unknown: Entries[] = [];
  for (const [at, { entries }] of inners.entries()) {
    const last = known.get(entries);
    if (last?.by === by) digests[at] = last.digest;
    else unknown.push(entries);
  }
  if (unknown.length === 0) return digests;
  if (!(await makeKnown(library, unknown, { by, hashed }))) return undefined;
  for (const [at, { entries }] of inners.entries()) {
    const made = known.get(entries);
    // Made anew by another layout meanwhile
    if (made?.by !== by) return undefined;
    digests[at] = made.digest;
  }
  return digests;
}

/** False where that cannot be. */
async function makeKnown(
  library: Library,
  unknown: readonly Entries[],
  { by, hashed }: { readonly by: string; readonly hashed: Hashed },
): Promise<boolean> {
  const slice = new Slice();
  for (let from = 0; from < unknown.length; ) {
    const some = unknown.slice(from, partEnd(unknown, from));
    const made = await hash(library, some, hashed);
    if (made === undefined) return false;
    for (const [at, entries] of some.entries()) known.set(entries, { by, digest: made[at]! });
    from += some.length;
    if (slice.over()) await slice.rest();
  }
  return true;
}

function partEnd(all: readonly Entries[], from: number): number {
  let bytes = 0;
  let end = from;
  while (end < all.length) {
    bytes += all[end]!.keys.length + all[end]!.values.length;
    if (bytes > BYTES_AT_ONCE && end > from) break;
    end += 1;
  }
  return end;
}

async function hash(
  library: Library,
  some: readonly Entries[],
  { spec, mask }: Hashed,
): Promise<BigUint64Array | undefined> {
  const bytes = new Uint8Array(some.reduce((sum, { keys, values }) => sum + keys.length + values.length, 0));
  let at = 0;
  for (const { keys, values } of some) {
    bytes.set(keys, at);
    bytes.set(values, at + keys.length);
    at += keys.length + values.length;
  }
  const counts = Uint32Array.from(some, ({ count }) => count);
  const digests = new BigUint64Array(some.length);
  const answer = await library.digest.later(sizesOf(some.length, spec), mask, counts, bytes, digests);
  return answer < 0 ? undefined : digests;
}
