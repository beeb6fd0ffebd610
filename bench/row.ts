/** What of a row must stay within what. Numbers of rows in ms or MB are limits of their own. */
export type Goal =
  /** ours ≤ times × C with this many threads */
  | { readonly kind: 'ratio'; readonly against: 'one' | 'two'; readonly times: number }
  /** the slow way ≥ times × ours */
  | { readonly kind: 'faster'; readonly times: number }
  | { readonly kind: 'atMost'; readonly limit: number };

export type Unit = 's' | 'ms' | 'MB' | '×';

/** What one line of the table shows, as a measure of one work. */
export interface Line {
  readonly title: string;
  readonly unit: Unit;
  /** Name of the number in the sample: `seconds`, or another. */
  readonly measure: string;
  /** The worst of all runs counts, not the best: stalls, memory, tails. */
  readonly worst?: true;
  readonly goal?: Goal;
}

/** One work, done by ours and where there is one by C; each of its lines is a line of the table. */
export interface Row {
  readonly name: string;
  /** Arguments of bench/ours/main.ts. */
  readonly ours: readonly string[];
  /** Arguments of a program in bench/build, by threads. */
  readonly one?: readonly string[];
  readonly two?: readonly string[];
  /** C's seconds are of this share of the work: one by one would take minutes. */
  readonly share?: number;
  /** Only when asked for by name. */
  readonly slow?: boolean;
  readonly lines: readonly Line[];
}
