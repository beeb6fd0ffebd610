import type { FieldPath } from '../../../api/problem.ts';
import {
  atLineEnd,
  COLON,
  type Cursor,
  DASH,
  depthOfChild,
  finishLine,
  HASH,
  IRREGULAR,
  type ItemOffsets,
  MAX_DEPTH,
  NEWLINE,
  nextLine,
  putField,
  reach,
  SPACE,
  skipSpaces,
  TAB,
  type TextProblems,
} from './cursor.ts';
import { flowNode, isFlowStart, isQuote, quoted, resolved, resolvedKey, startsPlain } from './flow.ts';
import { literalBlock } from './literal.ts';
import type { Chunk } from './split.ts';

export interface RegularReading {
  /** undefined: the document is empty. */
  readonly value: unknown;
  readonly problems: TextProblems;
  /** Offset of the deepest node on the sought path. */
  readonly found: number;
}

/**
 * Reads a document of the shape that almost all manifests have: block mappings and sequences, flow collections and quoted
 * scalars that do not span lines, literal blocks, comments; and JSON. It is 30 times faster than the yaml package, which a
 * list of 560,000 prefixes needs. The result of any other shape is undefined: the yaml package reads it, and would read
 * every document of this shape equally.
 */
export function readRegular(
  text: string,
  chunk: Chunk,
  seek: FieldPath = NOTHING,
): RegularReading | undefined {
  const cursor = cursorAt(text, chunk, seek);
  return ifRegular(() => ({ value: root(cursor), problems: cursor.problems, found: cursor.found }));
}

const NOTHING: FieldPath = [];

/** The offsets of all items of the Lists in a regular document, in one pass. */
export function itemOffsets(text: string, chunk: Range): ItemOffsets {
  const seek: ItemOffsets = { levels: [] };
  const cursor = cursorAt(text, chunk, seek);
  ifRegular(() => root(cursor));
  return seek;
}

/** Offset of the deepest node on a path within an item of a regular document: nothing but the item is read. */
export function offsetWithin(text: string, item: Range, seek: FieldPath): number {
  const cursor = cursorAt(text, item, seek);
  cursor.indent = item.start - text.lastIndexOf('\n', item.start) - 1;
  cursor.spansLines = text[item.start] === '{';
  ifRegular(() => (cursor.spansLines ? flowNode(cursor, 0, 0) : blockNode(cursor, 0, 0)));
  return cursor.found;
}

type Range = Pick<Chunk, 'start' | 'end'>;

function cursorAt(text: string, { start, end }: Range, seek: Cursor['seek']): Cursor {
  const problems = { first: [], total: 0 };
  return { text, end, at: start, indent: 0, spansLines: false, problems, seek, found: start };
}

function ifRegular<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error === IRREGULAR) return undefined;
    throw error;
  }
}

function root(cursor: Cursor): unknown {
  nextLine(cursor);
  if (cursor.indent === -1) return undefined;
  cursor.found = cursor.at;
  if (cursor.text[cursor.at] === '{') return jsonRoot(cursor);
  const value = blockNode(cursor, 0, 0);
  if (cursor.indent !== -1) throw IRREGULAR;
  return value;
}

function jsonRoot(cursor: Cursor): unknown {
  cursor.spansLines = true;
  const value = flowNode(cursor, 0, 0);
  finishLine(cursor);
  if (cursor.indent !== -1) throw IRREGULAR;
  return value;
}

/** A mapping or sequence that begins on a line of its own. */
function blockNode(cursor: Cursor, depth: number, level: number): unknown {
  if (level > MAX_DEPTH) throw IRREGULAR;
  reach(cursor, depth, cursor.at);
  return isItem(cursor)
    ? blockSequence(cursor, cursor.indent, depth, level)
    : blockMapping(cursor, cursor.indent, depth, level);
}

function blockMapping(cursor: Cursor, indent: number, depth: number, level: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  while (cursor.indent === indent) {
    const start = cursor.at;
    const key = blockKey(cursor);
    const below = key === undefined ? -1 : depthOfChild(cursor, depth, key);
    reach(cursor, below, start);
    const value = blockValue(cursor, indent, below, level);
    if (key !== undefined) putField(cursor.problems, fields, key, start, value);
  }
  if (cursor.indent > indent) throw IRREGULAR;
  return fields;
}

