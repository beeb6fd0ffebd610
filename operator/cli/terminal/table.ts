/** Columns aligned by blanks, as kubectl prints them. An empty cell is shown as `-`. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map(row => row.map(cell => printable(cell) || '-'));
  const widths = header.map((_, column) => widest(cells, column));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  return cells.map(row => `${line(row)}\n`).join('');
}

const GAP = '   ';

/** Names and texts out of a kernel may hold anything: a terminal must not obey them. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Controls, C1 controls, line separators, and what turns the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

function widest(rows: readonly (readonly string[])[], column: number): number {
  let width = 0;
  for (const row of rows) width = Math.max(width, lengthOf(row[column] ?? ''));
  return width;
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
}

/** In characters, not in UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
