import { writePlainCell } from '../scalar/cell.ts';
import { GivenParts } from '../types/given.ts';
import { type FieldLocation, fieldLocation, fieldNames, hasFields } from '../types/path.ts';
import type { Type } from '../types/type.ts';
import { encodeOntoZeros } from './encode.ts';
import { addProblem, type EntryBuffer, isHopeless, nextEntry } from './entrybuffer.ts';
import { shown, ValueProblem } from './value.ts';

/** A CSV text that is being read (RFC 4180). The last cell is text[start, end), or `quoted`. */
export interface Table {
  readonly text: string;
  columns: readonly Column[];
  at: number;
  /** Counted from 1, the header's line among them. */
  line: number;
  start: number;
  end: number;
  quoted: string | undefined;
  /** Whether the last cell ends its row. */
  last: boolean;
  malformed: string | undefined;
}

/** A column of a table: the part of the key or the value that its cells have. */
interface Column extends FieldLocation {
  readonly part: 'key' | 'value';
}

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const QUOTE = 34;
const COMMA = 44;
const BYTE_ORDER_MARK = 0xfeff;

/** Lines that are not blank, without the header. There are fewer rows only where quoted cells have line breaks. */
export function rowsAtMost(text: string): number {
  let lines = 0;
  for (let at = 0; at < text.length; ) {
    while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
    if (at < text.length && text.charCodeAt(at) !== NEWLINE) lines += 1;
    const end = text.indexOf('\n', at);
    at = end < 0 ? text.length : end + 1;
  }
  return Math.max(0, lines - 1);
}

/** Reads the header; undefined, with its problem added, where it is wrong: no row can be read without it. */
export function openTable(text: string, sheet: EntryBuffer): Table | undefined {
  const at = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  const table: Table = {
    ...{ text, columns: [], at, line: 1, start: 0, end: 0 },
    ...{ quoted: undefined, last: false, malformed: undefined },
  };
  if (!skipBlankLines(table)) return undefined;
  const line = table.line;
  const columns = headerColumns(table, sheet);
  if (typeof columns !== 'string') return { ...table, columns };
  addProblem(sheet, ['spec', 'table', line], columns);
  return undefined;
}

/** Reads up to `most` rows into the buffer. Returns false when there are no more. */
export function readRows(table: Table, sheet: EntryBuffer, most: number): boolean {
  for (let read = 0; read < most; read += 1) {
    if (isHopeless(sheet) || !skipBlankLines(table)) return false;
    readRow(table, sheet);
  }
  return true;
}

function headerColumns(table: Table, sheet: EntryBuffer): readonly Column[] | string {
  const columns: Column[] = [];
  const given = { key: new GivenParts(), value: new GivenParts() };
  table.last = false;
  while (!table.last) {
    readCell(table);
    if (table.malformed !== undefined) return table.malformed;
    const name = cellText(table);
    const column = columnOf(name, sheet);
    if (typeof column === 'string') return column;
    const twice = given[column.part].problem(column, `Column ${name}`);
    if (twice !== undefined) return twice;
    columns.push(column);
  }
  table.line += 1;
  const missing = (['key', 'value'] as const).find(part => columns.every(column => column.part !== part));
  return missing === undefined ? columns : `Header has no column for the ${missing}: write ${example(sheet)}`;
}

