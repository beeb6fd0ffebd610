import type { Entries } from '../../core/entries.ts';
import { readBits } from '../../core/scalar/bits.ts';
import type { IntegerType, Type } from '../../core/types/type.ts';

/**
 * How people order keys: numbers by value, prefixes by address and then by length, structs field by field.
 * A hash map's own order changes from read to read: what is written to a file or shown must not.
 */
function compareKeys(type: Type, a: Key, b: Key): number {
  switch (type.kind) {
    case 'integer':
      return compareNumbers(type, type.byteOrder === 'network', { a, b });
    case 'enum':
      return compareNumbers(type, false, { a, b });
    case 'cidr4':
    case 'cidr6':
      return compareBytes(a, b, 4, type.size) || compareBytes(a, b, 0, 4);
    case 'struct':
      for (const field of type.fields) {
        const order = compareKeys(field.type, moved(a, field.offset), moved(b, field.offset));
        if (order !== 0) return order;
      }
      return 0;
    case 'bits': {
      const [left, right] = [readBits(type, a.bytes, a.at), readBits(type, b.bytes, b.at)];
      return left < right ? -1 : left > right ? 1 : 0;
    }
    default:
      return compareBytes(a, b, 0, type.size);
  }
}

/** A key inside a run of bytes. */
interface Key {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** The same entries, ordered by their keys. */
export function ordered(entries: Entries, type: Type): Entries {
  return entriesAt(entries, inKeyOrder(type)(entries));
}

/** The entries at these places, in this order. */
export function entriesAt({ count, keys, values }: Entries, places: readonly number[]): Entries {
  const picked = (bytes: Uint8Array) => {
    const size = count === 0 ? 0 : bytes.length / count;
    const all = new Uint8Array(places.length * size);
    for (const [to, from] of places.entries())
      all.set(bytes.subarray(from * size, (from + 1) * size), to * size);
    return all;
  };
  return { count: places.length, keys: picked(keys), values: picked(values) };
}

/** The places of entries in the order of their keys. */
export function inKeyOrder(type: Type): (entries: Pick<Entries, 'count' | 'keys'>) => readonly number[] {
  return ({ keys: bytes, count }) => {
    const key = (place: number) => ({ bytes, at: place * type.size });
    return Array.from({ length: count }, (_, place) => place).sort((a, b) =>
      compareKeys(type, key(a), key(b)),
    );
  };
}

function moved({ bytes, at }: Key, by: number): Key {
  return { bytes, at: at + by };
}

function compareBytes(a: Key, b: Key, from: number, to: number): number {
  for (let byte = from; byte < to; byte++) {
    const difference = a.bytes[a.at + byte]! - b.bytes[b.at + byte]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** From the most significant byte on; a sign bit turned over puts negative numbers first. */
function compareNumbers(
  { size, signed }: NumberType,
  network: boolean,
  { a, b }: { a: Key; b: Key },
): number {
  for (let byte = 0; byte < size; byte++) {
    const place = network ? byte : size - 1 - byte;
    const sign = signed && byte === 0 ? 0x80 : 0;
    const difference = (a.bytes[a.at + place]! ^ sign) - (b.bytes[b.at + place]! ^ sign);
    if (difference !== 0) return difference;
  }
  return 0;
}

type NumberType = Pick<IntegerType, 'size' | 'signed'>;
