import { equalRun } from './bytes.ts';

/**
 * Finds a key among many by its bytes: open addressing over one typed array,
 * so that a million keys cost neither strings nor objects. Later equal keys are not entered.
 */
export class KeyIndex {
  readonly #keys: Uint8Array;
  readonly #keySize: number;
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(keys: Uint8Array, keySize: number, count: number) {
    this.#keys = keys;
    this.#keySize = keySize;
    const slots = 1 << Math.max(4, Math.ceil(Math.log2(2 * count + 1)));
    this.#slots = new Int32Array(slots).fill(-1);
    this.#mask = slots - 1;
    for (let index = 0; index < count; index++) this.#enter(index);
  }

  /** Index of the key that stands at `at` in `bytes`, or -1. */
  find(bytes: Uint8Array, at: number): number {
    return this.#slots[this.#slotOf(bytes, at)]!;
  }

  #enter(index: number): void {
    const slot = this.#slotOf(this.#keys, index * this.#keySize);
    if (this.#slots[slot] === -1) this.#slots[slot] = index;
  }

  /** The slot that holds this key, or the free one where it would go. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const size = this.#keySize;
    for (let slot = hash(bytes, at, size) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const index = this.#slots[slot]!;
      if (index === -1 || equalRun(this.#keys, index * size, bytes, at, size)) return slot;
    }
  }
}

/** FNV-1a with a final mix: short keys that differ in one byte must not cluster. */
function hash(bytes: Uint8Array, at: number, size: number): number {
  let value = 0x811c9dc5;
  for (let byte = at; byte < at + size; byte++) value = Math.imul(value ^ bytes[byte]!, 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
