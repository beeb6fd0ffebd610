import { versionOf } from '../../../api/resourceversion.ts';
import type { NodeMapStateFacts } from '../facts.ts';

/** By then every live agent has detected the restoration and corrected its report. */
const LASTS_MS = 75_000;
/** All streams detect one restoration within this time, one after another. */
const EPISODE_MS = 180_000;

/**
 * Suppresses stale reports after etcd was restored from a backup. Reports in the backup describe kernels that have
 * changed since. Reports read before the restoration describe objects that no longer exist. Neither counts until the
 * agent writes it again, or until every agent has had time to do so.
 */
export class RestoreGuard {
  #upTo = -1;
  #readBefore = new WeakSet<NodeMapStateFacts>();
  #restoredTo = 0;
  #startedAt = Number.NEGATIVE_INFINITY;
  #version = 0;

  /** Changes whenever the set of suppressed reports does. */
  get version(): number {
    return this.#version;
  }

  /**
   * Records that a stream found the server restored, at this resourceVersion. Later findings of other streams belong to
   * the same restoration, unless their version is lower.
   */
  detected(resourceVersion: string, readBefore: Iterable<NodeMapStateFacts>, now: number): void {
    const version = versionOf(resourceVersion) || 0;
    if (now - this.#startedAt < EPISODE_MS && version >= this.#restoredTo) return;
    this.#restoredTo = version;
    this.begin(version, readBefore, now);
  }

  /** Starts the suppression. `upTo` is the version that the server had reached. */
  begin(upTo: number, readBefore: Iterable<NodeMapStateFacts>, now: number): void {
    this.#startedAt = now;
    this.#set(upTo, readBefore);
  }

  /** Whether the report is suppressed. */
  covers(state: NodeMapStateFacts): boolean {
    return state.version <= this.#upTo || this.#readBefore.has(state);
  }

  /** Ends the suppression once its time is over. */
  advance(now: number): void {
    if (this.#upTo >= 0 && now - this.#startedAt >= LASTS_MS) this.#set(-1, []);
  }

  #set(upTo: number, readBefore: Iterable<NodeMapStateFacts>): void {
    this.#upTo = upTo;
    this.#readBefore = new WeakSet(readBefore);
    this.#version++;
  }
}
