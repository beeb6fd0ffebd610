import type { Row } from '../row.ts';

/** What the plot measures: one row for each size, in panels. */
export interface Sweep {
  readonly title: string;
  readonly axis: string;
  readonly sizes: readonly number[];
  row(size: number): Row;
  isSmall(size: number): boolean;
}

const ENTRIES = 100;

export const SWEEPS: readonly Sweep[] = [
  {
    title: `Inner maps of ${ENTRIES} entries each`,
    axis: 'inner maps',
    sizes: decades(5),
    row: size => rowOf(size, ENTRIES),
    isSmall: size => size <= 1_000,
  },
  {
    title: 'One inner map',
    axis: 'entries',
    sizes: decades(6),
    row: size => rowOf(1, size),
    isSmall: size => size <= 10_000,
  },
];

/** From 1 to 10 to this power. */
function decades(last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, exponent) => 10 ** exponent);
}

function rowOf(maps: number, entries: number): Row {
  const work = ['apply', '--maps', String(maps), '--entries', String(entries)];
  return {
    name: `${maps} × ${entries}`,
    ours: work,
    one: ['bulk', ...work, '--threads', '1'],
    go: work,
    pins: true,
    lines: [{ title: 'apply', unit: 's', measure: 'seconds' }],
  };
}
