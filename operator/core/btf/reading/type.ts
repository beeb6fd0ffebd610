import { present } from '../../../api/parse/section.ts';
import { parseDeclaration } from '../../types/declaration.ts';
import { enumOf } from '../../types/enum.ts';
import { kernelPointer, kernelStruct } from '../../types/kernelfield.ts';
import { LARGEST } from '../../types/parser/declarator.ts';
import { baseInteger, KNOWN_STRUCTS, POINTER, WORD_TYPES } from '../../types/parser/words.ts';
import { hasFields } from '../../types/path.ts';
import { typeText } from '../../types/show.ts';
import type { Type } from '../../types/type.ts';
import { BTF_INT } from '../kinds.ts';
import { keptTag } from './kernelfield.ts';
import { type PlacedMember, structPlaced } from './placed.ts';
import { prefixType } from './prefix.ts';
import {
  type Btf,
  type BtfMember,
  type BtfType,
  btfMembers,
  btfName,
  btfType,
  plainBtfType,
  type Readable,
  wordBehind,
} from './read.ts';

/** The C declaration of a type of BTF, read back by the parser; or why there is none. */
export function btfDeclaration(
  btf: Btf,
  id: number,
): Readable<{ readonly text: string; readonly type: Type }> {
  try {
    const type = typeAt({ btf, known: new Map(), depth: 0, parts: 0 }, id, { where: 'it' });
    const text = typeText(type);
    const read = parseDeclaration(text);
    if (!read.ok) return { ok: false, message: read.message };
    if (typeText(read.type) !== text || read.type.size !== type.size)
      return { ok: false, message: 'its names are none of C' };
    return { ok: true, value: { text, type: read.type } };
  } catch (problem) {
    if (!(problem instanceof BtfProblem)) throw problem;
    return { ok: false, message: problem.message };
  }
}

/** Ends the reading of a type. btfDeclaration catches it. */
class BtfProblem extends Error {
  override name = 'BtfProblem';
}

function fail(where: string, why: string): never {
  throw new BtfProblem(`${where} ${why}`);
}

interface Reading {
  readonly btf: Btf;
  /** Id → its type, and how many parts that has where it is written out. */
  readonly known: Map<number, { readonly type: Type; readonly parts: number }>;
  depth: number;
  parts: number;
}

/** Levels of structs, arrays and typedefs. */
const DEEPEST = 64;
/** A declaration has at most 16 KiB, and a part takes four characters or more. */
const MOST_PARTS = 4096;

/** Where a type stands: the field, in messages; and the typedef's name, which what has no tag gets. */
interface Place {
  readonly where: string;
  readonly alias?: string;
}

function typeAt(reading: Reading, id: number, place: Place): Type {
  const { where } = place;
  const known = reading.known.get(id);
  reading.parts += known?.parts ?? 1;
  if (reading.parts > MOST_PARTS) fail(where, `has more than ${MOST_PARTS} parts`);
  if (known !== undefined) return known.type;
  const before = reading.parts - 1;
  const found =
    btfType(reading.btf, id) ?? fail(where, id === 0 ? 'is void' : `has type ${id}, which is not there`);
  if (++reading.depth > DEEPEST) fail(where, `is nested more than ${DEEPEST} deep`);
  const type = typeOf(reading, found, place);
  reading.depth -= 1;
  if (type.size > LARGEST) fail(where, 'is larger than 1 MiB');
  reading.known.set(id, { type, parts: reading.parts - before });
  return type;
}

function typeOf(reading: Reading, found: BtfType, place: Place): Type {
  const { where, alias } = place;
  switch (found.kind) {
    case 'Int':
      return integerOf(reading.btf, found, where);
    case 'Pointer':
      return pointerOf(reading.btf, found);
    case 'Array':
      return arrayOf(reading, found, where);
    case 'Struct':
    case 'Union':
      return structOrPrefix(reading, found, place);
    case 'Enum':
    case 'Enum64':
      return enumAt(reading.btf, found, alias);
    case 'Typedef':
      return named(typeAt(reading, found.sizeOrType, { where, alias: found.name }), found.name);
    case 'Const':
    case 'Volatile':
    case 'Restrict':
    case 'TypeTag':
      return typeAt(reading, found.sizeOrType, place);
    default:
      return fail(where, `is of kind ${found.kind}, which declarations do not have`);
  }
}

/** One that the kernel keeps has a tag; any other means nothing outside a process. */
function pointerOf(btf: Btf, found: BtfType): Type {
  const tag = keptTag(btf, found.sizeOrType);
  const to = tag === undefined ? undefined : plainBtfType(btf, found.sizeOrType);
  return to === undefined ? POINTER : kernelPointer(to.name, tag!);
}

/** By the name of its typedef where a declaration's word says the same: `__be16`, `mac`. */
function named(type: Type, name: string): Type {
  const word = WORD_TYPES.get(name);
  if (word === undefined || word.size !== type.size) return type;
  if (word.kind === 'integer' || word.kind === 'bool')
    return word.kind === type.kind && signOf(word) === signOf(type) ? word : type;
  return type.kind === 'integer' || type.kind === 'bytes' ? word : type;
}

function signOf(type: Type): boolean {
  return type.kind === 'integer' && type.signed;
}

