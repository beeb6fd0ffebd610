import type { Entries } from '../../../core/entries.ts';

/** The length of a prefix in bits, in host order, comes before its bits. */
const LENGTH_BYTES = 4;

/**
 * The kernel walks an LPM trie in post-order: the left branch, the right one, then the prefix itself. When the current key
 * is deleted, the walk starts anew and repeats keys: that shows as a step back in this order.
 */
export class PrefixWalk {
  readonly #keySize: number;
  #last: Uint8Array | undefined;
  #repeats = false;

  constructor(keySize: number) {
    this.#keySize = keySize;
  }

  /** Whether the walk has ever stepped back. */
  get repeats(): boolean {
    return this.#repeats;
  }

  /** The next entries of the walk. */
  follow({ count, keys }: Entries): void {
    for (let index = 0; index < count && !this.#repeats; index += 1) {
      const key = keys.subarray(index * this.#keySize, (index + 1) * this.#keySize);
      if (this.#last !== undefined) this.#repeats = !isBefore(this.#last, key);
      this.#last = key;
    }
  }
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
