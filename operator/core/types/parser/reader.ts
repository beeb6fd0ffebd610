import type { Constant } from './constant.ts';
import type { Specifier } from './specifier.ts';
import type { Tag } from './tags.ts';
import { fail, found, type Token } from './text/tokens.ts';
import { isKeyword } from './words.ts';

/** The state of the parse of one declaration. */
export interface TokenReader {
  readonly tokens: readonly Token[];
  position: number;
  /** Structs, unions and enums defined so far: in C their tags are one set of names. */
  readonly tags: Map<string, Tag>;
  readonly typedefs: Map<string, Specifier>;
  readonly enumerators: Map<string, Constant>;
  /** Levels of braces and parentheses that are open. */
  depth: number;
  /** Of an #if: its numbers have 64 bits. */
  readonly isDirective?: true;
}

export function newReader(tokens: readonly Token[]): TokenReader {
  return { tokens, position: 0, tags: new Map(), typedefs: new Map(), enumerators: new Map(), depth: 0 };
}

export function peek(reader: TokenReader, ahead = 0): Token {
  return reader.tokens[Math.min(reader.position + ahead, reader.tokens.length - 1)]!;
}

export function take(reader: TokenReader): Token {
  const token = peek(reader);
  reader.position += 1;
  return token;
}

/** Takes the next token if it has this text. Returns whether it did. */
export function taken(reader: TokenReader, text: string): boolean {
  const token = peek(reader);
  if (token.text !== text || token.kind === 'end') return false;
  reader.position += 1;
  return true;
}

export function expected(reader: TokenReader, text: string, after: string): void {
  if (!taken(reader, text))
    fail(peek(reader), `Expected ${text} after ${after}, found ${found(peek(reader))}`);
}

/** A word that is no keyword of C. */
export function nameTaken(reader: TokenReader, what: string): Token {
  const token = peek(reader);
  if (token.kind !== 'word') fail(token, `Expected ${what}, found ${found(token)}`);
  if (isKeyword(token.text)) fail(token, `${token.text} is a word of C: write another as ${what}`);
  return take(reader);
}

const DEEPEST = 32;

/** Reads what is one level deeper; a text has few levels, as those of the stack are. */
export function deeper<Read>(reader: TokenReader, read: () => Read): Read {
  if (reader.depth >= DEEPEST)
    fail(peek(reader), `Braces and parentheses are nested more than ${DEEPEST} deep: declare fewer levels`);
  reader.depth += 1;
  const result = read();
  reader.depth -= 1;
  return result;
}
