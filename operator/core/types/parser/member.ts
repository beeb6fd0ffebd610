import type { Member } from '../struct.ts';
import type { Type } from '../type.ts';
import { expected, fail, found, nameTaken, numberTaken, peek, type TokenReader, taken } from './reader.ts';
import { type Specifier, specifierTaken } from './specifier.ts';
import type { Token } from './tokens.ts';
import { isKeyword, isYamlWord } from './words.ts';

/** The most bytes that a key or a value may have. */
export const LARGEST = 1024 * 1024;
const MOST_DIMENSIONS = 8;

/** The members of a struct up to and including its `}`. */
export function memberListTaken(reader: TokenReader): readonly Member[] {
  const members: Member[] = [];
  const names = new Set<string>();
  let size = 0;
  while (!taken(reader, '}')) {
    const specifier = specifierTaken(reader);
    do {
      const name = peek(reader);
      const member = memberTaken(reader, specifier);
      if (names.has(member.name))
        fail(name, `Field ${member.name} stands twice: give each field a name of its own`);
      size += member.type.size;
      if (size > LARGEST) fail(name, 'Struct is larger than 1 MiB: declare less');
      names.add(member.name);
      members.push(member);
    } while (taken(reader, ','));
    expected(reader, ';', `field ${members.at(-1)?.name}`);
  }
  return members;
}

function memberTaken(reader: TokenReader, specifier: Specifier): Member {
  const token = peek(reader);
  refuseMarks(token, ['*', '(', ':']);
  if (token.text === ';') fail(token, unnamed(specifier));
  const name = nameTaken(reader, 'the name of a field');
  refuseName(name);
  const type = withDimensions(reader, specifier);
  const after = peek(reader);
  refuseMarks(after, [':']);
  if (after.text === '__attribute__')
    fail(
      after,
      'Attributes of a field are not read: pack the whole struct, or make padding a field of its own',
    );
  return { name: name.text, type };
}

function refuseName(name: Token): void {
  if (isKeyword(name.text)) fail(name, `${name.text} is a word of C: give the field another name`);
  if (name.text === '__proto__') fail(name, '__proto__ is a word of JavaScript: give the field another name');
  if (isYamlWord(name.text))
    fail(
      name,
      `${name.text} cannot name a field, YAML turns it into a boolean: write ${name.text}_ or a longer word`,
    );
}

const UNREAD = {
  '*': 'Pointers are not read, they mean nothing outside a process: write __u64',
  '(': 'Function pointers are not read: write __u64',
  ':': 'Bit-fields are not read: declare the whole integer, such as __u32 flags',
};

/** Fails where the token is one of these marks. */
export function refuseMarks(token: Token, marks: readonly (keyof typeof UNREAD)[]): void {
  for (const mark of marks) if (token.text === mark) fail(token, UNREAD[mark]);
}

/** A specifier with the `[N]…` behind it. The last dimension of `char` makes text, that of `u8` makes bytes. */
export function withDimensions(reader: TokenReader, specifier: Specifier): Type {
  const start = peek(reader);
  const lengths: number[] = [];
  while (peek(reader).text === '[') {
    if (lengths.length >= MOST_DIMENSIONS)
      fail(peek(reader), `An array takes at most ${MOST_DIMENSIONS} dimensions`);
    lengths.push(lengthTaken(reader));
  }
  return lengths.reduceRight<Type>(
    (element, length) => {
      const size = element.size * length;
      if (size > LARGEST) fail(start, `Array of ${size} bytes is larger than 1 MiB: declare less`);
      return { kind: 'array', element, length, size, alignment: element.alignment };
    },
    elementOf(specifier, lengths, start),
  );
}

/** Takes the last length where it makes text or bytes. */
function elementOf(specifier: Specifier, lengths: number[], start: Token): Type {
  if (specifier === 'char') {
    const size = lengths.pop();
    if (size === undefined)
      return fail(start, 'A single char is either: write char[1] for text, __s8 or __u8 for a number');
    return { kind: 'text', size, alignment: 1 };
  }
  const isByte = specifier.kind === 'integer' && specifier.size === 1 && !specifier.signed;
  const size = isByte ? lengths.pop() : undefined;
  return size === undefined ? specifier : { kind: 'bytes', size, alignment: 1 };
}

function lengthTaken(reader: TokenReader): number {
  const open = peek(reader);
  expected(reader, '[', 'the name');
  if (peek(reader).text === ']') fail(open, 'Flexible arrays have no size: write a length, [16]');
  if (peek(reader).kind === 'word')
    fail(peek(reader), `Constant ${peek(reader).text} is not known here: write the length as a number`);
  const length = numberTaken(reader, 'the length of an array');
  if (length === 0n) fail(open, 'Arrays of no elements hold nothing: write a length of 1 or more');
  if (length > BigInt(LARGEST)) fail(open, `Array of ${length} elements is larger than 1 MiB: declare less`);
  expected(reader, ']', 'the length');
  return Number(length);
}

function unnamed(specifier: Specifier): string {
  return specifier !== 'char' && specifier.kind === 'struct'
    ? 'Anonymous structs are not read: give it a name behind its }, its fields are then name.field'
    : `Expected the name of a field, found ${found({ kind: 'mark', text: ';', offset: 0 })}`;
}
