import { memoryLeft } from './cgroup.ts';

/** What the process itself may come to need, of a limit that it shares with the maps that it makes. */
const OWN_BYTES = 32 << 20;
const KNOWN_MS = 250;
/** What was refused is not looked up anew for each of ten thousand maps. */
const REFUSED_MS = 5;

/**
 * Room for maps below the memory limit of our cgroup. At the limit the kernel refuses a map, but ends the process for the
 * next page of its own (mm/memcontrol.c, try_charge_memcg: maps are asked for with __GFP_RETRY_MAYFAIL, pages are not):
 * so what does not fit is not asked for.
 */
export class Room {
  readonly #left: () => number | undefined;
  readonly #now: () => number;
  #bytes = 0;
  #looked = -Infinity;

  constructor(left: () => number | undefined = memoryLeft, now: () => number = () => performance.now()) {
    this.#left = left;
    this.#now = now;
  }

  /** Whether a map of at least so many bytes fits; it then counts as taken. */
  takes(bytes: number): boolean {
    const age = this.#now() - this.#looked;
    if (age >= (bytes > this.#bytes ? REFUSED_MS : KNOWN_MS)) this.#look();
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }

  #look(): void {
    this.#bytes = (this.#left() ?? Infinity) - OWN_BYTES;
    this.#looked = this.#now();
  }
}
