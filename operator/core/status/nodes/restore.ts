import { versionOf } from '../../../api/resourceversion.ts';
import type { StateFacts } from '../facts.ts';

/** By then every agent that lives has noticed the restoration itself, and has reported anew what is not as reported. */
const LASTS_MS = 75_000;
/** Streams notice that a server was restored one after the other, all within this time. */
const EPISODE_MS = 180_000;

/**
 * After an etcd was restored from a backup, reports are of another time: those of the backup describe kernels that have
 * moved on, and those known before describe objects that never were. Neither counts until it is written again, or until
 * an agent has had the time to do so.
 */
export class RestoreGuard {
  #upTo = -1;
  #known = new WeakSet<StateFacts>();
  #noticedAt = 0;
  #startedAt = Number.NEGATIVE_INFINITY;
  #version = 0;

  /** Another one when other reports count than before. */
  get version(): number {
    return this.#version;
  }

  /**
   * A stream found that the server was restored, when it had come to this version. What others find later is of the
   * same restoration, unless the server went back further.
   */
  noticed(resourceVersion: string, known: Iterable<StateFacts>, now: number): void {
    const version = versionOf(resourceVersion) || 0;
    if (now - this.#startedAt < EPISODE_MS && version >= this.#noticedAt) return;
    this.#noticedAt = version;
    this.begin(version, known, now);
  }

  /** `upTo`: the version that the server had come to. */
  begin(upTo: number, known: Iterable<StateFacts>, now: number): void {
    this.#startedAt = now;
    this.#set(upTo, known);
  }

  /** Whether the report is of another time. */
  covers(state: StateFacts): boolean {
    return state.version <= this.#upTo || this.#known.has(state);
  }

  /** Ends by time alone. */
  advance(now: number): void {
    if (this.#upTo >= 0 && now - this.#startedAt >= LASTS_MS) this.#set(-1, []);
  }

  #set(upTo: number, known: Iterable<StateFacts>): void {
    this.#upTo = upTo;
    this.#known = new WeakSet(known);
    this.#version++;
  }
}
