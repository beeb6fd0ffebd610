import { writeBits } from '../scalar/bits.ts';
import { writeCidr } from '../scalar/cidr.ts';
import { isRaw, writeHex, writeRaw } from '../scalar/hex.ts';
import { integerText, isInRange, readBigInteger, writeInteger, writeNumber } from '../scalar/integer.ts';
import { writeIPv4 } from '../scalar/ipv4.ts';
import { writeIPv6 } from '../scalar/ipv6.ts';
import { writeMac } from '../scalar/mac.ts';
import { writeText } from '../scalar/text.ts';
import { GivenParts, oneMember } from '../types/given.ts';
import { kernelFieldText } from '../types/kernelfield.ts';
import { clearKernelFields, kernelMask } from '../types/padding.ts';
import { WORD_TYPES } from '../types/parser/words.ts';
import { fieldLocation, fieldNames, hasFields, unknownField } from '../types/path.ts';
import type {
  AddressType,
  ArrayType,
  BitsType,
  CidrType,
  EnumType,
  Field,
  StructType,
  Type,
} from '../types/type.ts';
import { assignmentsIn } from './structtext.ts';
import { notText, shown, under, ValueProblem } from './value.ts';

/** Writes a value as its type lays it out. Fields that are not given, and padding, become zero. Throws ValueProblem. */
export function encode(type: Type, value: unknown, into: Uint8Array, at: number): void {
  into.fill(0, at, at + type.size);
  encodeOntoZeros(type, value, into, at);
}

/** The same for bytes that are zero already, as in a new buffer. Bulk encoding uses this one. */
export function encodeOntoZeros(type: Type, value: unknown, into: Uint8Array, at: number): void {
  switch (type.kind) {
    case 'integer':
      if (typeof value === 'number' && isInRange(type, value)) writeNumber(type, value, into, at);
      else writeInteger(type, type.name, value, into, at);
      break;
    case 'struct':
    case 'union':
      encodeStruct(type, value, into, at);
      break;
    case 'array':
      encodeArray(type, value, into, at);
      break;
    case 'enum':
      encodeEnum(type, value, into, at);
      break;
    case 'bits':
      encodeBits(type, value, into, at);
      break;
    case 'bool':
      encodeBool(value, into, at);
      break;
    case 'text':
      writeText(value, type.size, into, at);
      break;
    case 'bytes':
      encodeBytes(type.size, value, into, at);
      break;
    case 'kernel':
      throw new ValueProblem(`A ${kernelFieldText(type)} is the kernel's, it has no value: leave it out`);
    default:
      encodeAddress(type.kind, value, into, at);
  }
}

type AddressKind = (AddressType | CidrType)['kind'];

function encodeAddress(kind: AddressKind, value: unknown, into: Uint8Array, at: number): void {
  if (kind === 'ipv4') writeIPv4(value, into, at);
  else if (kind === 'ipv6') writeIPv6(value, into, at);
  else if (kind === 'mac') writeMac(value, into, at);
  else writeCidr(kind, value, into, at);
}

