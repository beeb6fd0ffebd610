const SEED = 0x811c9dc5;
const PRIME = 0x01000193;

/** A set of byte keys of one size: an open-addressing table of copies, some ten times cheaper than a Set of strings. */
export class UniqueKeys {
  readonly #keySize: number;
  /** Index + 1 into #keys; 0 where nothing is. */
  #table: Uint32Array;
  #keys: Uint8Array;
  #count = 0;

  constructor(keySize: number, expected = 16) {
    this.#keySize = keySize;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected) * 2));
    this.#table = new Uint32Array(slots);
    this.#keys = new Uint8Array((slots / 2) * keySize);
  }

  get size(): number {
    return this.#count;
  }

  /** Whether the key at `index` of `keys` was not there yet; it is from now on. */
  add(keys: Uint8Array, index: number): boolean {
    if ((this.#count + 1) * 2 > this.#table.length) this.#grow();
    const slot = this.#slotOf(keys, index * this.#keySize);
    if (this.#table[slot] !== 0) return false;
    const offset = index * this.#keySize;
    this.#keys.set(keys.subarray(offset, offset + this.#keySize), this.#count * this.#keySize);
    this.#count += 1;
    this.#table[slot] = this.#count;
    return true;
  }

  has(keys: Uint8Array, index: number): boolean {
    return this.#table[this.#slotOf(keys, index * this.#keySize)] !== 0;
  }

  /** Where the key is, or would go. */
  #slotOf(keys: Uint8Array, offset: number): number {
    const mask = this.#table.length - 1;
    let hash = SEED;
    for (let byte = 0; byte < this.#keySize; byte += 1) {
      hash = Math.imul(hash ^ keys[offset + byte]!, PRIME);
    }
    let slot = mixed(hash) & mask;
    while (this.#table[slot] !== 0 && !this.#equals(this.#table[slot]! - 1, keys, offset))
      slot = (slot + 1) & mask;
    return slot;
  }

  #equals(known: number, keys: Uint8Array, offset: number): boolean {
    const start = known * this.#keySize;
    for (let byte = 0; byte < this.#keySize; byte += 1) {
      if (this.#keys[start + byte] !== keys[offset + byte]) return false;
    }
    return true;
  }

  #grow(): void {
    const larger = new UniqueKeys(this.#keySize, this.#count * 2);
    for (let index = 0; index < this.#count; index += 1) larger.add(this.#keys, index);
    this.#table = larger.#table;
    this.#keys = larger.#keys;
  }
}

/** Every bit of a hash to every other: FNV-1a alone sends the prefixes of a trie to few slots. */
function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const most = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return most ^ (most >>> 16);
}
