import { Composer, type CST, type Document, type ErrorCode, Lexer, Parser } from 'yaml';
import { LISTED_PROBLEMS, MAX_DEPTH } from '../text/cursor.ts';
import { positionOf } from '../text/place.ts';
import type { TextProblem } from '../text/split.ts';
import { inOurWords } from './words.ts';

export type Composed =
  | { readonly ok: true; readonly document: Document.Parsed }
  | { readonly ok: false; readonly problems: readonly TextProblem[] };

/**
 * Composes one document with the yaml package, whatever its text. The package takes some 600 bytes for a bracket and 1 KB
 * for an error, and recurses as deep as the document: three megabytes of either would end the process. Depth and size are
 * judged while it reads, token by token, and it ends at the first errors.
 */
export function composed(text: string): Composed {
  const errors: TextProblem[] = [];
  try {
    const tokens = tokensOf(text);
    const [document] = composing(text, errors).compose(tokens, true, text.length);
    if (errors.length === 0) return { ok: true, document: document as Document.Parsed };
  } catch (error) {
    if (error instanceof Refusal) errors.push({ offset: error.offset, message: error.message });
    else if (error instanceof RangeError) errors.push({ offset: 0, message: TOO_DEEP });
    else if (error !== ENOUGH) throw error;
  }
  return { ok: false, problems: oneALine(text, errors) };
}

export const TOO_DEEP = `Nested deeper than ${MAX_DEPTH} levels`;

/** The most tokens of one document that is not plainly laid out: each takes memory and microseconds. */
const MOST_TOKENS = 1_000_000;
const TOO_MANY = `Too much that is not plainly laid out for one document: use block style without anchors and tags, write its entries as a table, or split it`;

class Refusal extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Thrown where enough errors are known. */
const ENOUGH: unique symbol = Symbol('enough');

/** The document as tokens. `stack` has the nodes that are open: one more for each level, or two. */
function tokensOf(text: string): readonly CST.Token[] {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  const take = (token: CST.Token) => {
    if (token.type === 'error') throw new Refusal(token.offset, inOurWords(text, asError(token)).message);
    tokens.push(token);
  };
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) take(token);
    if (parser.stack.length > 2 * MAX_DEPTH + 2) throw new Refusal(parser.offset, TOO_DEEP);
    if (++count > MOST_TOKENS) throw new Refusal(0, TOO_MANY);
  }
  for (const token of parser.end()) take(token);
  return tokens;
}

function asError({ offset, message }: CST.ErrorToken) {
  return { code: 'UNEXPECTED_TOKEN', offset, message } as const;
}

/** Where an error is: in a token, at an offset, or over a range. */
type Source = number | readonly [number, number] | { readonly offset: number };

type ErrorArguments = [source: Source, code: ErrorCode, message: string, warning?: boolean];

/** The package collects errors without end, and offers no way to stop but its own function. */
function composing(text: string, errors: TextProblem[]): Composer {
  const onError = (...[source, code, message, warning]: ErrorArguments) => {
    if (warning === true) return;
    const offset = typeof source === 'number' ? source : 'offset' in source ? source.offset : source[0];
    errors.push(inOurWords(text, { code, offset, message }));
    if (errors.length >= MOST_ERRORS) throw ENOUGH;
  };
  return Object.assign(new Composer(OPTIONS), { onError });
}

/** Several errors may come of one mistake. */
const MOST_ERRORS = 4 * LISTED_PROBLEMS;

const OPTIONS = {
  schema: 'failsafe',
  version: '1.2',
  uniqueKeys: false,
  merge: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** The first error of each line: the others come of it. */
function oneALine(text: string, errors: readonly TextProblem[]): readonly TextProblem[] {
  const lines = new Map<number, TextProblem>();
  for (const error of errors) {
    const { line } = positionOf(text, error.offset);
    if (!lines.has(line)) lines.set(line, error);
  }
  return [...lines.values()];
}
