import { enumOf } from '../enum.ts';
import { kernelPointer, kernelStruct, POINTER_TAGS } from '../kernelfield.ts';
import { structOf } from '../struct.ts';
import type { EnumType, Type } from '../type.ts';
import { LARGEST, memberListTaken } from './member.ts';
import {
  expected,
  fail,
  found,
  nameTaken,
  numberTaken,
  peek,
  type TokenReader,
  take,
  taken,
} from './reader.ts';
import type { Token } from './tokens.ts';
import { BASE_WORDS, baseInteger, KNOWN_STRUCTS, WORD_TYPES } from './words.ts';

/** The words before a field's name. `char` has no type of its own: only `char[N]` is text. */
export type Specifier = Type | 'char';

const DEEPEST = 16;
const MOST_ENUMERATORS = 1024;

const REFUSED: Readonly<Record<string, string>> = {
  union: 'Unions are not read: declare the member in use, or u8[N] for raw bytes',
  float: 'Floats are not read, and eBPF has none: write an integer type, or u8[4] for raw bytes',
  double: 'Floats are not read, and eBPF has none: write an integer type, or u8[8] for raw bytes',
  void: 'A void has no size: write a fixed-width integer such as __u64',
  typedef: 'Typedefs are not read: write the struct itself, struct name { … }',
  static: 'Storage classes are not read: write the type alone',
  extern: 'Storage classes are not read: write the type alone',
};

export function specifierTaken(reader: TokenReader): Specifier {
  while (taken(reader, 'const') || taken(reader, 'volatile'));
  const packed = packedTaken(reader);
  const token = peek(reader);
  if (token.text === 'struct') return structTaken(reader, packed);
  if (packed) fail(token, `Expected struct after packed, found ${found(token)}`);
  const specifier = token.text === 'enum' ? enumTaken(reader) : scalarTaken(reader);
  while (taken(reader, 'const') || taken(reader, 'volatile'));
  return specifier;
}

function scalarTaken(reader: TokenReader): Specifier {
  const token = peek(reader);
  const refusal = Object.hasOwn(REFUSED, token.text) ? REFUSED[token.text] : undefined;
  if (refusal !== undefined) fail(token, refusal);
  if (BASE_WORDS.has(token.text)) return baseTaken(reader);
  return WORD_TYPES.get(nameTaken(reader, 'a type').text) ?? fail(token, unknownType(token.text));
}

function baseTaken(reader: TokenReader): Specifier {
  const first = peek(reader);
  const words: string[] = [];
  while (BASE_WORDS.has(peek(reader).text)) words.push(take(reader).text);
  if (words.length === 1 && words[0] === 'char') return 'char';
  return baseInteger(words) ?? fail(first, `C has no type ${words.join(' ')}: write __u32, __s64 …`);
}

function structTaken(reader: TokenReader, packedBefore: boolean): Type {
  take(reader);
  const packedWithin = packedTaken(reader);
  const name = peek(reader).kind === 'word' ? take(reader) : undefined;
  if (peek(reader).text !== '{') return knownStruct(reader, name);
  const tag = name === undefined ? undefined : newTag(reader, 'struct', name);
  const open = take(reader);
  if (++reader.depth > DEEPEST)
    fail(open, `Structs are nested more than ${DEEPEST} deep: declare fewer levels`);
  const members = memberListTaken(reader);
  reader.depth -= 1;
  if (members.length === 0) fail(open, 'A struct needs at least one field');
  const packed = packedAfter(reader) || packedBefore || packedWithin;
  // A header may bring the kernel's own definition of its field
  const type = (tag === undefined ? undefined : kernelStruct(tag)) ?? structOf(members, packed, tag);
  if (type.size > LARGEST) fail(open, 'Struct is larger than 1 MiB: declare less');
  if (tag !== undefined) reader.tags.set(`struct ${tag}`, type);
  return type;
}

function knownStruct(reader: TokenReader, name: Token | undefined): Type {
  if (name === undefined) return fail(peek(reader), `Expected { after struct, found ${found(peek(reader))}`);
  return (
    reader.tags.get(`struct ${name.text}`) ??
    KNOWN_STRUCTS.get(name.text) ??
    kernelStruct(name.text) ??
    kernelPointerTaken(reader, name) ??
    fail(name, `struct ${name.text} is not known here: write its fields, struct { … }, or define it before`)
  );
}

