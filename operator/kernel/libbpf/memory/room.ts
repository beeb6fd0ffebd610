import { memoryLeft } from './cgroup.ts';

/** Kept for the process itself, which shares the limit with the maps that it makes. */
const OWN_BYTES = 32 << 20;
const KNOWN_MS = 250;
/** After a refusal the memory is read again, but not for each of ten thousand maps. */
const REFUSED_MS = 5;

/**
 * Room for maps below the memory limit of our cgroup. At the limit the kernel refuses a map, but kills the process for the
 * next page of its own (mm/memcontrol.c, try_charge_memcg: maps are allocated with __GFP_RETRY_MAYFAIL, pages are not).
 * So a map that does not fit is never requested.
 */
export class Room {
  readonly #left: () => number | undefined;
  readonly #now: () => number;
  #bytes = 0;
  #readAt = -Infinity;
  #underway = 0;
  #hasEnded = false;

  constructor(left: () => number | undefined = memoryLeft, now: () => number = () => performance.now()) {
    this.#left = left;
    this.#now = now;
  }

  /** Whether a map of at least so many bytes fits; it then counts as taken. */
  takes(bytes: number): boolean {
    const now = this.#now();
    const known = bytes <= this.#bytes ? KNOWN_MS : this.#hasEnded ? 0 : REFUSED_MS;
    if (now - this.#readAt >= known) {
      this.#bytes = (this.#left() ?? Infinity) - OWN_BYTES - this.#underway;
      this.#readAt = now;
      this.#hasEnded = false;
    }
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }

  /** A map that was taken is made off the event loop: until `end` it may be charged in part, and counts in whole. */
  begin(bytes: number): void {
    this.#underway += bytes;
  }

  end(bytes: number): void {
    this.#underway -= bytes;
    this.#hasEnded = true;
  }
}
