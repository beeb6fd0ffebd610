import type { FieldPath } from '../../../api/problem.ts';
import { readAnyYaml } from '../yaml.ts';
import { DOUBTS_TOLD, type TextProblems } from './cursor.ts';
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

/** What cannot be taken. `value` is the readable rest of the object, as far as it tells which one it is. */
export interface DocumentProblem extends Position {
  readonly kind: 'refusal';
  readonly message: string;
  readonly value?: unknown;
}

/** A document above this size must be regular: for any other the yaml package takes seventy times its size in memory. */
export const MAX_IRREGULAR = 4 * 1024 * 1024;

/** Everything that a file holds, at once: for files that are looked at, not for long lists. */
export function readDocuments(text: string): {
  readonly documents: readonly ManifestDocument[];
  readonly refusals: readonly DocumentProblem[];
} {
  const all = [...documentsOf(text)];
  return {
    documents: all.filter(item => item.kind === 'document'),
    refusals: all.filter(item => item.kind === 'refusal'),
  };
}

/**
 * The objects of a file, one after the other, in YAML or JSON: several documents, and the items of `kind: List`.
 * Each means exactly what `kubectl apply` would make of it, or is refused with the place and the remedy.
 * `first` are read first where it answers true for a document's text.
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
    yield refusalAt(source, { offset: control.index, message: forbidden(control[0]) });
    return;
  }
  const { chunks, misfits } = splitDocuments(source);
  for (const misfit of misfits) yield refusalAt(source, misfit);
  for (const chunk of inOrder(source, chunks, first)) yield* objectsOf(source, chunk);
}

const BYTE_ORDER_MARK = 0xfeff;
/** What kubectl's parser refuses, and the characters that end a line for it but not in YAML 1.2. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/;

function forbidden(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `The character U+${code} may not stand in a manifest: write it as an escape in double quotes ("\\u${code}")`;
}

function inOrder(
  text: string,
  chunks: readonly Chunk[],
  first?: (document: string) => boolean,
): readonly Chunk[] {
  if (first === undefined || chunks.length === 1) return chunks;
  const early = new Set(chunks.filter(chunk => first(text.slice(chunk.start, chunk.end))));
  return [...early, ...chunks.filter(chunk => !early.has(chunk))];
}

function* objectsOf(text: string, chunk: Chunk): Generator<ManifestDocument | DocumentProblem> {
  const regular = readRegular(text, chunk);
  if (regular !== undefined) {
    const offsetIn = (path: FieldPath) => readRegular(text, chunk, path)?.found ?? chunk.start;
    yield* objectsIn(text, chunk, { ...regular, offsetOf: offsetIn });
  } else if (chunk.end - chunk.start > MAX_IRREGULAR) {
    yield refusalAt(text, { offset: chunk.start, message: tooLargeFor() });
  } else {
    const reading = readAnyYaml(text.slice(chunk.start, chunk.end));
    for (const error of reading.errors.slice(0, DOUBTS_TOLD))
      yield refusalAt(text, shifted(error, chunk.start));
    const doubts = {
      told: reading.doubts.told.map(doubt => shifted(doubt, chunk.start)),
      total: reading.doubts.total,
    };
    yield* objectsIn(text, chunk, {
      ...reading,
      doubts,
      offsetOf: path => chunk.start + reading.offsetOf(path),
    });
  }
}

function tooLargeFor(): string {
  const limit = MAX_IRREGULAR / 1024 / 1024;
  return `A document above ${limit} MiB must be plainly laid out (block style, no anchors, tags or scalars over several lines): write its entries as a table, or split it`;
}

function shifted(misfit: TextProblem, by: number): TextProblem {
  return { offset: misfit.offset + by, message: misfit.message };
}

interface Reading {
  readonly value: unknown;
  readonly doubts: TextProblems;
  readonly offsetOf: (path: FieldPath) => number;
}

function* objectsIn(
  text: string,
  chunk: Chunk,
  reading: Reading,
): Generator<ManifestDocument | DocumentProblem> {
  const { value, doubts } = reading;
  if (doubts.total > 0) yield* doubtful(text, reading);
  else if (value !== undefined && value !== null) {
    yield* objectsWithin(value, path => placeIn(text, value, path, reading.offsetOf(path), chunk.base), []);
  }
}

function* doubtful(text: string, { value, doubts }: Reading): Generator<DocumentProblem> {
  for (const doubt of doubts.told) yield { ...refusalAt(text, doubt), value };
  const more = doubts.total - doubts.told.length;
  if (more > 0)
    yield {
      ...refusalAt(text, {
        offset: doubts.told[0]!.offset,
        message: `${more} more values in this document like these`,
      }),
      value,
    };
}

/** The kinds that kubectl takes apart: what it prints for several objects, and what the API answers. */
const LIST_KINDS: ReadonlySet<unknown> = new Set(['List', 'InnerMapList', 'OuterMapList']);

function* objectsWithin(value: unknown, locate: Locate, prefix: FieldPath): Generator<ManifestDocument> {
  const items = itemsOfList(value);
  if (items === undefined) {
    const here = (path: FieldPath) => locate([...prefix, ...path]);
    yield { kind: 'document', value, line: here([]).line, locate: here };
    return;
  }
  for (let index = 0; index < items.length; index++)
    yield* objectsWithin(items[index], locate, [...prefix, 'items', index]);
}

type Locate = (path: FieldPath) => Position;

function itemsOfList(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return LIST_KINDS.has(kind) && Array.isArray(items) ? items : undefined;
}

/** A path may go on into the rows of a table: then it is that row's line. */
function placeIn(text: string, value: unknown, path: FieldPath, offset: number, base: LineStart): Position {
  const place = positionOf(text, offset, base);
  const row = rowIn(value, path);
  if (row === undefined || text[offset] !== '|') return place;
  return { line: place.line + row, column: 1 };
}

function rowIn(value: unknown, path: FieldPath): number | undefined {
  let node = value;
  for (const part of path) {
    if (typeof node === 'string') return typeof part === 'number' ? part : undefined;
    node =
      typeof node === 'object' && node !== null
        ? (node as Record<string | number, unknown>)[part]
        : undefined;
  }
  return undefined;
}

function refusalAt(text: string, misfit: TextProblem): DocumentProblem {
  return { kind: 'refusal', ...positionOf(text, misfit.offset), message: misfit.message };
}
