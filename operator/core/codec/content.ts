import type { RawContent, RawEntry } from '../../api/innermap.ts';
import {
  COUNTED_PROBLEMS,
  type FieldPath,
  fieldText,
  listText,
  type Problem,
  problemText,
} from '../../api/problem.ts';
import type { Reason } from '../../api/reason.ts';
import { type ContentRoom, mebibytes, roomText } from '../bytes/contentroom.ts';
import { type Entries, NO_ENTRIES } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { isArray } from '../mapspec.ts';
import { prefixesOf, readLength } from '../scalar/cidr.ts';
import { runToEnd, type Steps } from '../steps.ts';
import type { Type } from '../types/type.ts';
import { duplicatesIn } from './duplicates.ts';
import { encode, encodeOntoZeros } from './encode.ts';
import { valueStride } from './entries.ts';
import {
  addProblem,
  type EntryBuffer,
  isHopeless,
  newEntryBuffer,
  nextEntry,
  originPath,
} from './entrybuffer.ts';
import { keyText } from './keytext.ts';
import { openTable, readRows, rowsAtMost } from './table.ts';
import { under, ValueProblem } from './value.ts';

export type EncodedContent = { readonly kind: 'encoded'; readonly entries: Entries } | InvalidContent;

/** Contents that cannot be encoded. */
export interface InvalidContent {
  readonly kind: 'invalid';
  readonly reason: Reason;
  readonly message: string;
  /** The first ten. */
  readonly problems: readonly Problem[];
  /** Counted up to 1,000. */
  readonly total: number;
  /** Bytes for which there was no room: read again when there is, they may be fine. */
  readonly needs?: number;
}

export interface ContentOptions {
  /** The inner map's, or the template's. */
  readonly maxEntries: number;
  /** Of the target machine; absent where there is none, as in `validate`. */
  readonly possibleCpus?: number | undefined;
  /** Absent where nobody holds the result for long. */
  readonly room?: ContentRoom | undefined;
}

/** About 5 ms of work between two pauses. */
const SLICE = 8192;
/** The most encoded bytes of one inner map. Checked before memory is allocated. */
const MOST_BYTES = 512 * 1024 * 1024;

/** The entries of an InnerMap as bytes, at once. A key or a value that is undefined is no problem here: the parser told it. */
export function encodeContent(raw: RawContent, layout: OuterLayout, options: ContentOptions): EncodedContent {
  return runToEnd(encodingSteps(raw, layout, options));
}

/** The same in slices of a few milliseconds, for callers that must not block the event loop. */
export function* encodingSteps(
  raw: RawContent,
  layout: OuterLayout,
  options: ContentOptions,
): Steps<EncodedContent> {
  const rows = raw.table === undefined ? 0 : rowsAtMost(raw.table);
  if (raw.entries.length === 0 && (raw.table ?? '').trim() === '')
    return { kind: 'encoded', entries: NO_ENTRIES };
  const { innerKey: key, innerValue: value, template } = layout;
  if (key === undefined || value === undefined) return withoutContents(template.type);
  const isExact = raw.table?.includes('"') !== true;
  if (raw.entries.length > options.maxEntries || (isExact && raw.entries.length + rows > options.maxEntries))
    return tooMany(raw.entries.length + rows, options.maxEntries);
  const bytes = (raw.entries.length + rows) * entrySize(layout, options.possibleCpus);
  if (bytes > MOST_BYTES) return tooLarge(bytes, `one inner map takes at most ${mebibytes(MOST_BYTES)}`);
  const { room } = options;
  if (room !== undefined && bytes > room.left) return withoutRoom(bytes, room);
  const sheet = newEntryBuffer(
    template,
    { key, value },
    { listed: raw.entries.length, rows, possibleCpus: options.possibleCpus },
  );
  yield* fill(sheet, raw);
  if (sheet.total === 0 && sheet.count > options.maxEntries) return tooMany(sheet.count, options.maxEntries);
  const { absent } = sheet;
  if (sheet.total === 0 && !absent.key) yield* checkKeys(sheet, layout, options.maxEntries);
  if (absent.key || absent.value) return invalid(sheet);
  return sheet.total > 0 ? invalid(sheet) : { kind: 'encoded', entries: finished(sheet, layout) };
}

