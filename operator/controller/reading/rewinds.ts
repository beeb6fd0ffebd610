import { versionOf } from '../../core/summary/version.ts';

/** Streams notice that a server was restored one after the other, all within this time. */
const EPISODE_MS = 180_000;

/**
 * Tells up to which resourceVersion what is there may be from before the server was restored from a backup: as of the
 * first list that any stream makes afterwards. What the other streams list later is of the same restoration.
 */
export class Rewinds {
  readonly #episode = new Set<string>();
  #startedAt = Number.NEGATIVE_INFINITY;

  /** Answers the version up to which states are distrusted; nothing where an earlier answer says it. */
  noticed(stream: string, resourceVersion: string, now: number): number | undefined {
    const isKnown = now - this.#startedAt < EPISODE_MS && !this.#episode.has(stream);
    if (!isKnown) this.#episode.clear();
    this.#episode.add(stream);
    if (isKnown) return undefined;
    this.#startedAt = now;
    return versionOf(resourceVersion) || 0;
  }
}
