import type { Entries } from '../../../core/entries.ts';

/** The length of a prefix in bits, in host order, comes before its bits. */
const LENGTH_BYTES = 4;

/**
 * Whether a walk of an LPM trie repeats keys. The kernel walks it in post-order: the left branch, the right one, then the
 * prefix itself. When the current key is deleted, the walk starts anew: that shows as a step back in this order.
 */
export function repeatsKeys(walk: readonly Entries[], keySize: number): boolean {
  let last: Uint8Array | undefined;
  for (const { count, keys } of walk)
    for (let index = 0; index < count; index += 1) {
      const key = keys.subarray(index * keySize, (index + 1) * keySize);
      if (last !== undefined && !isBefore(last, key)) return true;
      last = key;
    }
  return false;
}

/** Whether the walk of a trie meets `first` before `second`. */
export function isBefore(first: Uint8Array, second: Uint8Array): boolean {
  const firstLength = lengthOf(first);
  const secondLength = lengthOf(second);
  const common = Math.min(firstLength, secondLength);
  for (let bit = 0; bit < common; bit += 8) {
    const place = LENGTH_BYTES + bit / 8;
    const unused = Math.max(0, bit + 8 - common);
    const difference = (first[place]! ^ second[place]!) >> unused;
    if (difference !== 0) return first[place]! < second[place]!;
  }
  return firstLength > secondLength;
}

function lengthOf(key: Uint8Array): number {
  return key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24);
}
