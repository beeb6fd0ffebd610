import { writeCidr } from '../scalar/cidr.ts';
import { isRaw, writeHex, writeRaw } from '../scalar/hex.ts';
import { integerText, isInRange, writeInteger, writeNumber } from '../scalar/integer.ts';
import { writeIPv4 } from '../scalar/ipv4.ts';
import { writeIPv6 } from '../scalar/ipv6.ts';
import { writeMac } from '../scalar/mac.ts';
import { writeText } from '../scalar/text.ts';
import { kernelFieldText } from '../types/kernelfield.ts';
import { clearKernelFields, kernelMask } from '../types/padding.ts';
import { WORD_TYPES } from '../types/parser/words.ts';
import { fieldLocation, unknownField } from '../types/path.ts';
import type { AddressType, ArrayType, CidrType, EnumType, StructType, Type } from '../types/type.ts';
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
      encodeStruct(type, value, into, at);
      break;
    case 'array':
      encodeArray(type, value, into, at);
      break;
    case 'enum':
      encodeEnum(type, value, into, at);
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
  let left = Object.keys(given).length;
  for (const { name, offset, type: fieldType } of type.fields) {
    if (!Object.hasOwn(given, name)) continue;
    left -= 1;
    try {
      encodeOntoZeros(fieldType, given[name], into, at + offset);
    } catch (problem) {
      throw under(name, problem);
    }
  }
  if (left > 0) throw surplusField(type, given);
}

/** `port=443,proto=6`, nested `a.b=1`, elements `ports[0]=80`; `raw:` and every byte in hex, padding included. */
function encodeAssignments(type: Type, text: string, into: Uint8Array, at: number): void {
  if (isRaw(text)) {
    writeRaw(text, type.size, into, at);
    if (kernelMask(type) !== undefined) clearKernelFields(type, into, at);
    return;
  }
  const given = new Uint8Array(type.size);
  for (const { path, value } of assignmentsIn(text)) {
    const place = fieldLocation(type, path);
    if (!place.ok) throw new ValueProblem(place.message);
    const [from, to] = [place.offset, place.offset + place.type.size];
    if (given.subarray(from, to).includes(1))
      throw new ValueProblem(`Field ${path} is given twice in ${shown(text)}: write it once`);
    given.fill(1, from, to);
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
  return type.tag === undefined ? 'the enum' : `enum ${type.tag}`;
}

function namesOf(type: EnumType): string {
  const names = type.enumerators.map(({ name }) => name);
  return names.length > 10 ? `${names.slice(0, 10).join(', ')} …` : names.join(', ');
}

function surplusField(type: StructType, given: Readonly<Record<string, unknown>>): ValueProblem {
  const names = type.fields.map(field => field.name);
  const surplus = Object.keys(given).find(name => !names.includes(name)) ?? '';
  return new ValueProblem(unknownField(surplus, names));
}

function notStruct({ fields }: StructType, value: unknown): ValueProblem {
  const names = fields.map(field => field.name);
  const example = `{${names[0]}: …}`;
  return new ValueProblem(
    `${capital(shown(value))} is no struct: write an object such as ${example}, or text such as "${names[0]}=…"; fields are ${names.slice(0, 20).join(', ')}`,
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
