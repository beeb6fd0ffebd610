import type { ApiVerb } from './error.ts';

export interface CallCount {
  readonly verb: ApiVerb;
  /** The HTTP status, or `error` where there was no answer. */
  readonly code: string;
  readonly count: number;
}

/** Counts the requests that were sent, retries included. */
export class ApiCallCounts {
  readonly #counts = new Map<string, CallCount>();

  add(verb: ApiVerb, code: string): void {
    const name = `${verb} ${code}`;
    this.#counts.set(name, { verb, code, count: (this.#counts.get(name)?.count ?? 0) + 1 });
  }

  all(): readonly CallCount[] {
    return [...this.#counts.values()];
  }
}
