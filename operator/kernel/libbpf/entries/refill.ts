import { REAL_CLOCK } from '../../../timing/clock.ts';
import { ERRNO } from '../errno.ts';

/** The last of the waits, each twice as long as the one before. Milliseconds. */
const LONGEST_MS = 64;

/**
 * A map without preallocation takes its elements from the BPF allocator (kernel/bpf/memalloc.c: hashes since 6.1, tries
 * since 6.13). That holds a few for each CPU and fetches more in an interrupt: what writes more quickly gets ENOMEM though
 * there is memory. So ENOMEM counts once the allocator had time to fetch some and did not.
 */
export class Refill {
  #waitMs = 1;

  /** Whether to try again: at once where something was written, else after a wait. Once memory lacks there is no further wait. */
  async isDue(answer: number, written: number): Promise<boolean> {
    if (answer !== -ERRNO.ENOMEM || this.#waitMs > LONGEST_MS) return false;
    if (written > 0) this.#waitMs = 1;
    else {
      await REAL_CLOCK.sleep(this.#waitMs);
      this.#waitMs *= 2;
    }
    return true;
  }
}
