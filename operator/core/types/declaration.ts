import { refuseMarks, withDimensions } from './parser/member.ts';
import { fail, found, peek, type TokenReader, take, taken } from './parser/reader.ts';
import { type Specifier, specifierTaken } from './parser/specifier.ts';
import { DeclarationProblem, tokensOf } from './parser/tokens.ts';
import { isKeyword } from './parser/words.ts';
import type { Type } from './type.ts';

/** A type, or the problem and its place in the text. */
export type Declaration =
  | { readonly ok: true; readonly type: Type }
  | { readonly ok: false; readonly offset: number; readonly message: string };

const LONGEST = 16 * 1024;

/**
 * Reads a C declaration: `u32`, `char[16]`, `struct { __be16 port; __u8 proto; }`. Structs and enums with a tag may be
 * defined before it, each with its `;`: the last one is the type.
 */
export function parseDeclaration(text: string): Declaration {
  if (text.length > LONGEST)
    return {
      ok: false,
      offset: LONGEST,
      message: `Declaration has ${text.length} characters: at most ${LONGEST} are read`,
    };
  try {
    const reader = { tokens: tokensOf(text), position: 0, tags: new Map(), depth: 0 };
    return { ok: true, type: declarationTaken(reader) };
  } catch (problem) {
    if (!(problem instanceof DeclarationProblem)) throw problem;
    return { ok: false, offset: problem.offset, message: problem.message };
  }
}

/** The text around a problem on one line, with a mark before the place: `struct { >>>union { int a; …`. */
export function excerpt(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - 30), offset).replace(/\s+/g, ' ');
  const after = text.slice(offset, offset + 30).replace(/\s+/g, ' ');
  return `${offset > 30 ? '…' : ''}${before}>>>${after}${offset + 30 < text.length ? '…' : ''}`;
}

function declarationTaken(reader: TokenReader): Type {
  if (peek(reader).kind === 'end') fail(peek(reader), 'Declaration is empty: write a type such as u32');
  for (;;) {
    const specifier = specifierTaken(reader);
    const isDefinition = peek(reader).text === ';' && peek(reader, 1).kind !== 'end' && isTagged(specifier);
    if (!isDefinition) return lastTaken(reader, specifier);
    take(reader);
  }
}

function isTagged(specifier: Specifier): boolean {
  return specifier !== 'char' && ('tag' in specifier || specifier.kind === 'kernel');
}

/** Takes a name, which has no meaning here, dimensions and a `;`. */
function lastTaken(reader: TokenReader, specifier: Specifier): Type {
  const token = peek(reader);
  refuseMarks(token, ['*']);
  if (token.kind === 'word') {
    if (isKeyword(token.text)) fail(token, `Expected the end of the type, found ${found(token)}`);
    take(reader);
  }
  const type = withDimensions(reader, specifier);
  taken(reader, ';');
  const rest = peek(reader);
  if (rest.kind !== 'end') fail(rest, `Expected the end of the type, found ${found(rest)}`);
  return type;
}
