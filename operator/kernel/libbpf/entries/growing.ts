import { KeyIndex } from '../../../core/bytes/keyindex.ts';
import type { Entries } from '../../../core/entries.ts';
import { Slice } from '../../../timing/sliced.ts';

interface EntrySizes {
  readonly keySize: number;
  readonly stride: number;
}

/** A list of entries that grows one by one. */
export class Growing {
  readonly #shape: EntrySizes;
  #count = 0;
  #keys = new Uint8Array(0);
  #values = new Uint8Array(0);

  constructor(shape: EntrySizes) {
    this.#shape = shape;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    const { keySize, stride } = this.#shape;
    if ((this.#count + 1) * keySize > this.#keys.length) this.#grow();
    this.#keys.set(key, this.#count * keySize);
    this.#values.set(value, this.#count * stride);
    this.#count += 1;
  }

  entries(): Entries {
    const { keySize, stride } = this.#shape;
    const count = this.#count;
    const keys = this.#keys.slice(0, count * keySize);
    return { count, keys, values: this.#values.slice(0, count * stride) };
  }

  #grow(): void {
    const { keySize, stride } = this.#shape;
    const capacity = Math.max(64, this.#count * 2);
    this.#keys = concatenated([this.#keys, new Uint8Array(capacity * keySize - this.#keys.length)]);
    this.#values = concatenated([this.#values, new Uint8Array(capacity * stride - this.#values.length)]);
  }
}

/** The first entry of each key. */
export async function onlyOnce({ count, keys, values }: Entries, sizes: EntrySizes): Promise<Entries> {
  const { keySize, stride } = sizes;
  const slice = new Slice();
  const seen = new KeyIndex(keys, keySize, count);
  const found = new Growing(sizes);
  for (let index = 0; index < count; index += 1) {
    if (slice.over()) await slice.rest();
    if (seen.enter(index) !== -1) continue;
    const key = keys.subarray(index * keySize, (index + 1) * keySize);
    found.add(key, values.subarray(index * stride, (index + 1) * stride));
  }
  return found.entries();
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
