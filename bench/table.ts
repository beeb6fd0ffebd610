import type { Measured } from './measure.ts';
import type { Goal, Line, Unit } from './row.ts';

/** A line of the table with its numbers. C's are in the order of the columns. */
export interface Result {
  readonly line: Line;
  readonly ours: Numbers;
  readonly one?: Numbers;
  readonly two?: Numbers;
}

export interface Numbers {
  readonly minimum: number;
  readonly median: number;
}

export type Verdict = 'met' | 'missed' | 'none';

const HEADER = ['what', 'ours', 'C one thread', 'C two threads', 'ratio', 'target', ''] as const;

/** The table as text: minimum (median) of each, the ratio of the minima, and whether the target is met. */
export function tableText(results: readonly Result[]): string {
  const rows = [HEADER, ...results.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
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

/** Ours by C's; for `faster` C's by ours. Undefined where C was not measured. */
export function ratioOf(result: Result, goal: Goal | undefined): number | undefined {
  if (goal?.kind === 'faster') return result.one && result.one.minimum / result.ours.minimum;
  const against = goal?.kind === 'ratio' ? result[goal.against] : (result.two ?? result.one);
  return against && result.ours.minimum / against.minimum;
}

/** What the table shows of a line's spread; nothing where the contestant did not measure it. */
export function numbersOf(measured: Measured, { measure, worst }: Line): Numbers | undefined {
  const spread = measured[measure];
  if (spread === undefined || worst !== true) return spread;
  return { minimum: spread.maximum, median: spread.maximum };
}

function cells(result: Result): string[] {
  const { line } = result;
  const ratio = ratioOf(result, line.goal);
  return [
    line.title,
    numbersText(result.ours, line.unit),
    numbersText(result.one, line.unit),
    numbersText(result.two, line.unit),
    ratio === undefined ? '–' : `${ratio.toPrecision(3)} ×`,
    goalText(line),
    { met: 'met', missed: 'MISSED', none: '' }[verdict(result)],
  ];
}

function numbersText(numbers: Numbers | undefined, unit: Unit): string {
  if (numbers === undefined) return '–';
  const { minimum, median } = numbers;
  return minimum === median ? `${short(minimum)} ${unit}` : `${short(minimum)} (${short(median)}) ${unit}`;
}

function goalText({ goal, unit }: Line): string {
  switch (goal?.kind) {
    case 'ratio':
      return `≤ ${goal.times} × C, ${goal.against} thread${goal.against === 'two' ? 's' : ''}`;
    case 'faster':
      return `≥ ${goal.times} × faster`;
    case 'atMost':
      return `≤ ${goal.limit} ${unit}`;
    case undefined:
      return '–';
  }
}

/** Three digits that matter, without an exponent. */
function short(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}