/** `struct task_struct __kptr *`: the kernel's own pointer, whatever the struct is. */
function kernelPointerTaken(reader: TokenReader, { text }: Token): Type | undefined {
  const macro = peek(reader).text;
  if (!Object.hasOwn(POINTER_TAGS, macro) || peek(reader, 1).text !== '*') return undefined;
  take(reader);
  take(reader);
  return kernelPointer(text, POINTER_TAGS[macro]!);
}

function enumTaken(reader: TokenReader): EnumType {
  take(reader);
  refusePacking(reader, packedTaken);
  const name = peek(reader).kind === 'word' ? take(reader) : undefined;
  const open = peek(reader);
  if (!taken(reader, '{')) return knownEnum(reader, name);
  const tag = name === undefined ? undefined : newTag(reader, 'enum', name);
  const enumerators = enumeratorsTaken(reader);
  if (enumerators.length === 0) fail(open, 'An enum needs at least one name');
  refusePacking(reader, packedAfter);
  const type = enumOf(enumerators, tag);
  if (type === undefined) return fail(open, 'The values of this enum do not fit 64 bits: write smaller ones');
  if (tag !== undefined) reader.tags.set(`enum ${tag}`, type);
  return type;
}

function refusePacking(reader: TokenReader, isPacked: (reader: TokenReader) => boolean): void {
  const token = peek(reader);
  if (isPacked(reader)) fail(token, 'Packed enums are not read: write __u8 or another integer type');
}

function knownEnum(reader: TokenReader, name: Token | undefined): EnumType {
  if (name === undefined) return fail(peek(reader), `Expected { after enum, found ${found(peek(reader))}`);
  const type = reader.tags.get(`enum ${name.text}`);
  return type?.kind === 'enum'
    ? type
    : fail(name, `enum ${name.text} is not known here: write enum { NAME = 1, … }`);
}

function enumeratorsTaken(reader: TokenReader): EnumType['enumerators'] {
  const values = new Map<string, bigint>();
  let next = 0n;
  while (!taken(reader, '}')) {
    const name = nameTaken(reader, 'the name of an enumerator');
    if (values.has(name.text)) fail(name, `${name.text} stands twice in this enum: give each name once`);
    if (values.size >= MOST_ENUMERATORS) fail(name, `An enum takes at most ${MOST_ENUMERATORS} names`);
    const value = taken(reader, '=') ? constantTaken(reader) : next;
    values.set(name.text, value);
    next = value + 1n;
    if (!taken(reader, ',') && peek(reader).text !== '}') expected(reader, ',', name.text);
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

/** The value of an enumerator, as headers write it: `3`, `-1`, `0x10`, `1 << 4`. */
function constantTaken(reader: TokenReader): bigint {
  const negative = taken(reader, '-');
  const number = numberTaken(reader, 'the value of an enumerator');
  const value = negative ? -number : number;
  const token = peek(reader);
  if (!taken(reader, '<<')) return value;
  const shift = numberTaken(reader, 'the shift');
  return shift > 63n ? fail(token, 'A shift above 63 leaves 64 bits: write a smaller one') : value << shift;
}

function newTag(reader: TokenReader, keyword: 'struct' | 'enum', name: Token): string {
  const isTaken =
    reader.tags.has(`${keyword} ${name.text}`) || (keyword === 'struct' && KNOWN_STRUCTS.has(name.text));
  if (isTaken) fail(name, `${keyword} ${name.text} is already defined: give this one another tag`);
  return name.text;
}

/** Takes `__attribute__((packed))`, `__packed` or `packed`. Returns whether one of them was there. */
function packedTaken(reader: TokenReader): boolean {
  if (taken(reader, 'packed') || taken(reader, '__packed')) return true;
  const token = peek(reader);
  if (!taken(reader, '__attribute__')) return false;
  expected(reader, '(', '__attribute__');
  expected(reader, '(', '__attribute__(');
  const word = nameTaken(reader, 'an attribute');
  if (word.text !== 'packed' && word.text !== '__packed__')
    fail(token, `Attribute ${word.text} is not read: only packed is; make padding a field of its own`);
  expected(reader, ')', word.text);
  expected(reader, ')', `${word.text})`);
  return true;
}

/** Behind a `}`, a bare `packed` before `;` or `,` inside a struct is a field of that name, as in C. */
function packedAfter(reader: TokenReader): boolean {
  const isName =
    reader.depth > 0 && peek(reader).text === 'packed' && [';', ',', '['].includes(peek(reader, 1).text);
  return !isName && packedTaken(reader);
}

function unknownType(name: string): string {
  return `Unknown type ${name}: write a fixed-width integer such as __u32, or bool, char[N], u8[N], ipv4, ipv6, mac, cidr4, cidr6, struct { … }, enum { … }`;
}
