import { rangeOf } from '../scalar/integer.ts';
import type { EnumType } from './type.ts';

type Enumerator = EnumType['enumerators'][number];

/**
 * An enum as gcc and clang lay it out: unsigned int, int where an enumerator is negative,
 * 64 bits where 32 do not hold them. Undefined where 64 do not either.
 */
export function enumOf(enumerators: readonly Enumerator[], tag?: string): EnumType | undefined {
  const least = enumerators.reduce((low, { value }) => (value < low ? value : low), 0n);
  const most = enumerators.reduce((high, { value }) => (value > high ? value : high), 0n);
  const signed = least < 0n;
  const size = [4, 8].find(bytes => {
    const range = rangeOf({ size: bytes, signed });
    return least >= range.least && most <= range.most;
  });
  if (size === undefined) return undefined;
  return { kind: 'enum', ...(tag === undefined ? {} : { tag }), signed, enumerators, size, alignment: size };
}
