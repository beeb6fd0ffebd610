import type { Verb } from './error.ts';

export interface CallCount {
  readonly verb: Verb;
  /** HTTP's status, or `error` where there was no answer. */
  readonly code: string;
  readonly count: number;
}

/** Every request that was sent, retries included. */
export class CallCounts {
  readonly #counts = new Map<string, { verb: Verb; code: string; count: number }>();

  add(verb: Verb, code: string): void {
    const name = `${verb} ${code}`;
    const found = this.#counts.get(name);
    if (found === undefined) this.#counts.set(name, { verb, code, count: 1 });
    else found.count++;
  }

  all(): readonly CallCount[] {
    return [...this.#counts.values()].map(count => ({ ...count }));
  }
}