/** Contents of so many bytes for which there is no room. */
export function withoutRoom(bytes: number, room: ContentRoom): InvalidContent {
  return { ...tooLarge(bytes, roomText(room)), needs: bytes };
}

/** The most bytes that these contents take when they are encoded. */
export function encodedSize(raw: RawContent, layout: OuterLayout, possibleCpus: number | undefined): number {
  const rows = raw.table === undefined ? 0 : rowsAtMost(raw.table);
  return (raw.entries.length + rows) * entrySize(layout, possibleCpus);
}

function entrySize({ template }: OuterLayout, possibleCpus = 1): number {
  return template.keySize + valueStride(template, possibleCpus);
}

function* fill(sheet: EntryBuffer, raw: RawContent): Steps<void> {
  for (let from = 0; from < raw.entries.length && !isHopeless(sheet); from += SLICE) {
    const to = Math.min(raw.entries.length, from + SLICE);
    for (let index = from; index < to && !isHopeless(sheet); index += 1)
      encodeEntry(sheet, raw.entries[index]!, index);
    yield;
  }
  if (raw.table === undefined || isHopeless(sheet)) return;
  const table = openTable(raw.table, sheet);
  while (table !== undefined && readRows(table, sheet, SLICE)) yield;
}

function encodeEntry(sheet: EntryBuffer, entry: RawEntry, index: number): void {
  try {
    if (entry.key === undefined) sheet.absent.key = true;
    else encodeOntoZeros(sheet.keyType, entry.key, sheet.keys, index * sheet.keyType.size);
  } catch (problem) {
    refuse(sheet, { index, part: 'key' }, problem);
  }
  const isList = sheet.cpus !== undefined && isCpuList(sheet.valueType, entry.value);
  try {
    if (entry.value === undefined) sheet.absent.value = true;
    else if (isList) encodeCpuList(sheet, entry.value, index);
    else encodeOntoZeros(sheet.valueType, entry.value, sheet.values, index * sheet.stride);
  } catch (problem) {
    refuse(sheet, { index, part: 'value' }, problem);
  }
  nextEntry(sheet, !isList);
}

function refuse(sheet: EntryBuffer, at: { index: number; part: 'key' | 'value' }, problem: unknown): void {
  if (!(problem instanceof ValueProblem)) throw problem;
  addProblem(sheet, ['spec', 'entries', at.index, at.part, ...problem.path], problem.message);
}

/**
 * Whether a list has a value for each CPU and is not itself the value: it is nested deeper than the type's arrays. `u8[N]`
 * is one where its bytes are numbers, and none where they are hex.
 */
function isCpuList(type: Type, value: unknown): value is readonly unknown[] {
  let depth = 0;
  let first = value;
  for (; Array.isArray(first) && depth < 16; first = first[0]) depth += 1;
  let inner = type;
  for (; inner.kind === 'array'; inner = inner.element) depth -= 1;
  return depth > (inner.kind === 'bytes' && typeof first !== 'string' ? 1 : 0);
}

function encodeCpuList(sheet: EntryBuffer, values: readonly unknown[], index: number): void {
  const { cpus } = sheet;
  if (cpus === undefined) return;
  if (cpus.possible !== undefined && values.length !== cpus.possible)
    throw new ValueProblem(
      `List has ${values.length} values, this node ${cpus.possible} possible CPUs: write one for each, or one value for all`,
    );
  if (values.length === 0)
    throw new ValueProblem('List is empty: write a value for each CPU, or one for all');
  for (const [cpu, value] of values.entries()) {
    const slot = cpus.possible === undefined ? 0 : cpu;
    try {
      encode(sheet.valueType, value, sheet.values, index * sheet.stride + slot * cpus.step);
    } catch (problem) {
      throw under(cpu, problem);
    }
  }
}

/** Checks all keys together: indexes outside, prefixes too long, keys given twice. */
function* checkKeys(sheet: EntryBuffer, layout: OuterLayout, maxEntries: number): Steps<void> {
  const { type, keySize } = layout.template;
  if (type === 'LPMTrie') checkPrefixes(sheet, keySize);
  if (isArray(type)) checkIndexes(sheet, maxEntries);
  yield;
  if (sheet.total > 0) return;
  const all = sheet.keys.subarray(0, sheet.count * keySize);
  const keys = type === 'LPMTrie' ? prefixesOf(all, keySize) : all;
  const { pairs, total } = yield* duplicatesIn(keys, keySize, sheet.count);
  for (const [first, second] of pairs) {
    const text = keyText(sheet.keyType, sheet.keys, second * keySize).slice(0, 100);
    const other = fieldText(originPath(sheet, first));
    refuseKey(sheet, second, `Key ${text} is given by ${other} too: keep one`);
  }
  sheet.total = Math.min(total, COUNTED_PROBLEMS);
}

