import { hex } from '../bytes/hex.ts';
import { readBits, writeBits } from '../scalar/bits.ts';
import { cidrText } from '../scalar/cidr.ts';
import { rawText } from '../scalar/hex.ts';
import { readBigInteger, readInteger } from '../scalar/integer.ts';
import { ipv4Text } from '../scalar/ipv4.ts';
import { ipv6Text } from '../scalar/ipv6.ts';
import { macText } from '../scalar/mac.ts';
import { readText } from '../scalar/text.ts';
import { isKernelOwned } from '../types/kernelfield.ts';
import { fieldMask } from '../types/padding.ts';
import { hasFields } from '../types/path.ts';
import { shownMembers } from '../types/struct.ts';
import type { BitsType, EnumType, Field, StructType, Type } from '../types/type.ts';
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
    case 'bits':
      return bitsValue(type, bytes, at);
    case 'kernel':
      return '';
    case 'struct':
    case 'union': {
      const fields = fieldValues(type, bytes, at);
      return fields === undefined ? rawFields(type, bytes, at) : Object.fromEntries(fields);
    }
  }
}

/** Undefined where a union has bytes that none of its members shows. */
function fieldValues(type: StructType, bytes: Uint8Array, at: number): [string, Value][] | undefined {
  const values: [string, Value][] = [];
  const shown = type.kind === 'union' ? shownMember(type, bytes, at) : type.fields;
  for (const field of shown) {
    const place = at + field.offset;
    if (isKernelOwned(field.type)) continue;
    if (field.name !== '') values.push([field.name, decode(field.type, bytes, place)]);
    else if (hasFields(field.type)) {
      const within = fieldValues(field.type, bytes, place);
      if (within === undefined) return undefined;
      values.push(...within);
    }
  }
  return shown.length === 0 ? undefined : values;
}

/** Every byte, padding as zero. */
function rawFields(type: StructType, bytes: Uint8Array, at: number): string {
  const mask = fieldMask(type);
  const own = bytes.slice(at, at + type.size);
  return rawText(mask === undefined ? own : own.map((byte, index) => byte & mask[index]!), 0, type.size);
}

function shownMember(type: StructType, bytes: Uint8Array, at: number): readonly Field[] {
  const found = shownMembers(type).find(field => hasAllBits(type, field, { bytes, at }));
  return found === undefined ? [] : [found];
}

/** Whether no bit that another member has, and this one has not, is set. */
function hasAllBits(
  union: StructType,
  member: Field,
  { bytes, at }: { bytes: Uint8Array; at: number },
): boolean {
  const [all, own] = [fieldMask(union), fieldMask(member.type)];
  for (let byte = 0; byte < union.size; byte += 1) {
    const covered = byte < member.type.size ? (own?.[byte] ?? 0xff) : 0;
    if ((bytes[at + byte]! & (all?.[byte] ?? 0xff) & ~covered) !== 0) return false;
  }
  return true;
}

/** As its base shows the number. */
function bitsValue(type: BitsType, bytes: Uint8Array, at: number): Value {
  const { base, width } = type;
  const bits = readBits(type, bytes, at);
  const number = base.kind !== 'bool' && base.signed ? BigInt.asIntN(width, bits) : bits;
  const whole = new Uint8Array(base.size);
  writeBits({ shift: 0, width: base.size * 8 }, number, whole, 0);
  return decode(base, whole, 0);
}

/** The first name of the number, or the number where it has no name. */
function enumValue(type: EnumType, bytes: Uint8Array, at: number): Value {
  const number = readBigInteger(type, bytes, at);
  const found = type.enumerators.find(({ value }) => value === number);
  return found?.name ?? readInteger(type, bytes, at);
}
