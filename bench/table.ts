import type { Measured } from './measure.ts';
import type { Goal, Line, Other, Unit } from './row.ts';

/** A line of the table with its numbers. */
export interface Result extends Readonly<Partial<Record<Other, Numbers>>> {
  readonly line: Line;
  readonly ours: Numbers;
  /** What `beside` is. */
  readonly besideTitle?: string;
}

export interface Numbers {
  readonly minimum: number;
  readonly median: number;
}

export type Verdict = 'met' | 'missed' | 'none';

/** In the order of the columns. */
export const OTHERS: Readonly<Record<Other, string>> = {
  one: 'C, one thread',
  two: 'C, two threads',
  go: 'cilium/ebpf',
  beside: 'beside',
};

const COLUMNS = Object.keys(OTHERS) as readonly Other[];
const NONE = '–';
const HEADER: readonly string[] = ['what', 'ours', ...Object.values(OTHERS), 'ratio', 'target', ''];

/** The table as text: minimum (median) of each, the ratio of the minima, and whether the target is met. */
export function tableText(results: readonly Result[]): string {
  const rows = rowsOf(results);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same as Markdown, for docs/performance.md. */
export function tableMarkdown(results: readonly Result[]): string {
  const [header, ...rows] = rowsOf(results);
  const line = (row: readonly string[]) => `| ${row.map(cell => cell.replace(/^ +/, '… ')).join(' | ')} |`;
  return [line(header!), line(header!.map(() => '---')), ...rows.map(line)].join('\n');
}

export function verdict(result: Result): Verdict {
  const goal = result.line.goal;
  if (goal === undefined) return 'none';
  const value = goal.kind === 'atMost' ? result.ours.minimum : ratioOf(result, goal);
  if (value === undefined) return 'none';
  const met =
    goal.kind === 'faster' ? value >= goal.times : value <= (goal.kind === 'ratio' ? goal.times : goal.limit);
  return met ? 'met' : 'missed';
}

/** Ours by another's; for `faster` C's by ours. Undefined where that was not measured. */
export function ratioOf(result: Result, goal: Goal | undefined): number | undefined {
  if (goal?.kind === 'faster') return result.one && result.one.minimum / result.ours.minimum;
  const { one, two, beside } = result;
  const against = goal?.kind === 'ratio' ? result[goal.against] : (two ?? one ?? beside);
  return against && result.ours.minimum / against.minimum;
}

/** What the table shows of a line's spread; nothing where the contestant did not measure it. */
export function numbersOf(measured: Measured, { measure, worst }: Line): Numbers | undefined {
  const spread = measured[measure];
  if (spread === undefined || worst !== true) return spread;
  return { minimum: spread.maximum, median: spread.maximum };
}

function rowsOf(results: readonly Result[]): readonly (readonly string[])[] {
  return withoutNobody([HEADER, ...results.map(cells)]);
}

/** Leaves out the columns of those who were measured in no row. */
function withoutNobody(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const isMeasured = (column: number) =>
    !Object.values(OTHERS).includes(HEADER[column]!) || rows.slice(1).some(row => row[column] !== NONE);
  return rows.map(row => row.filter((_, column) => isMeasured(column)));
}

function cells(result: Result): string[] {
  const { line } = result;
  const ratio = ratioOf(result, line.goal);
  return [
    line.title,
    numbersText(result.ours, line.unit),
    ...COLUMNS.map(column => numbersText(result[column], line.unit)),
    ratio === undefined ? NONE : `${ratio.toPrecision(3)} ×`,
    goalText(result),
    { met: 'met', missed: 'MISSED', none: '' }[verdict(result)],
  ];
}

function numbersText(numbers: Numbers | undefined, unit: Unit): string {
  if (numbers === undefined) return NONE;
  const { minimum, median } = numbers;
  const text = minimum === median ? short(minimum) : `${short(minimum)} (${short(median)})`;
  return `${text} ${unit}`.trimEnd();
}

function goalText({ line: { goal, unit }, besideTitle }: Result): string {
  switch (goal?.kind) {
    case 'ratio':
      return `≤ ${goal.times} × ${goal.against === 'beside' ? besideTitle : OTHERS[goal.against]}`;
    case 'faster':
      return `≥ ${goal.times} × faster`;
    case 'atMost':
      return `≤ ${goal.limit} ${unit}`.trimEnd();
    case undefined:
      return NONE;
  }
}

/** Three digits that matter and one decimal at least, without an exponent: 122.4 is not within 122. Counts as they are. */
function short(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const decimals = Math.max(1, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}
