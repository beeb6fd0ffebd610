import { type Cursor, IRREGULAR, NEWLINE, nextLine, SPACE } from './cursor.ts';

/**
 * `|` or `|-` and the lines below it, which are indented deeper than their parent: the form of tables.
 * It costs one slice and one replacement for any number of rows.
 */
export function literalBlock(cursor: Cursor, parentIndent: number): string {
  const stripped = header(cursor);
  const start = cursor.at;
  const indent = spacesAt(cursor.text, start);
  if (indent <= parentIndent || start + indent >= cursor.end) throw IRREGULAR;
  if (cursor.text.charCodeAt(start + indent) === NEWLINE) throw IRREGULAR;
  const end = endOfBlock(cursor, indent);
  nextLine(cursor);
  if (cursor.indent > parentIndent) throw IRREGULAR;
  const block = cursor.text.slice(start + indent, end).replaceAll(`\n${' '.repeat(indent)}`, '\n');
  return stripped ? block : `${block}\n`;
}

const HEADER = /\|(-?) *(?: #[^\n]*)?\n/y;

/** Whether the last line break is left out. An indentation indicator or `|+` is not regular. */
function header(cursor: Cursor): boolean {
  HEADER.lastIndex = cursor.at;
  const match = HEADER.exec(cursor.text);
  if (match === null || HEADER.lastIndex >= cursor.end) throw IRREGULAR;
  cursor.at = HEADER.lastIndex;
  return match[1] === '-';
}

/** Sets the cursor to the line behind the block; returns the end of the last line that is not blank. */
function endOfBlock(cursor: Cursor, indent: number): number {
  const { text } = cursor;
  let end = cursor.at;
  while (cursor.at < cursor.end) {
    const spaces = spacesAt(text, cursor.at);
    const newline = text.indexOf('\n', cursor.at + spaces);
    const lineEnd = newline === -1 || newline > cursor.end ? cursor.end : newline;
    const isBlank = cursor.at + spaces >= lineEnd;
    if (isBlank && spaces > 0) throw IRREGULAR;
    if (!isBlank && spaces < indent) break;
    if (!isBlank) end = lineEnd;
    cursor.at = Math.min(lineEnd + 1, cursor.end);
  }
  return end;
}

function spacesAt(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) === SPACE) at++;
  return at - start;
}
