import type { FieldPath } from '../../../api/problem.ts';
import type { TextProblem } from './split.ts';

/** The number of problems that a document lists one by one. */
export const LISTED_PROBLEMS = 20;

/** The deepest nesting of nodes; a manifest needs a tenth of it. */
export const MAX_DEPTH = 64;

/** Problems of the values in one document: the first ones, and the number of all. */
export interface TextProblems {
  readonly first: TextProblem[];
  total: number;
}

/** A reading of regular text in progress. It is one mutable object, because a document can have a million entries. */
export interface Cursor {
  readonly text: string;
  readonly end: number;
  at: number;
  /** Column of the current line's first character, from 0; -1 behind the last line. */
  indent: number;
  /** Whether flow collections may span lines: in JSON, where the root is one. */
  spansLines: boolean;
  readonly problems: TextProblems;
  /** The path of the node whose place is sought, or all items of Lists. */
  readonly seek: FieldPath | ItemOffsets;
  /** Offset of the deepest node on the way to it. */
  found: number;
}

/**
 * Offsets of the nodes at `items[*]`, of those at `items[*].items[*]`, and so on, each in the order of the text: what is
 * within an item stands between it and the next.
 */
export interface ItemOffsets {
  readonly levels: number[][];
}

/** Thrown where text leaves the regular shape: the yaml package reads the whole document then. A symbol costs no stack trace. */
export const IRREGULAR: unique symbol = Symbol('irregular');

export const NEWLINE = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
export const HASH = 0x23;
export const COLON = 0x3a;
export const DASH = 0x2d;

export function addProblem(problems: TextProblems, offset: number, message: string): undefined {
  if (problems.first.length < LISTED_PROBLEMS) problems.first.push({ offset, message });
  problems.total++;
}

/** A second value of a field is a problem. `__proto__` becomes a field like any other. */
export function putField(
  problems: TextProblems,
  into: Record<string, unknown>,
  key: string,
  offset: number,
  value: unknown,
): void {
  if (Object.hasOwn(into, key))
    addProblem(problems, offset, `The field ${key} is given twice: keep one of them`);
  else if (key !== '__proto__') into[key] = value;
  else Object.defineProperty(into, key, { value, enumerable: true, writable: true, configurable: true });
}

/** The depth of a child on the sought path; -1 off the path. */
export function depthOfChild({ seek }: Cursor, depth: number, part: string | number): number {
  if (depth < 0) return -1;
  if (!('levels' in seek)) return depth < seek.length && seek[depth] === part ? depth + 1 : -1;
  return (depth % 2 === 0 ? part === 'items' : typeof part === 'number') ? depth + 1 : -1;
}

/** Remembers where a node on the sought path begins; one of depth -1 is off it. */
export function reach(cursor: Cursor, depth: number, offset: number): void {
  if (depth < 0) return;
  cursor.found = offset;
  if (!('levels' in cursor.seek) || depth === 0 || depth % 2 === 1) return;
  const { levels } = cursor.seek;
  const level = levels[depth / 2 - 1];
  if (level === undefined) levels.push([offset]);
  else if (level.at(-1) !== offset) level.push(offset);
}

export function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) === SPACE) cursor.at++;
}

/** Whether nothing but a comment follows on the line. The cursor stays. */
export function atLineEnd(cursor: Cursor): boolean {
  const code = cursor.text.charCodeAt(cursor.at);
  return (
    cursor.at >= cursor.end ||
    code === NEWLINE ||
    (code === HASH && cursor.text.charCodeAt(cursor.at - 1) === SPACE)
  );
}

/** Skips the rest of a line, which may hold only a comment, and goes to the next line with content. */
export function finishLine(cursor: Cursor): void {
  skipSpaces(cursor);
  if (!atLineEnd(cursor)) throw IRREGULAR;
  toNextLine(cursor);
  nextLine(cursor);
}

/** From a line's start to its first character, past blank lines and comments. */
export function nextLine(cursor: Cursor): void {
  for (;;) {
    const start = cursor.at;
    skipSpaces(cursor);
    if (cursor.at >= cursor.end) {
      cursor.indent = -1;
      return;
    }
    const code = cursor.text.charCodeAt(cursor.at);
    if (code === TAB) throw IRREGULAR;
    if (code !== NEWLINE && code !== HASH) {
      cursor.indent = cursor.at - start;
      return;
    }
    toNextLine(cursor);
  }
}

function toNextLine(cursor: Cursor): void {
  const newline = cursor.text.indexOf('\n', cursor.at);
  cursor.at = newline === -1 || newline >= cursor.end ? cursor.end : newline + 1;
}
