/** What a plot shows: costs against sizes, both in decades. Plain data, which the plot carries in itself. */
export interface Chart {
  readonly title: string;
  readonly description: string;
  /** Where and how it was measured. */
  readonly note: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** What the sizes count. */
  readonly axis: string;
  readonly series: readonly Series[];
}

/** One contestant's costs. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly size: number;
  readonly seconds: number;
}

/** Decades as exponents of ten. */
export interface Decades {
  readonly from: number;
  readonly to: number;
}

/** The decades that hold all values, at least one. */
export function decadesOf(values: readonly number[]): Decades {
  const from = Math.floor(Math.log10(Math.min(...values)));
  return { from, to: Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values)))) };
}

/** Where a value stands in the decades: 0 at their begin, 1 at their end. */
export function shareOf(value: number, { from, to }: Decades): number {
  return (Math.log10(value) - from) / (to - from);
}

export function ticksOf({ from, to }: Decades): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** 10 to this power, as a count: `10,000`. */
export function countText(exponent: number): string {
  return (10 ** exponent).toLocaleString('en');
}

/** 10 to this power, in the unit that a reader would take: `10 ms`. */
export function secondsText(exponent: number): string {
  if (exponent >= 0) return `${countText(exponent)} s`;
  return exponent >= -3 ? `${countText(exponent + 3)} ms` : `${countText(exponent + 6)} µs`;
}
