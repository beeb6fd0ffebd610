import { assertionTaken } from './parser/constant.ts';
import { declaratorTaken } from './parser/declarator.ts';
import { nameTaken, newReader, peek, type TokenReader, taken } from './parser/reader.ts';
import { bounded } from './parser/record.ts';
import { refuseSecondType, type Specifier, specifierTaken } from './parser/specifier.ts';
import { preprocessed } from './parser/text/directives.ts';
import { DeclarationProblem, fail, found, type Token } from './parser/text/tokens.ts';
import { typedefTaken } from './parser/typedef.ts';
import { isKeyword, isTypeWord } from './parser/words.ts';
import type { Type } from './type.ts';

/** A type, or the problem and its place in the text. */
export type Declaration =
  | { readonly ok: true; readonly type: Type }
  | { readonly ok: false; readonly offset: number; readonly message: string };

const LONGEST = 16 * 1024;

/**
 * Reads C declarations as they stand in a header: `u32`, `char[16]`, `struct { __be16 port; __u8 proto; }`, typedefs,
 * enums, macros. The last one is the type; it may be a name that those before it define.
 */
export function parseDeclaration(text: string): Declaration {
  if (text.length > LONGEST)
    return {
      ok: false,
      offset: LONGEST,
      message: `Declaration has ${text.length} characters: at most ${LONGEST} are read`,
    };
  try {
    return { ok: true, type: lastTaken(newReader(preprocessed(text))) };
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

function lastTaken(reader: TokenReader): Type {
  let last = (): Type => fail(peek(reader), 'Declaration is empty: write a type such as u32');
  while (peek(reader).kind !== 'end')
    if (!taken(reader, ';') && !assertionTaken(reader))
      last = taken(reader, 'typedef') ? typedefTaken(reader) : declarationTaken(reader);
  return last();
}

/** A type with its `;`, which only the last may lack, and a name that has no meaning here. Returns what it is if it is the last. */
function declarationTaken(reader: TokenReader): () => Type {
  const start = peek(reader);
  const specifier = specifierTaken(reader);
  if (specifier.packed !== undefined)
    fail(specifier.packed, 'C ignores packed in this place: write it behind the } of the struct');
  if (taken(reader, ';')) return () => specifier.type ?? missing(specifier, start);
  const { type, empty, width } = declaratorTaken(reader, specifier, () => meaninglessName(reader, specifier));
  if (width !== undefined) fail(start, 'A bit-field is a part of a struct: write the integer alone');
  if (empty) fail(start, 'Arrays of no elements hold nothing: write a length of 1 or more');
  const rest = peek(reader);
  if (!taken(reader, ';') && rest.kind !== 'end')
    fail(rest, `Expected the end of the type, found ${found(rest)}`);
  return () => bounded(start, type);
}

function missing({ missing: problem }: Specifier, at: Token): never {
  return fail(problem?.at ?? at, problem?.message ?? 'Expected a type');
}

function meaninglessName(reader: TokenReader, specifier: Specifier): Token | undefined {
  const token = peek(reader);
  if (token.kind !== 'word') return undefined;
  if (isKeyword(token.text)) fail(token, `Expected the end of the type, found ${found(token)}`);
  refuseSecondType(token, specifier);
  if (isTypeWord(token.text) || reader.typedefs.has(token.text))
    fail(token, `A type stands behind a type, ${token.text}: write one of them`);
  return nameTaken(reader, 'a name');
}
