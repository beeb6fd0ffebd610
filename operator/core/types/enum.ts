import { rangeOf } from '../scalar/integer.ts';
import type { EnumType } from './type.ts';

type Enumerator = EnumType['enumerators'][number];

/**
 * An enum as gcc and clang lay it out: unsigned int, int where an enumerator is negative, 64 bits where 32 do not hold
 * them; packed, the smallest that does. Undefined where 64 bits do not either.
 */
export function enumOf(
  enumerators: readonly Enumerator[],
  named: Pick<EnumType, 'tag' | 'packed'> = {},
): EnumType | undefined {
  const least = enumerators.reduce((low, { value }) => (value < low ? value : low), 0n);
  const most = enumerators.reduce((high, { value }) => (value > high ? value : high), 0n);
  const signed = least < 0n;
  const size = (named.packed ? [1, 2, 4, 8] : [4, 8]).find(bytes => {
    const range = rangeOf({ size: bytes, signed });
    return least >= range.least && most <= range.most;
  });
  return size === undefined
    ? undefined
    : { kind: 'enum', ...named, signed, enumerators, size, alignment: size };
}
