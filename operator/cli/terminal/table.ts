import { printable } from '../../api/text/printable.ts';

/** The cell of each column, by the column's header. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>;

/** Columns aligned by blanks, as kubectl prints them. An empty cell is shown as `-`. */
export function table<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const cells = Object.values(columns);
  const lines = [
    Object.keys(columns),
    ...rows.map(row => cells.map(cell => printable(`${cell(row) ?? ''}`) || '-')),
  ];
  const widths = cells.map((_, column) => widest(lines, column));
  const padded = (text: string, column: number) => text + ' '.repeat(widths[column]! - lengthOf(text));
  return lines.map(line => `${line.map(padded).join(GAP).trimEnd()}\n`).join('');
}

const GAP = '   ';

/** A longer list than a person reads is cut, and the rest counted. */
export const LONGEST_LIST = 50;

/** A table of the first rows, and the count of the others with a hint how to see those. */
export function cutTable<Row>(rows: readonly Row[], columns: Columns<Row>, hint = ''): string {
  const more = rows.length - LONGEST_LIST;
  return table(rows.slice(0, LONGEST_LIST), columns) + (more > 0 ? `and ${more} more${hint}\n` : '');
}

function widest(lines: readonly (readonly string[])[], column: number): number {
  return lines.reduce((width, line) => Math.max(width, lengthOf(line[column]!)), 0);
}

/** In characters, not in UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
