import { isObject } from '../../../api/parse/section.ts';
import type { FieldPath } from '../../../api/problem.ts';
import { type AnyReading, readAnyYaml, unreadable } from '../yaml/read.ts';
import { offsetsIn } from './offsets.ts';
import { type LineStart, type Position, positionOf } from './place.ts';
import { readRegular } from './regular.ts';
import { type Chunk, splitDocuments, type TextProblem } from './split.ts';

/** One object of a file, with the way back to where each of its fields stands. */
export interface ManifestDocument {
  readonly kind: 'document';
  readonly value: unknown;
  readonly line: number;
  /** The place of a field's value; of the nearest field around it where it is not given. */
  locate(path: FieldPath): Position;
}

/** A problem of a document. `value` is the readable rest of the object, from which its identity may be known. */
export interface DocumentProblem extends Position {
  readonly kind: 'problem';
  readonly message: string;
  readonly value?: unknown;
}

/** A document above this size must be regular: for any other the yaml package takes 70 times its size in memory. */
const MAX_IRREGULAR = 4 * 1024 * 1024;

/**
 * The objects of a file, one after the other, in YAML or JSON: several documents, and the items of `kind: List`.
 * Each means exactly what `kubectl apply` would make of it, or is a problem with its place and the remedy.
 * Documents for whose text `first` returns true come first.
 */
export function* documentsOf(
  text: string,
  first?: (document: string) => boolean,
): Generator<ManifestDocument | DocumentProblem> {
  const clean = text.replaceAll('\r\n', '\n');
  const offset = clean.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  const source = offset === 0 ? clean : clean.slice(1);
  const control = FORBIDDEN.exec(source);
  if (control !== null) {
    yield problemAt(source, { offset: control.index, message: forbidden(control[0]) });
    return;
  }
  const { chunks, problems } = splitDocuments(source);
  let base: LineStart | undefined;
  for (const problem of problems) {
    const told = problemAt(source, problem, base);
    base = { line: told.line, offset: problem.offset - told.column + 1 };
    yield told;
  }
  const isFirst = ({ start, end }: Chunk) => first?.(source.slice(start, end)) === true;
  for (const chunk of withFirst(chunks, isFirst)) yield* objectsOf(source, chunk);
}

const BYTE_ORDER_MARK = 0xfeff;
/** Characters that kubectl's parser refuses, and those that end a line for it but not in YAML 1.2. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/;

function forbidden(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `The character U+${code} may not stand in a manifest: write it as an escape in double quotes ("\\u${code}")`;
}

/** The items for which `isFirst` holds, then the others. */
export function withFirst<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly T[] {
  if (items.length < 2) return items;
  const first = new Set(items.filter(isFirst));
  return [...first, ...items.filter(item => !first.has(item))];
}

function* objectsOf(text: string, chunk: Chunk): Generator<ManifestDocument | DocumentProblem> {
  const { value, problems, offsetOf } = readingOf(text, chunk);
  for (const problem of problems.first) yield { ...problemAt(text, problem, chunk.base), value };
  const more = problems.total - problems.first.length;
  if (more > 0) {
    const message = `${more} more values in this document like these`;
    yield { ...problemAt(text, { offset: problems.first[0]!.offset, message }, chunk.base), value };
  }
  if (problems.total === 0 && value !== undefined && value !== null)
    yield* objectsWithin(value, { text, root: value, offsetOf, line: chunk.base }, []);
}

/** The reading of one document, with offsets in the whole text. */
function readingOf(text: string, chunk: Chunk): AnyReading {
  const { start, end } = chunk;
  const regular = readRegular(text, chunk);
  if (regular !== undefined) return { ...regular, offsetOf: offsetsIn(text, chunk) };
  if (end - start > MAX_IRREGULAR) return unreadable([{ offset: start, message: TOO_LARGE }]);
  const { value, problems, offsetOf } = readAnyYaml(text.slice(start, end));
  const first = problems.first.map(({ offset, message }) => ({ offset: start + offset, message }));
  return { value, problems: { first, total: problems.total }, offsetOf: path => start + offsetOf(path) };
}

const TOO_LARGE = `A document above ${MAX_IRREGULAR / 1024 / 1024} MiB must be plainly laid out (block style, no anchors, tags or scalars over several lines): write its entries as a table, or split it`;

/** The kinds that kubectl splits: the one that it prints for several objects, and those that the API returns. */
const LIST_KINDS: ReadonlySet<unknown> = new Set(['List', 'InnerMapList', 'OuterMapList']);

/** A document whose objects are handed out, in their order. */
interface Whole extends Pick<AnyReading, 'offsetOf'> {
  readonly text: string;
  readonly root: unknown;
  /** Of the last object: to count from the beginning for each of a million would never end. */
  line: LineStart;
}

function* objectsWithin(value: unknown, whole: Whole, prefix: FieldPath): Generator<ManifestDocument> {
  const items = itemsOfList(value);
  if (items === undefined) {
    yield documentAt(value, whole, prefix);
    return;
  }
  for (let index = 0; index < items.length; index++)
    yield* objectsWithin(items[index], whole, [...prefix, 'items', index]);
}

function documentAt(value: unknown, whole: Whole, prefix: FieldPath): ManifestDocument {
  const here = placeIn(whole, prefix, whole.line);
  const start = { line: here.line, offset: whole.offsetOf(prefix) - here.column + 1 };
  whole.line = start;
  const locate = (path: FieldPath) =>
    path.length === 0 ? here : placeIn(whole, [...prefix, ...path], start);
  return { kind: 'document', value, line: here.line, locate };
}

function itemsOfList(value: unknown): readonly unknown[] | undefined {
  const { kind, items } = isObject(value) ? value : {};
  return LIST_KINDS.has(kind) && Array.isArray(items) ? items : undefined;
}

/**
 * A path may lead into the rows of a table: its place is the line of that row then. An alias may lead to before `base`.
 */
function placeIn({ text, root, offsetOf }: Whole, path: FieldPath, base: LineStart): Position {
  const offset = offsetOf(path);
  const place = positionOf(text, offset, offset < base.offset ? undefined : base);
  const row = rowIn(root, path);
  if (row === undefined || text[offset] !== '|') return place;
  return { line: place.line + row, column: 1 };
}

function rowIn(value: unknown, path: FieldPath): number | undefined {
  let node = value;
  for (const part of path) {
    if (typeof node === 'string') return typeof part === 'number' ? part : undefined;
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as Record<string | number, unknown>)[part];
  }
  return undefined;
}

/** `base`: a line at or before it; to count from the beginning for each of many problems would never end. */
function problemAt(text: string, { offset, message }: TextProblem, base?: LineStart): DocumentProblem {
  return { kind: 'problem', ...positionOf(text, offset, base), message };
}
