import { firstIndex } from '../items.ts';
import { equalRun } from './bytes.ts';
import { hashOfBytes, hashOfWords } from './keyhash.ts';

/** Probes that are free, and those that each key adds: keys that nobody chose to collide need two or three. */
const FREE_PROBES = 65_536;
const PROBES_OF_A_KEY = 16;

/**
 * Finds a key among many by its bytes: open addressing over one typed array, so that a million keys cost neither
 * strings nor objects. Keys chosen to collide are found by sorting instead: never quadratic.
 */
export class KeyIndex {
  readonly #own: Run;
  readonly #count: number;
  /** Index + 1 of the key in a slot; 0: free. */
  readonly #slots: Int32Array;
  /** The keys of the last search. */
  #foreign: Run;
  /** The slot for the last key that was not found. */
  #free = 0;
  #probes = FREE_PROBES;
  /** All keys sorted by their bytes, equal ones by their index; set when the probes ran out. */
  #order: Uint32Array | undefined;

  /** Of `count` keys, none of which is entered yet. */
  constructor(keys: Uint8Array, keySize: number, count: number) {
    this.#own = runOf(keys, keySize, isAligned(keys, keySize));
    this.#foreign = this.#own;
    this.#count = count;
    let slots = 16;
    while (slots < count * 2) slots *= 2;
    this.#slots = new Int32Array(slots);
  }

  /** With all keys entered. */
  static of(keys: Uint8Array, keySize: number, count: number): KeyIndex {
    const index = new KeyIndex(keys, keySize, count);
    for (let at = 0; at < count; at++) index.enter(at);
    return index;
  }

  /** Enters the key at `index`; keys are entered in order. Returns the index of the first equal key, or -1. */
  enter(index: number): number {
    const found = this.#found(this.#own, index);
    if (found !== -1) return found < index ? found : -1;
    this.#slots[this.#free] = index + 1;
    return -1;
  }

  /** The first key that equals the one at `index` of `keys`, or -1. */
  find(keys: Uint8Array, index: number): number {
    if (keys !== this.#foreign.bytes)
      this.#foreign = runOf(keys, this.#own.size, this.#own.words !== undefined);
    return this.#found(this.#foreign, index);
  }

  #found(run: Run, index: number): number {
    if (this.#order !== undefined) return this.#sorted(this.#order, run, index);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let probes = this.#probes + PROBES_OF_A_KEY;
    for (let slot = hashOf(run, index) & mask; probes > 0; slot = (slot + 1) & mask) {
      const other = slots[slot]! - 1;
      if (other === -1) this.#free = slot;
      else if (!isEqual(this.#own, other, run, index)) {
        probes--;
        continue;
      }
      this.#probes = probes;
      return other;
    }
    return this.#sorted(this.#sort(), run, index);
  }

  #sort(): Uint32Array {
    const own = this.#own;
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at);
    this.#order = order.sort((left, right) => byteOrder(own, left, own, right) || left - right);
    return this.#order;
  }

  #sorted(order: Uint32Array, run: Run, index: number): number {
    const own = this.#own;
    const first = order[firstIndex(order.length, at => byteOrder(own, order[at]!, run, index) >= 0)];
    return first !== undefined && byteOrder(own, first, run, index) === 0 ? first : -1;
  }
}

/** Consecutive keys of one size. */
interface Run {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** The same bytes four at a time; in all runs of an index or in none, because the hashes differ. */
  readonly words: Uint32Array | undefined;
}

function runOf(bytes: Uint8Array, size: number, inWords: boolean): Run {
  if (!inWords) return { bytes, size, words: undefined };
  const from = isAligned(bytes, size) ? bytes : new Uint8Array(bytes);
  return { bytes, size, words: new Uint32Array(from.buffer, from.byteOffset, from.length >>> 2) };
}

function isAligned(bytes: Uint8Array, size: number): boolean {
  return size % 4 === 0 && bytes.byteOffset % 4 === 0;
}

function hashOf({ bytes, size, words }: Run, index: number): number {
  return words === undefined
    ? hashOfBytes(bytes, index * size, (index + 1) * size)
    : hashOfWords(words, index * (size >>> 2), (index + 1) * (size >>> 2));
}

function isEqual(a: Run, left: number, b: Run, right: number): boolean {
  if (a.words === undefined || b.words === undefined)
    return equalRun(a.bytes, left * a.size, b.bytes, right * a.size, a.size);
  const size = a.size >>> 2;
  for (let at = 0; at < size; at++)
    if (a.words[left * size + at] !== b.words[right * size + at]) return false;
  return true;
}

function byteOrder(a: Run, left: number, b: Run, right: number): number {
  const { size } = a;
  for (let at = 0; at < size; at++) {
    const order = a.bytes[left * size + at]! - b.bytes[right * size + at]!;
    if (order !== 0) return order;
  }
  return 0;
}
