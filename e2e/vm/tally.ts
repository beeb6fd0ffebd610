import type { KnownFailure } from './expected.ts';

/** One spec, as the machine's reporter tells it. */
export interface SpecResult {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly error?: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What came out of a machine, beside what is known to fail there. */
export class Tally {
  readonly #known: ReadonlyMap<string, KnownFailure>;
  readonly #seen = new Set<string>();
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  constructor(known: readonly KnownFailure[]) {
    this.#known = new Map(known.map(failure => [failure.spec, failure]));
  }

  get counts(): Counts {
    return this.#counts;
  }

  /** Counts it, and answers what is to be said of it: nothing of what passes as expected. */
  add({ title, outcome, error = '' }: SpecResult): string | undefined {
    this.#seen.add(title);
    const known = this.#known.get(title);
    if (outcome === 'skipped') return this.#count('skipped', `skip ${title}`);
    if (known === undefined || (known.byChance && outcome === 'passed'))
      return outcome === 'passed' ? this.#count('passed') : this.fail(title, error.replace(/^/gm, '     '));
    if (outcome === 'passed')
      return this.fail(title, `     It holds, though it is said not to: ${known.why}`);
    return this.#count('passed', `ok   ${title} does not hold, as known: ${known.why}`);
  }

  /** Something is wrong. */
  fail(title: string, text: string): string {
    return this.#count('failed', `FAIL ${title}\n${text}`);
  }

  /** What is known to fail and was not run, though its set was. */
  finish(): readonly string[] {
    const missing = [...this.#known.keys()].filter(title => !this.#seen.has(title));
    return missing.map(title =>
      this.fail(title, '     It is in e2e/vm/expected.ts, and there is no such spec'),
    );
  }

  #count<Said extends string | undefined>(outcome: keyof Counts, said?: Said): Said {
    this.#counts = { ...this.#counts, [outcome]: this.#counts[outcome] + 1 };
    return said as Said;
  }
}
