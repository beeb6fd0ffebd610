import { complexityOf, MOST_FIELDS, MOST_LEVELS } from '../complexity.ts';
import { hasKernelField } from '../kernelfield.ts';
import { fieldNames } from '../path.ts';
import { type Member, structOf } from '../struct.ts';
import type { StructType, Type } from '../type.ts';
import { type Attributes, attributesTaken } from './attributes.ts';
import { assertionTaken } from './constant.ts';
import { declaratorTaken, LARGEST } from './declarator.ts';
import { deeper, expected, nameTaken, peek, type TokenReader, take, taken } from './reader.ts';
import { refuseSecondType, type Specifier, specifierTaken } from './specifier.ts';
import { newTag, taggedType } from './tags.ts';
import { fail, found, type Token } from './text/tokens.ts';

/** A struct or a union: its body, or its tag alone. */
export function recordTaken(reader: TokenReader, isPacked: boolean): Specifier {
  const keyword = take(reader).text as 'struct' | 'union';
  const attributes = attributesTaken(reader);
  if (peek(reader).text === 'packed') attributes.packed = take(reader);
  const name = peek(reader).kind === 'word' ? nameTaken(reader, 'a tag') : undefined;
  const open = peek(reader);
  if (!taken(reader, '{')) {
    if (name === undefined) return fail(open, `Expected { after ${keyword}, found ${found(open)}`);
    return taggedType(reader, keyword, name);
  }
  const members = deeper(reader, () => membersTaken(reader, keyword));
  const type = bodyType(reader, { keyword, name, open, members, attributes, isPacked });
  if (name === undefined) return { type, body: 'anonymous' };
  return { type: newTag(reader, name, { keyword, type }), body: 'tagged' };
}

interface Body {
  readonly keyword: 'struct' | 'union';
  readonly name: Token | undefined;
  readonly open: Token;
  readonly members: readonly Member[];
  readonly attributes: Attributes;
  readonly isPacked: boolean;
}

function bodyType(reader: TokenReader, body: Body): StructType {
  const { keyword, name, open, members } = body;
  const attributes = attributesTaken(reader, body.attributes);
  if (isPackedBehind(reader)) attributes.packed = take(reader);
  if (members.every(member => member.name === '' && member.width !== undefined))
    fail(open, `A ${keyword} needs at least one field`);
  const type = structOf(members, {
    kind: keyword,
    packed: body.isPacked || attributes.packed !== undefined,
    ...(attributes.aligned === undefined ? {} : { aligned: attributes.aligned }),
    ...(name === undefined ? {} : { tag: name.text }),
    ...shownAs(reader, keyword, members),
  });
  if (keyword === 'union' && hasKernelField(type))
    fail(
      open,
      'A union has a field of the kernel, which finds none in unions: write it as a field of the struct',
    );
  return bounded(open, type);
}

/** Fails where a type is larger than any that a program has, before memory is taken for it. */
export function bounded<Of extends Type>(at: Token, type: Of): Of {
  if (type.size === 0) fail(at, 'A struct needs at least one field that has bytes');
  if (type.size > LARGEST) fail(at, 'Struct is larger than 1 MiB: declare less');
  const { fields, levels } = complexityOf(type);
  if (fields > MOST_FIELDS)
    fail(at, `Structs have ${fields} fields in all, at most ${MOST_FIELDS}: declare fewer`);
  if (levels > MOST_LEVELS) fail(at, `Types are nested more than ${MOST_LEVELS} deep: declare fewer levels`);
  return type;
}

/** Behind a `}`, a bare `packed` before `;`, `,` or `[` inside a struct is a field of that name, as in C. */
function isPackedBehind(reader: TokenReader): boolean {
  if (peek(reader).text !== 'packed') return false;
  return reader.depth === 0 || ![';', ',', '['].includes(peek(reader, 1).text);
}

/** `as vip` behind a union: the member by which it is shown. */
function shownAs(reader: TokenReader, keyword: string, members: readonly Member[]): { as?: string } {
  if (keyword !== 'union' || peek(reader).text !== 'as' || peek(reader, 1).kind !== 'word') return {};
  take(reader);
  const { text: as, ...token } = take(reader);
  if (members.some(({ name }) => name === as)) return { as };
  return fail(
    { ...token, text: as },
    `This union has no member ${as}: write as and the name of one of its members`,
  );
}

function membersTaken(reader: TokenReader, keyword: string): readonly Member[] {
  const members: Member[] = [];
  const names = new Set<string>();
  let size = 0;
  while (!taken(reader, '}')) {
    if (taken(reader, ';') || assertionTaken(reader)) continue;
    for (const member of declarationTaken(reader)) {
      const last = members.at(-1);
      if (last?.empty && member.width !== undefined && keyword === 'struct')
        fail(peek(reader), `Field ${last.name} has no elements, before a bit-field: only the last can`);
      for (const name of member.name === '' ? fieldNames(member.type) : [member.name])
        addName(reader, names, name);
      size += member.type.size;
      if (size > 2 * LARGEST) fail(peek(reader), 'Struct is larger than 1 MiB: declare less');
      members.push(member);
    }
  }
  return members;
}

function addName(reader: TokenReader, names: Set<string>, name: string): void {
  if (names.has(name))
    fail(peek(reader, -1), `Field ${name} stands twice: give each field a name of its own`);
  names.add(name);
}

/** The members of one declaration, with its `;`. A body with a tag and without a name is none, as in C. */
function* declarationTaken(reader: TokenReader): Generator<Member> {
  const specifier = specifierTaken(reader);
  const token = peek(reader);
  if (token.text === ';') {
    take(reader);
    if (specifier.body === undefined) fail(token, `Expected the name of a field, found ";"`);
    if (specifier.packed !== undefined || specifier.aligned !== undefined)
      fail(token, 'Compilers differ on attributes before a struct without a name: write them behind its }');
    if (specifier.body === 'anonymous' && specifier.type!.kind !== 'enum')
      yield { name: '', type: specifier.type! };
    return;
  }
  let name = '';
  do {
    const member = memberTaken(reader, specifier);
    name = member.name;
    yield member;
  } while (taken(reader, ','));
  expected(reader, ';', name === '' ? 'a field' : `field ${name}`);
}

function memberTaken(reader: TokenReader, specifier: Specifier): Member {
  const declarator = declaratorTaken(reader, specifier, () => {
    const name = nameTaken(reader, 'the name of a field');
    refuseSecondType(name, specifier);
    refuseName(name);
    return name;
  });
  const { name, type, width, empty, packed, aligned, typeAligned } = declarator;
  if (width !== undefined && [packed, aligned, typeAligned].some(each => each !== undefined))
    fail(name ?? peek(reader), 'Attributes of a bit-field are not read: pack the whole struct');
  return {
    name: name?.text ?? '',
    type,
    ...(width === undefined ? {} : { width }),
    ...(empty ? { empty } : {}),
    ...(typeAligned === undefined ? {} : { typeAligned }),
    ...ownAttributes(declarator),
  };
}

function ownAttributes({ packed, aligned }: Attributes): Pick<Member, 'packed' | 'aligned'> {
  return { ...(packed === undefined ? {} : { packed: true }), ...(aligned === undefined ? {} : { aligned }) };
}

function refuseName(name: Token): void {
  if (name.text === '__proto__') fail(name, '__proto__ is a word of JavaScript: give the field another name');
}
