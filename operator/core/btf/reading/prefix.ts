import { WORD_TYPES } from '../../types/parser/words.ts';
import type { Type } from '../../types/type.ts';

/**
 * `cidr4` or `cidr6`, where a struct is a length and an address: an LPM trie compares the bits behind the length from the
 * first byte on, so that what is in it is in network order, whatever its type says.
 */
export function prefixType(type: Type): Type | undefined {
  if (type.kind !== 'struct' || type.fields.length !== 2) return undefined;
  const [length, address] = type.fields as [(typeof type.fields)[0], (typeof type.fields)[0]];
  if (length.type.kind !== 'integer' || length.type.size !== 4 || address.offset !== 4) return undefined;
  const word = WORD_TYPES.get(type.size === 8 ? 'cidr4' : 'cidr6')!;
  return type.size === word.size && isAddress(address.type) ? word : undefined;
}

function isAddress(type: Type): boolean {
  switch (type.kind) {
    case 'ipv4':
    case 'ipv6':
    case 'bytes':
      return true;
    case 'integer':
      return type.size === 4;
    case 'array':
      return type.length * type.element.size === 16 && type.element.kind === 'integer';
    default:
      return false;
  }
}
