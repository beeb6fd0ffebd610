import type { OuterMapSpec } from '../../api/outermap.ts';
import { equalBytes } from '../bytes/bytes.ts';
import { hex } from '../bytes/hex.ts';
import { KeyIndex } from '../bytes/keyindex.ts';
import type { DesiredInner } from '../desired/compile.ts';
import { compareText } from '../desired/seniority.ts';
import { chosenEntries, type Entries } from '../entries.ts';
import { isArray } from '../mapspec.ts';
import { prefixesOf } from '../scalar/cidr.ts';
import { sha256 } from '../sha256.ts';

/** Fewer removals than this are never held: a small map must stay usable. */
export const FREE_REMOVALS = 10;

/** How many of so many may go at once. */
export function allowedOf(of: number, maxRemoval: OuterMapSpec['maxRemoval']): number {
  const allowed = 'keys' in maxRemoval ? maxRemoval.keys : Math.floor((of * maxRemoval.percent) / 100);
  return Math.max(FREE_REMOVALS, allowed);
}

/** A write that takes too many entries away from one inner map: reported, and done only with its token. */
export interface HeldEntries {
  readonly outer: string;
  readonly inner: DesiredInner;
  /** Entries that would go, of those that are there. */
  readonly entries: number;
  readonly of: number;
  /** Digest of the entries' keys. */
  readonly token: string;
}

export interface EntriesLimit {
  readonly outer: string;
  readonly maxRemoval: OuterMapSpec['maxRemoval'];
  /** How the entries that are there were written, where that is not as they are declared now. */
  readonly before?: { readonly isArray: boolean; readonly sameKeys: boolean };
}

/**
 * The write of `inner` over these entries, if it is held; undefined where all of them that it does not declare may go. It
 * is judged by itself: contents that change often and a little, as pods come and go, are no accident within a minute.
 * Keys of another layout cannot be compared: then only their number tells.
 */
export function heldEntries(
  inner: DesiredInner,
  before: Entries,
  limit: EntriesLimit,
): HeldEntries | undefined {
  const { outer, maxRemoval } = limit;
  const { isArray: wasArray, sameKeys } = limit.before ?? {
    isArray: isArray(inner.spec.type),
    sameKeys: true,
  };
  if (before.count <= allowedOf(before.count, maxRemoval)) return undefined;
  if (equalBytes(before.keys, inner.entries.keys)) return undefined;
  const there = wasArray ? filled(before) : before;
  const gone = sameKeys ? undeclared(there, inner) : surplus(there, inner.entries.count);
  if (gone.length <= allowedOf(there.count, maxRemoval)) return undefined;
  const token = sha256([outer, inner.keyHex, ...gone.map(key => hex(key)).toSorted()].join('\n')).slice(
    0,
    12,
  );
  return { outer, inner, entries: gone.length, of: there.count, token };
}

/** The entries of an array that are not zero: all exist, and zero is what the absent ones are. */
function filled(before: Entries): Entries {
  const { count, keys, values } = before;
  const stride = count === 0 ? 0 : values.length / count;
  const isFilled = (at: number) => values.subarray(at * stride, (at + 1) * stride).some(byte => byte !== 0);
  return chosenEntries(before, keys.length / Math.max(1, count), isFilled);
}

/** As many keys as there are more than so many, the same ones on each node. */
function surplus({ count, keys }: Entries, declared: number): Uint8Array[] {
  const size = keys.length / Math.max(1, count);
  const all = Array.from({ length: count }, (_, at) => keys.subarray(at * size, (at + 1) * size));
  return all.toSorted((a, b) => compareText(hex(a), hex(b))).slice(declared);
}

/** The keys that are there and not declared. */
function undeclared(there: Entries, { spec, entries }: DesiredInner): Uint8Array[] {
  const { keySize, type } = spec;
  const compared = (keys: Uint8Array) => (type === 'LPMTrie' ? prefixesOf(keys, keySize) : keys);
  const declared = KeyIndex.of(compared(entries.keys), keySize, entries.count);
  const keys = compared(there.keys);
  const gone: Uint8Array[] = [];
  for (let at = 0; at < there.count; at++)
    if (declared.find(keys, at) === -1) gone.push(keys.subarray(at * keySize, (at + 1) * keySize));
  return gone;
}
