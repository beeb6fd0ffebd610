/** Two entries with the same key: the earlier and the later. */
export interface Duplicates {
  /** The first ten. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly total: number;
}

interface Keys {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly count: number;
  /** The same bytes as words, where the size allows: four bytes at a time. */
  readonly words: Uint32Array | undefined;
}

const SLICE = 16384;
const SHOWN = 10;

/**
 * Finds equal keys by hashing their bytes into one typed array: no object per key. Yields between slices.
 * Keys chosen to collide are found by sorting instead: never quadratic.
 */
export function* duplicatesIn(
  bytes: Uint8Array,
  size: number,
  count: number,
): Generator<undefined, Duplicates> {
  const words = size % 4 === 0 && bytes.byteOffset % 4 === 0;
  const keys = {
    bytes,
    size,
    count,
    words: words ? new Uint32Array(bytes.buffer, bytes.byteOffset, (count * size) / 4) : undefined,
  };
  const search = {
    slots: new Int32Array(slotCount(count)),
    steps: 0,
    pairs: [] as [number, number][],
    total: 0,
  };
  for (let from = 0; from < count; from += SLICE) {
    const to = Math.min(count, from + SLICE);
    for (let index = from; index < to; index += 1) place(keys, index, search);
    if (search.steps > to * 16 + SLICE * 4) return sortedDuplicates(keys);
    yield;
  }
  return search;
}

interface Search {
  /** Index + 1 of the key in a slot; 0: free. */
  readonly slots: Int32Array;
  steps: number;
  readonly pairs: [number, number][];
  total: number;
}

function place(keys: Keys, index: number, search: Search): void {
  const { slots } = search;
  const mask = slots.length - 1;
  // A slice of colliding keys is quadratic too: past this bound the search has failed, and the sort takes over.
  if (search.steps > keys.count * 16 + SLICE * 4) return;
  for (let slot = hash(keys, index) & mask; ; slot = (slot + 1) & mask) {
    const other = slots[slot]! - 1;
    if (other < 0) {
      slots[slot] = index + 1;
      return;
    }
    search.steps += 1;
    if (!isEqual(keys, index, other)) continue;
    search.total += 1;
    if (search.pairs.length < SHOWN) search.pairs.push([other, index]);
    return;
  }
}

function hash(keys: Keys, index: number): number {
  const { words, size } = keys;
  let mixed = 0x2545f491;
  if (words !== undefined) {
    const length = size >>> 2;
    for (let at = index * length; at < (index + 1) * length; at += 1)
      mixed = Math.imul(mixed ^ (mixed >>> 15) ^ words[at]!, 0x9e3779b1);
  } else
    for (let at = index * size; at < (index + 1) * size; at += 1)
      mixed = Math.imul(mixed ^ (mixed >>> 15) ^ keys.bytes[at]!, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

function isEqual(keys: Keys, left: number, right: number): boolean {
  const from = keys.words ?? keys.bytes;
  const size = keys.words === undefined ? keys.size : keys.size >>> 2;
  for (let at = 0; at < size; at += 1) if (from[left * size + at] !== from[right * size + at]) return false;
  return true;
}

function sortedDuplicates(keys: Keys): Duplicates {
  const order = Uint32Array.from({ length: keys.count }, (_, index) => index);
  order.sort((left, right) => byteOrder(keys, left, right) || left - right);
  const pairs: [number, number][] = [];
  let total = 0;
  for (let at = 1, first = 0; at < order.length; at += 1) {
    if (!isEqual(keys, order[first]!, order[at]!)) first = at;
    else {
      total += 1;
      if (pairs.length < SHOWN) pairs.push([order[first]!, order[at]!]);
    }
  }
  return { pairs, total };
}

function byteOrder(keys: Keys, left: number, right: number): number {
  for (let at = 0; at < keys.size; at += 1) {
    const difference = keys.bytes[left * keys.size + at]! - keys.bytes[right * keys.size + at]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A power of two, at least twice as many as keys. */
function slotCount(count: number): number {
  let slots = 16;
  while (slots < count * 2) slots *= 2;
  return slots;
}
