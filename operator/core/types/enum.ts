import type { EnumType } from './type.ts';

type Enumerator = EnumType['enumerators'][number];

const UNSIGNED_32 = 2n ** 32n - 1n;
const UNSIGNED_64 = 2n ** 64n - 1n;
const SIGNED_32 = 2n ** 31n;
const SIGNED_64 = 2n ** 63n;

/**
 * An enum as gcc and clang lay it out: unsigned int, int where an enumerator is negative,
 * 64 bits where 32 do not hold them. Undefined where 64 do not either.
 */
export function enumOf(enumerators: readonly Enumerator[], tag?: string): EnumType | undefined {
  const least = enumerators.reduce((low, { value }) => (value < low ? value : low), 0n);
  const most = enumerators.reduce((high, { value }) => (value > high ? value : high), 0n);
  const signed = least < 0n;
  const size = sizeFor(least, most);
  if (size === undefined) return undefined;
  return { kind: 'enum', ...(tag === undefined ? {} : { tag }), signed, enumerators, size, alignment: size };
}

function sizeFor(least: bigint, most: bigint): number | undefined {
  if (least >= 0n) return most <= UNSIGNED_32 ? 4 : most <= UNSIGNED_64 ? 8 : undefined;
  if (least >= -SIGNED_32 && most < SIGNED_32) return 4;
  return least >= -SIGNED_64 && most < SIGNED_64 ? 8 : undefined;
}
