import {
  addProblem,
  COLON,
  type Cursor,
  DASH,
  depthOfChild,
  HASH,
  IRREGULAR,
  MAX_DEPTH,
  NEWLINE,
  putField,
  reach,
  SPACE,
  skipSpaces,
  TAB,
} from './cursor.ts';
import { isScalarProblem, readPlain, readPlainKey } from './scalar.ts';

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const QUESTION_MARK = 0x3f;

/** Whether `{…}`, `[…]` or a quoted scalar begins with the character. */
export function isFlowStart(code: number): boolean {
  return code === OPEN_BRACE || code === OPEN_BRACKET || isQuote(code);
}

export function isQuote(code: number): boolean {
  return code === DOUBLE_QUOTE || code === SINGLE_QUOTE;
}

/** One node in flow style, from its first character to behind its last. */
export function flowNode(cursor: Cursor, depth: number, level: number): unknown {
  if (level > MAX_DEPTH) throw IRREGULAR;
  reach(cursor, depth, cursor.at);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === OPEN_BRACE) return flowMapping(cursor, depth, level);
  if (code === OPEN_BRACKET) return flowSequence(cursor, depth, level);
  if (isQuote(code)) return quoted(cursor);
  const start = cursor.at;
  return resolved(cursor, start, flowPlain(cursor));
}

/** A quoted scalar on one line. */
export function quoted(cursor: Cursor): string {
  return cursor.text.charCodeAt(cursor.at) === DOUBLE_QUOTE ? doubleQuoted(cursor) : singleQuoted(cursor);
}

/** The value of plain text; undefined after a problem was added. */
export function resolved(cursor: Cursor, offset: number, text: string): unknown {
  const value = readPlain(text);
  return isScalarProblem(value) ? addProblem(cursor.problems, offset, value.problem) : value;
}

/** The name that plain text gives a field; undefined after a problem was added. */
export function resolvedKey(cursor: Cursor, offset: number, text: string): string | undefined {
  const key = readPlainKey(text);
  return isScalarProblem(key) ? addProblem(cursor.problems, offset, key.problem) : key;
}

const PLAIN_START = plainStarts();

/** Whether a plain scalar may begin with the character; `-`, `?` and `:` begin one only before other text. */
export function startsPlain(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === DASH || code === QUESTION_MARK || code === COLON) {
    const next = text.charCodeAt(at + 1);
    return !(Number.isNaN(next) || next === SPACE || next === NEWLINE || next === TAB);
  }
  return code > 127 || PLAIN_START[code] === 1;
}

function plainStarts(): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 0x21; code < 0x7f; code++)
    table[code] = ',[]{}#&*!|>\'"%@`'.includes(String.fromCharCode(code)) ? 0 : 1;
  return table;
}

function flowMapping(cursor: Cursor, depth: number, level: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  cursor.at++;
  flowSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) === CLOSE_BRACE) return closed(cursor, fields);
  for (;;) {
    const start = cursor.at;
    const key = flowKey(cursor);
    const below = key === undefined ? -1 : depthOfChild(cursor, depth, key);
    flowSpace(cursor);
    const value = flowNode(cursor, below, level + 1);
    if (key !== undefined) putField(cursor.problems, fields, key, start, value);
    if (!another(cursor, CLOSE_BRACE)) return closed(cursor, fields);
  }
}

function flowSequence(cursor: Cursor, depth: number, level: number): unknown[] {
  const items: unknown[] = [];
  cursor.at++;
  flowSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) === CLOSE_BRACKET) return closed(cursor, items);
  for (;;) {
    items.push(flowNode(cursor, depthOfChild(cursor, depth, items.length), level + 1));
    if (!another(cursor, CLOSE_BRACKET)) return closed(cursor, items);
  }
}

function closed<T>(cursor: Cursor, collection: T): T {
  cursor.at++;
  return collection;
}

/** After an item: true at a comma, which it skips; false at the closing character, where it stays. */
function another(cursor: Cursor, close: number): boolean {
  flowSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === close) return false;
  if (code !== COMMA) throw IRREGULAR;
  cursor.at++;
  flowSpace(cursor);
  return true;
}

/** Reads a key and its colon. After a plain key the colon counts only before a space. */
function flowKey(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const isQuoted = isQuote(cursor.text.charCodeAt(start));
  const key = isQuoted ? quoted(cursor) : resolvedKey(cursor, start, flowPlain(cursor));
  if (isQuoted) skipSpaces(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== COLON) throw IRREGULAR;
  cursor.at++;
  return key;
}

function flowSpace(cursor: Cursor): void {
  skipSpaces(cursor);
  if (!cursor.spansLines) return;
  for (let code = cursor.text.charCodeAt(cursor.at); code === SPACE || code === NEWLINE || code === TAB; ) {
    code = cursor.text.charCodeAt(++cursor.at);
  }
}

/**
 * A plain scalar within a collection. A colon right before `,` or a bracket ends it in YAML 1.2 only, and a colon at its
 * start begins a value in kubectl's parser: the yaml package decides on both.
 */
function flowPlain(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  const first = text.charCodeAt(start);
  if (!startsPlain(text, start) || first === COLON) throw IRREGULAR;
  if (first === DASH && isIndicator(text.charCodeAt(start + 1))) throw IRREGULAR;
  let at = start;
  for (; at < cursor.end; at++) {
    const code = text.charCodeAt(at);
    if (isIndicator(code) || code === NEWLINE) break;
    if (code === COLON && endsAfterColon(text.charCodeAt(at + 1))) break;
    if (code === TAB || code === QUESTION_MARK || (code === HASH && text.charCodeAt(at - 1) === SPACE))
      throw IRREGULAR;
  }
  cursor.at = at;
  while (at > start && text.charCodeAt(at - 1) === SPACE) at--;
  return text.slice(start, at);
}

function isIndicator(code: number): boolean {
  return (
    code === COMMA ||
    code === OPEN_BRACE ||
    code === CLOSE_BRACE ||
    code === OPEN_BRACKET ||
    code === CLOSE_BRACKET
  );
}

function endsAfterColon(next: number): boolean {
  if (isIndicator(next) || Number.isNaN(next) || next === TAB) throw IRREGULAR;
  return next === SPACE || next === NEWLINE;
}

function doubleQuoted(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let escaped = false;
  for (let at = start + 1; at < cursor.end; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) throw IRREGULAR;
    if (code === BACKSLASH) {
      escaped = true;
      at++;
    } else if (code === DOUBLE_QUOTE) {
      cursor.at = at + 1;
      return escaped ? unescaped(text.slice(start, at + 1)) : text.slice(start + 1, at);
    }
  }
  throw IRREGULAR;
}

/** Decodes the escapes that JSON and YAML share; the yaml package decodes YAML's own. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw IRREGULAR;
  }
}

function singleQuoted(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  for (let at = start + 1; at < cursor.end; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) throw IRREGULAR;
    if (code !== SINGLE_QUOTE) continue;
    if (text.charCodeAt(at + 1) !== SINGLE_QUOTE) {
      cursor.at = at + 1;
      return text.slice(start + 1, at).replaceAll("''", "'");
    }
    at++;
  }
  throw IRREGULAR;
}
