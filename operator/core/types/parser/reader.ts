import type { Type } from '../type.ts';
import { DeclarationProblem, type Token } from './tokens.ts';

/** The state of the parse of one declaration. */
export interface TokenReader {
  readonly tokens: readonly Token[];
  position: number;
  /** Structs and enums defined so far, by `struct port`, `enum action`. */
  readonly tags: Map<string, Type>;
  depth: number;
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
  if (peek(reader).text !== text) return false;
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
  return take(reader);
}

/** A constant as C writes it: decimal, 0x, or octal with its leading zero. */
export function numberTaken(reader: TokenReader, what: string): bigint {
  const token = peek(reader);
  if (token.kind !== 'number') fail(token, `Expected ${what} as a number, found ${found(token)}`);
  const digits = take(reader).text.replace(/[uUlL]+$/, '');
  if (digits.length > 40)
    fail(token, `Number of ${digits.length} digits is too long: write ${what} as a smaller one`);
  if (!/^0\d/.test(digits)) return BigInt(digits);
  if (/[89]/.test(digits))
    fail(token, `${digits} begins with 0, so C reads it as octal: write it without the 0`);
  return BigInt(`0o${digits.slice(1)}`);
}

export function found(token: Token): string {
  return token.kind === 'end' ? 'the end' : JSON.stringify(token.text);
}

export function fail(token: Token, message: string): never {
  throw new DeclarationProblem(token.offset, message);
}
