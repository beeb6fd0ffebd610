import { hex } from '../bytes/hex.ts';
import { cidrText } from '../scalar/cidr.ts';
import { rawText } from '../scalar/hex.ts';
import { readBigInteger, readInteger } from '../scalar/integer.ts';
import { ipv4Text } from '../scalar/ipv4.ts';
import { ipv6Text } from '../scalar/ipv6.ts';
import { macText } from '../scalar/mac.ts';
import { readText } from '../scalar/text.ts';
import { isKernelOwned } from '../types/kernelfield.ts';
import type { EnumType, Type } from '../types/type.ts';
import type { Value } from './value.ts';

/**
 * The value of bytes by their type. Any bytes have a value, and encode makes the same bytes of it, except that padding
 * becomes zero.
 */
export function decode(type: Type, bytes: Uint8Array, at: number): Value {
  switch (type.kind) {
    case 'integer':
      return readInteger(type, bytes, at);
    case 'bool':
      return (bytes[at] ?? 0) > 1 ? rawText(bytes, at, 1) : bytes[at] === 1;
    case 'text':
      return readText(bytes, at, type.size);
    case 'bytes':
      return hex(bytes, at, at + type.size);
    case 'enum':
      return enumValue(type, bytes, at);
    case 'ipv4':
      return ipv4Text(bytes, at);
    case 'ipv6':
      return ipv6Text(bytes, at);
    case 'mac':
      return macText(bytes, at);
    case 'cidr4':
    case 'cidr6':
      return cidrText(type.kind, bytes, at);
    case 'array':
      return Array.from({ length: type.length }, (_, index) =>
        decode(type.element, bytes, at + index * type.element.size),
      );
    case 'struct':
      return Object.fromEntries(
        type.fields
          .filter(field => !isKernelOwned(field.type))
          .map(field => [field.name, decode(field.type, bytes, at + field.offset)]),
      );
    case 'kernel':
      return '';
  }
}

/** The first name of the number, or the number where it has no name. */
function enumValue(type: EnumType, bytes: Uint8Array, at: number): Value {
  const number = readBigInteger(type, bytes, at);
  const found = type.enumerators.find(({ value }) => value === number);
  return found?.name ?? readInteger(type, bytes, at);
}
