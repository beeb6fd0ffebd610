import { equalBytes } from './bytes/bytes.ts';

/**
 * The entries of one map as bytes, in the shape that the kernel's batch calls take:
 * `count` keys one after the other, and `count` values one after the other.
 * Values of per-CPU types hold one value per possible CPU, each rounded up to 8 bytes.
 */
export interface Entries {
  readonly count: number;
  /** count × keySize */
  readonly keys: Uint8Array;
  /** count × stride of a value in the kernel's batch format */
  readonly values: Uint8Array;
}

export const NO_ENTRIES: Entries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };

export function sameEntries(a: Entries, b: Entries): boolean {
  return a.count === b.count && equalBytes(a.keys, b.keys) && equalBytes(a.values, b.values);
}

/** The entries at the chosen places. */
export function chosenEntries(
  { count, keys, values }: Entries,
  keySize: number,
  isChosen: (at: number) => boolean,
): Entries {
  const stride = count === 0 ? 0 : values.length / count;
  const places = Array.from({ length: count }, (_, at) => at).filter(isChosen);
  return {
    count: places.length,
    keys: gathered(keys, keySize, places),
    values: gathered(values, stride, places),
  };
}

function gathered(bytes: Uint8Array, size: number, places: readonly number[]): Uint8Array {
  const chosen = new Uint8Array(places.length * size);
  for (const [to, from] of places.entries())
    chosen.set(bytes.subarray(from * size, (from + 1) * size), to * size);
  return chosen;
}