function checkIndexes(sheet: EntryBuffer, maxEntries: number): void {
  const indexes = indexesIn(sheet.keys, sheet.count);
  for (const [entry, index] of indexes.entries()) {
    if (isHopeless(sheet)) return;
    if (index < maxEntries) continue;
    // An int may be negative, which is no index
    const { keyType, keys } = sheet;
    const written = keyType.kind === 'integer' ? keyText(keyType, keys, 4 * entry) : index;
    refuseKey(sheet, entry, `Index ${written} is outside: the array holds 0 to ${maxEntries - 1}`);
  }
}

function checkPrefixes(sheet: EntryBuffer, keySize: number): void {
  const bits = (keySize - 4) * 8;
  for (let entry = 0; entry < sheet.count; entry += 1) {
    const length = readLength(sheet.keys, entry * keySize);
    if (length > bits && !isHopeless(sheet))
      refuseKey(sheet, entry, `Prefix length ${length} is too long: the key holds 0 to ${bits} bits`);
  }
}

function refuseKey(sheet: EntryBuffer, entry: number, message: string): void {
  addProblem(sheet, [...originPath(sheet, entry), 'key'], message);
}

/** The entries at exactly their size; an array's in the order of their indexes. */
function finished(sheet: EntryBuffer, layout: OuterLayout): Entries {
  const { count, stride } = sheet;
  const keySize = layout.template.keySize;
  const order = isArray(layout.template.type) ? ascending(indexesIn(sheet.keys, count)) : undefined;
  const keys = sheet.keys.length === count * keySize ? sheet.keys : sheet.keys.slice(0, count * keySize);
  const values =
    sheet.values.length === count * stride ? sheet.values : sheet.values.slice(0, count * stride);
  if (order === undefined) return { count, keys, values };
  return { count, keys: reordered(keys, keySize, order), values: reordered(values, stride, order) };
}

/** The order that sorts the indexes; undefined where they are in order. */
function ascending(indexes: Uint32Array): Uint32Array | undefined {
  if (indexes.every((index, at) => at === 0 || indexes[at - 1]! < index)) return undefined;
  const order = Uint32Array.from(indexes, (_, at) => at);
  return order.sort((left, right) => indexes[left]! - indexes[right]!);
}

function reordered(bytes: Uint8Array, size: number, order: Uint32Array): Uint8Array {
  const sorted = new Uint8Array(bytes.length);
  for (const [to, from] of order.entries())
    for (let byte = 0; byte < size; byte += 1) sorted[to * size + byte] = bytes[from * size + byte]!;
  return sorted;
}

/** An array's keys are 32-bit indexes in host order. An entry buffer starts at offset 0, so they are aligned. */
function indexesIn(keys: Uint8Array, count: number): Uint32Array {
  return new Uint32Array(keys.buffer, keys.byteOffset, count);
}

function withoutContents(type: string): EncodedContent {
  return refusal('InvalidEntries', `Type ${type} is created empty: leave entries and table out`, [
    'spec',
    'entries',
  ]);
}

function tooMany(count: number, maxEntries: number): EncodedContent {
  const message = `${count} entries are more than maxEntries ${maxEntries}: declare fewer, or raise maxEntries of the inner map where its type allows it`;
  return refusal('TooManyEntries', message, ['spec']);
}

function tooLarge(bytes: number, bound: string): InvalidContent {
  return refusal('TooManyEntries', `Entries take ${mebibytes(bytes)}: ${bound}`, ['spec']);
}

function refusal(reason: Reason, message: string, path: FieldPath): InvalidContent {
  return { kind: 'invalid', reason, message, problems: [{ path, message }], total: 1 };
}

function invalid({ problems, total }: EntryBuffer): EncodedContent {
  const message = listText(problems.map(problemText), total);
  return { kind: 'invalid', reason: 'InvalidEntries', message, problems, total };
}
