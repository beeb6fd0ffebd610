import type { Type } from '../type.ts';
import { type Attributes, qualifiersTaken } from './attributes.ts';
import { enumTaken } from './enumeration.ts';
import { peek, type TokenReader, take, taken } from './reader.ts';
import { recordTaken } from './record.ts';
import { fail, found, type Token } from './text/tokens.ts';
import { BASE_WORDS, baseInteger, isTypeWord, WORD_TYPES } from './words.ts';

/** The words before a name: a type, or one that only a pointer can point to. */
export interface Specifier extends Attributes {
  readonly type?: Type;
  /** The problem of a name that needs a type and gets none. */
  readonly missing?: { readonly at: Token; readonly message: string };
  /** Whether it has a body, and a tag by which the type is known from then on. */
  readonly body?: 'anonymous' | 'tagged';
  /** The last of the words of which C puts its own types together: no other type can follow. */
  readonly base?: string;
  /** What a typedef's aligned set: of the type, not of what is declared. */
  readonly typeAligned?: number;
  /** A pointer of the kernel: C gives its tag, but not its *, to all names of the declaration. */
  readonly isTagged?: true;
}

const REFUSED: Readonly<Record<string, string>> = {
  float: 'Floats are not read, and eBPF has none: write an integer type, or u8[4] for raw bytes',
  double: 'Floats are not read, and eBPF has none: write an integer type, or u8[8] for raw bytes',
  ...{ _Atomic: 'Atomic types are not read: write the type alone' },
  ...{ typeof: 'typeof is not read: write the type', __typeof__: 'typeof is not read: write the type' },
  ...Object.fromEntries(
    'static extern register auto inline __inline _Noreturn _Thread_local'
      .split(' ')
      .map(word => [word, 'Functions and variables are not read: take them out, types alone stay']),
  ),
};

/** Whether a type begins here. */
export function isSpecifierStart(reader: TokenReader): boolean {
  const { kind, text } = peek(reader);
  if (kind !== 'word') return false;
  const isKnown =
    ['struct', 'union', 'enum', 'const', 'volatile', 'void'].includes(text) || BASE_WORDS.has(text);
  return isKnown || reader.typedefs.has(text) || isTypeWord(text);
}

export function specifierTaken(reader: TokenReader): Specifier {
  const attributes = qualifiersTaken(reader);
  const isPacked = isPlainPacked(reader) && taken(reader, 'packed');
  const token = peek(reader);
  const refusal = Object.hasOwn(REFUSED, token.text) ? REFUSED[token.text] : undefined;
  if (refusal !== undefined) fail(token, refusal);
  return { ...typeTaken(reader, isPacked, attributes), ...qualifiersTaken(reader, attributes) };
}

function typeTaken(reader: TokenReader, isPacked: boolean, attributes: Attributes): Specifier {
  const token = peek(reader);
  if (token.text === 'struct' || token.text === 'union') return recordTaken(reader, isPacked);
  if (isPacked) fail(token, `Expected struct after packed, found ${found(token)}`);
  if (token.text === 'enum') return enumTaken(reader);
  if (BASE_WORDS.has(token.text)) return baseTaken(reader, attributes);
  if (taken(reader, 'void'))
    return {
      missing: { at: token, message: 'A void has no size: write a fixed-width integer such as __u64' },
    };
  if (token.kind !== 'word') fail(token, `Expected a type, found ${found(token)}`);
  const known = reader.typedefs.get(token.text) ?? wordSpecifier(token.text);
  take(reader);
  return known ?? fail(token, unknownType(token.text));
}

function wordSpecifier(word: string): Specifier | undefined {
  const type = WORD_TYPES.get(word);
  return type === undefined ? undefined : { type };
}

/** C takes its own words in any order, qualifiers between them. */
function baseTaken(reader: TokenReader, attributes: Attributes): Specifier {
  const first = peek(reader);
  const words: string[] = [];
  for (; BASE_WORDS.has(peek(reader).text); qualifiersTaken(reader, attributes))
    words.push(take(reader).text);
  const type = baseInteger(words) ?? fail(first, `C has no type ${words.join(' ')}: write __u32, __s64 …`);
  return { type, base: words.at(-1)! };
}

/** `packed` alone, which is no word of C, means the struct that follows. */
function isPlainPacked(reader: TokenReader): boolean {
  return peek(reader).text === 'packed' && !reader.typedefs.has('packed');
}

/** Fails where another type stands behind C's own words, which C takes for a name. */
export function refuseSecondType(name: Token, { base }: Specifier): void {
  if (base !== undefined && isTypeWord(name.text))
    fail(name, `Two types stand in a row, ${base} and ${name.text}: write one of them`);
}

function unknownType(name: string): string {
  return `Unknown type ${name.slice(0, 60)}: define it before, typedef … ${name.slice(0, 60)};, or write a fixed-width integer such as __u32, or bool, char[N], u8[N], ipv4, ipv6, mac, cidr4, cidr6, struct { … }, enum { … }`;
}
