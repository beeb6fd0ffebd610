import type { Type } from '../type.ts';
import { type Attributes, attributesTaken, qualifiersTaken } from './attributes.ts';
import { constantTaken } from './constant.ts';
import { expected, peek, type TokenReader, take, taken } from './reader.ts';
import { type Specifier, specifierTaken } from './specifier.ts';
import { fail, type Token } from './text/tokens.ts';
import { POINTER } from './words.ts';

/** The most bytes that a key or a value may have. */
export const LARGEST = 1024 * 1024;
const MOST_DIMENSIONS = 8;

/** A name and what stands around it: `*name`, `name[4]`, `name:3`. */
export interface Declarator extends Attributes {
  readonly name?: Token;
  readonly type: Type;
  readonly width?: number;
  /** What a typedef's aligned set: of the type, not of what is declared. */
  readonly typeAligned?: number;
  /** An array of no elements. */
  readonly empty?: true;
}

/** `named` takes the name, where there may be one. */
export function declaratorTaken(
  reader: TokenReader,
  specifier: Specifier,
  named: () => Token | undefined,
): Declarator {
  const start = peek(reader);
  const before: Attributes = attributesOf(specifier);
  const isPointer = pointersTaken(reader, before);
  const of = isPointer ? POINTER : specifier.type;
  const after = peek(reader);
  if (after.text === '(')
    fail(after, 'Functions and pointers to them are not read: write void * for a pointer');
  const name = after.text === ':' ? undefined : named();
  if (peek(reader).text === '(')
    fail(peek(reader), 'Functions are not read: take them out, types alone stay');
  const type = of ?? missing(specifier, name ?? start);
  const { typeAligned } = isPointer ? {} : specifier;
  const own = typeAligned === undefined ? {} : { typeAligned };
  if (peek(reader).text === ':')
    return { ...bitsTaken(reader, type, name), ...own, ...attributesTaken(reader, before) };
  const array = withDimensions(reader, type);
  const attributes = attributesTaken(reader, before);
  if (specifier.isTagged && peek(reader).text === ',')
    fail(peek(reader), 'C gives the tag of this pointer to the next name too: write a declaration for each');
  return { ...(name === undefined ? {} : { name }), ...array, ...own, ...attributes };
}

function missing({ missing: problem }: Specifier, at: Token): never {
  return fail(problem?.at ?? at, problem?.message ?? 'Expected a type');
}

/** A type without a name, as sizeof and casts have it. */
export function typeNameTaken(reader: TokenReader): Type {
  const start = peek(reader);
  const { type, empty } = declaratorTaken(reader, specifierTaken(reader), () => undefined);
  return empty ? fail(start, 'An array of no elements has no size: write a length') : type;
}

function attributesOf({ packed, aligned }: Attributes): Attributes {
  return { ...(packed === undefined ? {} : { packed }), ...(aligned === undefined ? {} : { aligned }) };
}

function pointersTaken(reader: TokenReader, into: Attributes): boolean {
  let isPointer = false;
  for (; taken(reader, '*'); qualifiersTaken(reader, into)) {
    isPointer = true;
    while (['restrict', '__restrict', '__restrict__'].some(word => taken(reader, word)));
  }
  return isPointer;
}

/** `:3`. Bits without a name only fill. */
function bitsTaken(reader: TokenReader, type: Type, name: Token | undefined): Declarator {
  const mark = take(reader);
  const { value } = constantTaken(reader, 'the width of a bit-field');
  if (type.kind !== 'integer' && type.kind !== 'bool' && type.kind !== 'enum')
    return fail(mark, 'A bit-field is a part of an integer: write an integer type');
  const most = type.kind === 'bool' ? 1 : type.size * 8;
  if (type.size > 8) fail(mark, 'Bit-fields of 16 bytes are not read: write __u64');
  if (value < (name === undefined ? 0n : 1n) || value > BigInt(most))
    fail(mark, `A bit-field of ${value} bits cannot be: its type takes 1 to ${most}`);
  return { ...(name === undefined ? {} : { name }), type, width: Number(value) };
}

/** A type with the `[N]…` behind it. The last dimension of `char` makes text, that of `u8` makes bytes. */
export function withDimensions(reader: TokenReader, of: Type): { type: Type; empty?: true } {
  const start = peek(reader);
  const lengths: number[] = [];
  while (peek(reader).text === '[') {
    if (lengths.length >= MOST_DIMENSIONS)
      fail(peek(reader), `An array takes at most ${MOST_DIMENSIONS} dimensions`);
    lengths.push(lengthTaken(reader, lengths.length === 0));
  }
  const isEmpty = lengths[0] === 0;
  const type = lengths
    .filter(length => length > 0)
    .reduceRight<Type>((element, length) => {
      const size = element.size * length;
      if (size > LARGEST) fail(start, `Array of ${size} bytes is larger than 1 MiB: declare less`);
      return arrayOf(element, length);
    }, of);
  return isEmpty ? { type, empty: true } : { type };
}

function arrayOf(element: Type, length: number): Type {
  const size = element.size * length;
  if (element.kind === 'integer' && element.size === 1) {
    if (element.name === 'char') return { kind: 'text', size, alignment: 1 };
    if (!element.signed) return { kind: 'bytes', size, alignment: 1 };
  }
  return { kind: 'array', element, length, size, alignment: element.alignment };
}

function lengthTaken(reader: TokenReader, isFirst: boolean): number {
  const open = take(reader);
  if (isFirst && taken(reader, ']')) return 0;
  const { value } = constantTaken(reader, 'the length of an array');
  if (value < 0n) fail(open, `Array of ${value} elements cannot be: write a length of 1 or more`);
  if (value === 0n && !isFirst) fail(open, 'Arrays of no elements hold nothing: write a length of 1 or more');
  if (value > BigInt(LARGEST)) fail(open, `Array of ${value} elements is larger than 1 MiB: declare less`);
  expected(reader, ']', 'the length');
  return Number(value);
}