function columnOf(name: string, sheet: EntryBuffer): Column | string {
  const match = /^(key|value)(?:\.(?=[^[])|(?=\[)|$)(.*)$/s.exec(name);
  if (match === null)
    return `Column ${shown(name)} is neither key nor value: write a header such as ${example(sheet)}, commas between`;
  const part = match[1] === 'key' ? 'key' : 'value';
  const place = fieldLocation(part === 'key' ? sheet.keyType : sheet.valueType, match[2] ?? '');
  if (!place.ok) return `Column ${shown(name)}: ${place.message}`;
  return { ...place, part, path: [part, ...place.path] };
}

function example(sheet: EntryBuffer): string {
  const names = (part: string, type: Type) =>
    hasFields(type)
      ? fieldNames(type)
          .slice(0, 8)
          .map(field => `${part}.${field}`)
      : [part];
  return [...names('key', sheet.keyType), ...names('value', sheet.valueType)].join(',');
}

function readRow(table: Table, sheet: EntryBuffer): void {
  const before = sheet.total;
  const line = table.line;
  let cells = 0;
  table.last = false;
  while (!table.last) {
    readCell(table);
    const column = table.columns[cells];
    cells += 1;
    if (table.malformed !== undefined) addProblem(sheet, ['spec', 'table', line], table.malformed);
    else if (column !== undefined) writeCell(table, sheet, { column, line });
  }
  if (cells !== table.columns.length && table.malformed === undefined) {
    sheet.problems.length = Math.min(sheet.problems.length, before);
    sheet.total = before;
    addProblem(sheet, ['spec', 'table', line], cellCount(cells, table.columns.length));
  }
  sheet.lines[sheet.count - sheet.listed] = line;
  nextEntry(sheet, true);
  table.line += 1;
}

function cellCount(cells: number, wanted: number): string {
  const hint = cells > wanted ? 'put cells that hold commas in quotes' : 'write a cell for each column';
  return `Row has ${cells} cell${cells === 1 ? '' : 's'}, the header ${wanted}: ${hint}`;
}

function writeCell(table: Table, sheet: EntryBuffer, place: { column: Column; line: number }): void {
  const { column } = place;
  const isKey = column.part === 'key';
  const into = isKey ? sheet.keys : sheet.values;
  const at = sheet.count * (isKey ? sheet.keyType.size : sheet.stride) + column.offset;
  const { text, start, end, quoted } = table;
  if (quoted === undefined && writePlainCell(column.type, text, start, end, into, at)) return;
  try {
    encodeOntoZeros(column.type, cellText(table), into, at);
  } catch (problem) {
    if (!(problem instanceof ValueProblem)) throw problem;
    addProblem(sheet, ['spec', 'table', place.line, ...column.path, ...problem.path], problem.message);
  }
}

function cellText(table: Table): string {
  return table.quoted ?? table.text.slice(table.start, table.end);
}

function readCell(table: Table): void {
  const { text } = table;
  const { length } = text;
  let at = table.at;
  while (at < length && isBlank(text.charCodeAt(at))) at += 1;
  if (at < length && text.charCodeAt(at) === QUOTE) readQuoted(table, at + 1);
  else readPlain(table, at);
}

function readPlain(table: Table, from: number): void {
  const { text } = table;
  const { length } = text;
  let at = from;
  table.quoted = undefined;
  table.malformed = undefined;
  table.start = at;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === NEWLINE) break;
    at += 1;
  }
  table.last = at >= length || text.charCodeAt(at) === NEWLINE;
  table.at = at + 1;
  while (at > table.start && isBlank(text.charCodeAt(at - 1))) at -= 1;
  table.end = at;
}

/** A cell in quotes, which may hold commas, line breaks and doubled quotes. */
function readQuoted(table: Table, from: number): void {
  const { text } = table;
  let close = text.indexOf('"', from);
  while (close >= 0 && text.charCodeAt(close + 1) === QUOTE) close = text.indexOf('"', close + 2);
  if (close < 0) giveUp(table, text.length, 'Quotes are not closed: end the cell with "');
  else readBehindQuotes(table, text.slice(from, close), close + 1);
}

function readBehindQuotes(table: Table, content: string, from: number): void {
  const { text } = table;
  table.quoted = content.replaceAll('""', '"');
  table.line += content.split('\n').length - 1;
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  const code = at < text.length ? text.charCodeAt(at) : NEWLINE;
  if (code === COMMA || code === NEWLINE) {
    table.malformed = undefined;
    table.last = code === NEWLINE;
    table.at = at + 1;
    return;
  }
  const end = text.indexOf('\n', at);
  giveUp(
    table,
    end < 0 ? text.length : end,
    'Text follows closing quotes: double the quotes inside a cell, ""',
  );
}

function giveUp(table: Table, end: number, message: string): void {
  table.malformed = message;
  table.last = true;
  table.at = end + 1;
}

/** False at the end of the text. */
function skipBlankLines(table: Table): boolean {
  const { text } = table;
  for (let at = table.at; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) {
      table.line += 1;
      table.at = at + 1;
    } else if (!isBlank(code)) return true;
  }
  return false;
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB || code === RETURN;
}
