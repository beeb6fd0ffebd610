import { type Clock, REAL_CLOCK } from '../../../timing/clock.ts';
import { ERRNO } from '../errno.ts';

/** The last of the waits for one map, each twice as long as the one before. Milliseconds. */
const LONGEST_MS = 64;
/** Waits in vain end after so many, whatever map they were for. */
const PATIENCE_MS = 256;
/** So many entries that are written give a millisecond back. */
const WRITTEN_A_MS = 64;
/** Without a wait for so long, it is another time. */
const RECOVERED_MS = 1000;

/** What is left of waiting for memory, for all maps: where there is none, ten thousand edits would wait for twenty minutes. */
export class Patience {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  #leftMs = PATIENCE_MS;
  #waitedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'now' | 'sleep'> = REAL_CLOCK) {
    this.#clock = clock;
  }

  /** False, at once, where there is no more. */
  async wait(milliseconds: number): Promise<boolean> {
    const now = this.#clock.now();
    if (now - this.#waitedAt >= RECOVERED_MS) this.#leftMs = PATIENCE_MS;
    if (this.#leftMs < milliseconds) return false;
    this.#leftMs -= milliseconds;
    this.#waitedAt = now;
    await this.#clock.sleep(milliseconds);
    return true;
  }

  gain(written: number): void {
    this.#leftMs = Math.min(PATIENCE_MS, this.#leftMs + written / WRITTEN_A_MS);
  }
}

const shared = new Patience();

/**
 * A map without preallocation takes its elements from the BPF allocator (kernel/bpf/memalloc.c: hashes since 6.1, tries
 * since 6.13). That holds a few for each CPU and fetches more in an interrupt: what writes more quickly gets ENOMEM though
 * there is memory. So ENOMEM counts once the allocator had time to fetch some and did not.
 */
export class Refill {
  readonly #patience: Patience;
  #waitMs = 1;

  constructor(patience: Patience = shared) {
    this.#patience = patience;
  }

  /** Whether to try again: at once where something was written, else after a wait. Once memory lacks there is no further wait. */
  async isDue(answer: number, written: number): Promise<boolean> {
    if (answer !== -ERRNO.ENOMEM) return false;
    if (written > 0) {
      this.#patience.gain(written);
      this.#waitMs = 1;
      return true;
    }
    if (this.#waitMs > LONGEST_MS || !(await this.#patience.wait(this.#waitMs))) return false;
    this.#waitMs *= 2;
    return true;
  }
}
