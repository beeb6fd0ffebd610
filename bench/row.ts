/** Who is measured beside ours: C with one thread or two, cilium/ebpf, or what the row names. */
export type Other = 'one' | 'two' | 'go' | 'beside';

/** What of a row must stay within what. Numbers of rows in ms or MB are limits of their own. */
export type Goal =
  /** ours ≤ times × another's, in this run */
  | { readonly kind: 'ratio'; readonly against: Other; readonly times: number }
  /** the slow way ≥ times × ours */
  | { readonly kind: 'faster'; readonly times: number }
  | { readonly kind: 'atMost'; readonly limit: number };

/** The empty one counts. */
export type Unit = 's' | 'ms' | 'MB' | '×' | '';

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

/** Another work of ours, or a bare process, that a row is set against. */
export interface Beside {
  /** Its name in the table. */
  readonly title: string;
  /** Arguments of bench/ours/main.ts, or of Node.js itself. */
  readonly ours?: readonly string[];
  readonly node?: readonly string[];
}

/** One work, done by ours and where there are any by others; each of its lines is a line of the table. */
export interface Row {
  readonly name: string;
  /** Arguments of bench/ours/main.ts. */
  readonly ours: readonly string[];
  /** Arguments of a program in bench/build, by threads. */
  readonly one?: readonly string[];
  readonly two?: readonly string[];
  /** Arguments of bench/build/cilium. */
  readonly go?: readonly string[];
  readonly beside?: Beside;
  /** The programs in bench/build pin what they make, as ours does: else ours does more than they. */
  readonly pins?: true;
  /** C's seconds are of this share of the work: one by one would take minutes. */
  readonly share?: number;
  /** Needs the programs of native/, so clang. */
  readonly native?: true;
  /** One run tells it: it counts what went wrong in very many tries. */
  readonly once?: true;
  /** Only when asked for by name. */
  readonly slow?: boolean;
  readonly lines: readonly Line[];
}