function integerOf(btf: Btf, found: BtfType, where: string): Type {
  const encoding = wordBehind(btf, found, 0);
  const size = found.sizeOrType;
  const has = (flag: number): boolean => ((encoding >>> 24) & flag) !== 0;
  if ((encoding & 0xffffff) !== size * 8) fail(where, 'is an integer of some bits alone');
  if (has(BTF_INT.Bool) && size === 1) return WORD_TYPES.get('bool')!;
  return integerNamed(found.name, size, has(BTF_INT.Signed)) ?? fail(where, `is an integer of ${size} bytes`);
}

/** The sign of `char` is the machine's: a declaration has one that eBPF has. */
function integerNamed(name: string, size: number, signed: boolean): Type | undefined {
  const base = baseInteger(name.split(' '));
  if (base?.size === size && (base.signed === signed || name === CHAR)) return base;
  return WORD_TYPES.get(`__${signed ? 's' : 'u'}${size * 8}`);
}

const CHAR = 'char';

/** One of another size, or without names, is an integer. */
function enumAt(btf: Btf, found: BtfType, alias: string | undefined): Type {
  const wide = found.kind === 'Enum64';
  const enumerators = Array.from({ length: found.count }, (_, index) => {
    const at = index * (wide ? 12 : 8);
    const low = wordBehind(btf, found, at + 4);
    const bits = wide ? (BigInt(wordBehind(btf, found, at + 8)) << 32n) | BigInt(low) : BigInt(low);
    const value = found.flag ? BigInt.asIntN(wide ? 64 : 32, bits) : bits;
    return { name: btfName(btf, wordBehind(btf, found, at)), value };
  });
  const named = present({ tag: found.name || alias });
  const shapes = found.count === 0 ? [] : [named, { ...named, packed: true as const }];
  const types = shapes.map(shape => enumOf(enumerators, shape));
  const integer = integerNamed('', found.sizeOrType, found.flag) ?? WORD_TYPES.get('__u32')!;
  return types.find(type => type?.size === found.sizeOrType) ?? integer;
}

/** The last dimension of `char` makes text, that of an unsigned byte makes bytes, as in a declaration. */
function arrayOf(reading: Reading, found: BtfType, where: string): Type {
  const [element, length] = [
    typeAt(reading, wordBehind(reading.btf, found, 0), { where }),
    wordBehind(reading.btf, found, 8),
  ];
  const size = element.size * length;
  if (length === 0) fail(where, 'is an array of no length');
  if (element.kind === 'integer' && element.name === CHAR) return { kind: 'text', size, alignment: 1 };
  if (element.kind === 'integer' && element.size === 1 && !element.signed)
    return { kind: 'bytes', size, alignment: 1 };
  return { kind: 'array', element, length, size, alignment: element.alignment };
}

/** A declaration's own words for prefixes, as they stand in the BTF of our maps. */
function structOrPrefix(reading: Reading, found: BtfType, place: Place): Type {
  const type = structAt(reading, found, place);
  const isOurs = found.name === 'cidr4' || found.name === 'cidr6';
  return (isOurs ? prefixType(type) : undefined) ?? type;
}

function structAt(reading: Reading, found: BtfType, { where, alias }: Place): Type {
  const known = KNOWN_STRUCTS.get(found.name) ?? kernelStruct(found.name);
  if (known?.size === found.sizeOrType) return known;
  const members = btfMembers(reading.btf, found).flatMap(member => membersOf(reading, member, where));
  if (members.length === 0) fail(where, 'has no fields');
  const tag = known === undefined ? found.name || alias : undefined;
  const kind = found.kind === 'Union' ? 'union' : 'struct';
  const type = structPlaced(members, found.sizeOrType, { kind, ...present({ tag }) });
  return type ?? fail(where, 'has its fields where no attribute places them');
}

/** A member of no size has none. */
function membersOf(reading: Reading, member: BtfMember, where: string): readonly PlacedMember[] {
  const { name, bitOffset: bit, bitSize } = member;
  const at = where === 'it' ? `field ${name}` : `${where}.${name}`;
  const plain = plainBtfType(reading.btf, member.type);
  if (plain !== undefined && isEmpty(reading.btf, plain)) return [];
  const type = typeAt(reading, member.type, { where: name === '' ? where : at });
  if (name === '' && !hasFields(type)) fail(where, `has a field without a name, of kind ${plain?.kind}`);
  if (bitSize === 0 || isWholeEnum(type, member)) return [{ name, bit, type }];
  const isNumber = type.kind === 'integer' || type.kind === 'bool' || type.kind === 'enum';
  return isNumber ? [{ name, bit, type, width: bitSize }] : fail(at, `is a bit-field of kind ${plain?.kind}`);
}

/** Beside bit-fields a small enum has a width in the BTF of our maps (TypeIds). */
function isWholeEnum(type: Type, { bitOffset, bitSize }: BtfMember): boolean {
  return type.kind === 'enum' && type.size < 4 && bitSize === type.size * 8 && bitOffset % bitSize === 0;
}

function isEmpty(btf: Btf, type: BtfType): boolean {
  if (type.kind === 'Array') return wordBehind(btf, type, 8) === 0;
  return (type.kind === 'Struct' || type.kind === 'Union') && type.sizeOrType === 0;
}
