import type { ApiVerb } from './error.ts';

export interface CallCount {
  readonly verb: ApiVerb;
  /** The HTTP status, or `error` where there was no answer. */
  readonly code: string;
  readonly count: number;
}

/** Counts the requests that were sent, retries included. */
export class ApiCallCounts {
  readonly #counts = new Map<string, { verb: ApiVerb; code: string; count: number }>();

  add(verb: ApiVerb, code: string): void {
    const name = `${verb} ${code}`;
    const found = this.#counts.get(name);
    if (found === undefined) this.#counts.set(name, { verb, code, count: 1 });
    else found.count++;
  }

  all(): readonly CallCount[] {
    return [...this.#counts.values()].map(count => ({ ...count }));
  }
}