/** Reads a key and its colon. */
function blockKey(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const isQuoted = isQuote(cursor.text.charCodeAt(start));
  const key = isQuoted ? quoted(cursor) : resolvedKey(cursor, start, blockPlain(cursor));
  if (isQuoted) skipSpaces(cursor);
  if (!isColon(cursor.text, cursor.at)) throw IRREGULAR;
  cursor.at++;
  return key;
}

function blockValue(cursor: Cursor, indent: number, depth: number, level: number): unknown {
  skipSpaces(cursor);
  if (!atLineEnd(cursor)) return inlineNode(cursor, indent, depth, level);
  finishLine(cursor);
  if (cursor.indent > indent) return blockNode(cursor, depth, level + 1);
  if (cursor.indent < indent || !isItem(cursor)) return null;
  reach(cursor, depth, cursor.at);
  return blockSequence(cursor, indent, depth, level + 1);
}

function blockSequence(cursor: Cursor, indent: number, depth: number, level: number): unknown[] {
  const items: unknown[] = [];
  while (cursor.indent === indent && isItem(cursor)) {
    const below = depthOfChild(cursor, depth, items.length);
    const start = cursor.at++;
    skipSpaces(cursor);
    if (atLineEnd(cursor)) items.push(itemBelow(cursor, indent, below, level));
    else if (beginsMapping(cursor)) items.push(mappingAt(cursor, indent + cursor.at - start, below, level));
    else items.push(inlineNode(cursor, indent, below, level));
  }
  if (cursor.indent > indent) throw IRREGULAR;
  return items;
}

function itemBelow(cursor: Cursor, indent: number, depth: number, level: number): unknown {
  finishLine(cursor);
  if (cursor.indent <= indent) throw IRREGULAR;
  return blockNode(cursor, depth, level + 1);
}

function mappingAt(cursor: Cursor, indent: number, depth: number, level: number): unknown {
  if (level > MAX_DEPTH) throw IRREGULAR;
  reach(cursor, depth, cursor.at);
  cursor.indent = indent;
  return blockMapping(cursor, indent, depth, level + 1);
}

/** Whether `key:` begins here. The cursor stays. */
function beginsMapping(cursor: Cursor): boolean {
  const start = cursor.at;
  const code = cursor.text.charCodeAt(start);
  if (isQuote(code)) {
    quoted(cursor);
    skipSpaces(cursor);
  } else if (isFlowStart(code) || code === PIPE) return false;
  else blockPlain(cursor);
  const begins = isColon(cursor.text, cursor.at);
  cursor.at = start;
  return begins;
}

const PIPE = 0x7c;

/** A value on the line of its key or dash. A deeper line below it would continue it, which is not regular. */
function inlineNode(cursor: Cursor, indent: number, depth: number, level: number): unknown {
  reach(cursor, depth, cursor.at);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === PIPE) return literalBlock(cursor, indent);
  const start = cursor.at;
  const value = isFlowStart(code)
    ? flowNode(cursor, depth, level + 1)
    : resolved(cursor, start, blockPlain(cursor));
  finishLine(cursor);
  if (cursor.indent > indent) throw IRREGULAR;
  return value;
}

/** Reads a plain scalar up to the end of the line, a comment, or a colon that makes it a key. The cursor stops there. */
function blockPlain(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  if (!startsPlain(text, start)) throw IRREGULAR;
  let at = start;
  for (; at < cursor.end; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) break;
    if (code > COLON) continue;
    if (code === TAB) throw IRREGULAR;
    if (code === COLON && isColon(text, at)) break;
    if (code === HASH && text.charCodeAt(at - 1) === SPACE) break;
  }
  cursor.at = at;
  while (at > start && text.charCodeAt(at - 1) === SPACE) at--;
  return text.slice(start, at);
}

function isColon(text: string, at: number): boolean {
  return text.charCodeAt(at) === COLON && endsToken(text.charCodeAt(at + 1));
}

function isItem(cursor: Cursor): boolean {
  return cursor.text.charCodeAt(cursor.at) === DASH && endsToken(cursor.text.charCodeAt(cursor.at + 1));
}

function endsToken(code: number): boolean {
  if (code === TAB) throw IRREGULAR;
  return code === SPACE || code === NEWLINE || Number.isNaN(code);
}
