import type { StateFacts } from '../facts.ts';

/** By then every agent that lives has noticed the restoration by itself, and has told anew what is not as it was told. */
const LASTS_MS = 75_000;

/**
 * After an etcd was restored from a backup, what nodes told is of another time: the states of the backup describe kernels
 * that have moved on, and those that were known before describe objects that never were. Neither counts until it is written
 * again, or until long enough has passed for an agent to have done so: one that was faster than we were is not told
 * from the backup.
 */
export class RestoreGuard {
  #upTo = -1;
  #known = new WeakSet<StateFacts>();
  #endsAt = Number.POSITIVE_INFINITY;

  /** `upTo`: a resourceVersion that the server had come to by the time that the restoration was noticed first. */
  begin(upTo: number, states: Iterable<StateFacts>, now: number): void {
    this.#upTo = upTo;
    this.#known = new WeakSet(states);
    this.#endsAt = now + LASTS_MS;
  }

  covers(state: StateFacts): boolean {
    return state.version <= this.#upTo || this.#known.has(state);
  }

  /** Whether it has ended just now. */
  ends(now: number): boolean {
    if (now < this.#endsAt) return false;
    this.#upTo = -1;
    this.#known = new WeakSet();
    this.#endsAt = Number.POSITIVE_INFINITY;
    return true;
  }
}