function encodeStruct(type: StructType, value: unknown, into: Uint8Array, at: number): void {
  if (typeof value === 'string') {
    encodeAssignments(type, value, into, at);
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notStruct(type, value);
  const given = value as Readonly<Record<string, unknown>>;
  const written = encodeFields(type, given, into, at);
  if (written < Object.keys(given).length) throw surplusField(type, given);
}

/** Returns how many of the given fields are the type's, which has those of its anonymous structs and unions. */
function encodeFields(
  type: StructType,
  given: Readonly<Record<string, unknown>>,
  into: Uint8Array,
  at: number,
): number {
  let written = 0;
  let member = -1;
  for (let part = 0; part < type.fields.length; part += 1) {
    const field = type.fields[part]!;
    const before = written;
    if (field.name === '') {
      if (hasFields(field.type)) written += encodeFields(field.type, given, into, at + field.offset);
    } else if (Object.hasOwn(given, field.name)) {
      written += 1;
      encodeField(field, given[field.name], into, at);
    }
    if (type.kind !== 'union' || written === before) continue;
    if (member >= 0)
      throw new ValueProblem(oneMember(type, field.name === '' ? 'Another member' : field.name, member));
    member = part;
  }
  return written;
}

function encodeField({ name, type, offset }: Field, value: unknown, into: Uint8Array, at: number): void {
  try {
    encodeOntoZeros(type, value, into, at + offset);
  } catch (problem) {
    throw under(name, problem);
  }
}

/** `port=443,proto=6`, nested `a.b=1`, elements `ports[0]=80`; `raw:` and every byte in hex, padding included. */
function encodeAssignments(type: Type, text: string, into: Uint8Array, at: number): void {
  if (isRaw(text)) {
    writeRaw(text, type.size, into, at);
    if (kernelMask(type) !== undefined) clearKernelFields(type, into, at);
    return;
  }
  const given = new GivenParts();
  for (const { path, value } of assignmentsIn(text)) {
    const place = fieldLocation(type, path);
    if (!place.ok) throw new ValueProblem(place.message);
    const twice = given.problem(place, `Field ${path}`);
    if (twice !== undefined) throw new ValueProblem(twice);
    try {
      encodeOntoZeros(place.type, value, into, at + place.offset);
    } catch (problem) {
      throw [...place.path].reverse().reduce<unknown>((inner, part) => under(part, inner), problem);
    }
  }
}

function encodeArray(type: ArrayType, value: unknown, into: Uint8Array, at: number): void {
  if (typeof value === 'string') encodeAssignments(type, value, into, at);
  else if (Array.isArray(value)) encodeElements(type, value, into, at);
  else if (typeof value === 'object' && value !== null)
    throw new ValueProblem(`Value is an object: write a list of at most ${type.length}`);
  else throw notText(value, `a list of at most ${type.length}`);
}

function encodeElements(type: ArrayType, value: readonly unknown[], into: Uint8Array, at: number): void {
  if (value.length > type.length)
    throw new ValueProblem(`List has ${value.length} elements: the array holds ${type.length}`);
  for (let index = 0; index < value.length; index += 1) {
    try {
      encodeOntoZeros(type.element, value[index], into, at + index * type.element.size);
    } catch (problem) {
      throw under(index, problem);
    }
  }
}

/** Hex, or the bytes as a list, as C would initialize the array. */
function encodeBytes(size: number, value: unknown, into: Uint8Array, at: number): void {
  if (!Array.isArray(value)) writeHex(value, size, into, at);
  else encodeElements({ kind: 'array', element: BYTE, length: size, size, alignment: 1 }, value, into, at);
}

const BYTE = WORD_TYPES.get('u8')!;

function encodeBits(type: BitsType, value: unknown, into: Uint8Array, at: number): void {
  const { base, width } = type;
  const whole = new Uint8Array(base.size);
  encodeOntoZeros(base, value, whole, 0);
  const signed = base.kind !== 'bool' && base.signed;
  const number = readBigInteger({ size: base.size, signed }, whole, 0);
  const kept = signed ? BigInt.asIntN(width, number) : BigInt.asUintN(width, number);
  const [least, most] = signed
    ? [-(1n << BigInt(width - 1)), (1n << BigInt(width - 1)) - 1n]
    : [0n, (1n << BigInt(width)) - 1n];
  if (kept !== number)
    throw new ValueProblem(
      `${shown(value)} is out of range: a bit-field of ${width} bits takes ${least} to ${most}`,
    );
  writeBits(type, number, into, at);
}

function encodeBool(value: unknown, into: Uint8Array, at: number): void {
  if (typeof value === 'string' && isRaw(value)) writeRaw(value, 1, into, at);
  else if (value === true || value === 'true' || value === 1 || value === '1') into[at] = 1;
  else if (value === false || value === 'false' || value === 0 || value === '0') into[at] = 0;
  else throw new ValueProblem(`${capital(shown(value))} is no boolean: write true or false`);
}

function encodeEnum(type: EnumType, value: unknown, into: Uint8Array, at: number): void {
  if (typeof value === 'boolean') throw enumBoolean(type, value);
  const isName = typeof value === 'string' && integerText(value) === undefined;
  const found = isName ? type.enumerators.find(({ name }) => name === value) : undefined;
  if (isName && found === undefined)
    throw new ValueProblem(`${shown(value)} is no name of ${nameOf(type)}: write ${namesOf(type)}`);
  writeInteger(type, nameOf(type), found?.value ?? value, into, at);
}

function enumBoolean(type: EnumType, value: boolean): ValueProblem {
  return new ValueProblem(
    `${value} is a boolean: write ${namesOf(type)}, in quotes where YAML takes the name for a boolean (yes, no, on, off, y, n)`,
  );
}

function nameOf(type: EnumType): string {
  return type.tag === undefined ? (type.typedef ?? 'the enum') : `enum ${type.tag}`;
}

function namesOf(type: EnumType): string {
  const names = type.enumerators.map(({ name }) => name);
  return names.length > 10 ? `${names.slice(0, 10).join(', ')} …` : names.join(', ');
}

function surplusField(type: StructType, given: Readonly<Record<string, unknown>>): ValueProblem {
  const names = fieldNames(type);
  const surplus = Object.keys(given).find(name => !names.includes(name)) ?? '';
  return new ValueProblem(unknownField(surplus, names));
}

function notStruct(type: StructType, value: unknown): ValueProblem {
  const names = fieldNames(type);
  const example = `{${names[0]}: …}`;
  return new ValueProblem(
    `${capital(shown(value))} is no struct: write an object such as ${example}, or text such as "${names[0]}=…"; fields are ${names.slice(0, 20).join(', ')}`,
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
