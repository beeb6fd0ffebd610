import { versionOf } from '../api/resourceversion.ts';

/** Streams notice that a server was restored one after the other, all within this time. */
const EPISODE_MS = 180_000;

/**
 * Tells up to which resourceVersion what is there may be from before the server was restored from a backup: where the
 * server was when a stream noticed it first. What streams notice later, however often, is of the same restoration.
 */
export class Rewinds {
  #upTo = 0;
  #startedAt = Number.NEGATIVE_INFINITY;

  /** Answers the version up to which states are distrusted; nothing where an earlier answer says it. */
  noticed(resourceVersion: string, now: number): number | undefined {
    const version = versionOf(resourceVersion) || 0;
    if (now - this.#startedAt < EPISODE_MS && version >= this.#upTo) return undefined;
    this.#startedAt = now;
    this.#upTo = version;
    return version;
  }
}
