/** A file that is gone may be one that is just being replaced. */
const QUIET_MS = 150;
/** So long at most does one wait for others that go meanwhile. */
const LONGEST_MS = 2_000;

/**
 * Files that were there and are not. They wait for each other: what `rm` takes away one by one is given up
 * at once, or the first few of a folder emptied by mistake would slip under the brake.
 */
export class GoneFiles {
  readonly #since = new Map<string, number>();
  #lastAt = 0;

  /** Whether it is news. */
  add(path: string): boolean {
    if (this.#since.has(path)) return false;
    this.#lastAt = Date.now();
    this.#since.set(path, this.#lastAt);
    return true;
  }

  has(path: string): boolean {
    return this.#since.has(path);
  }

  /** It is back, or given up. */
  forget(path: string): void {
    this.#since.delete(path);
  }

  /** Milliseconds until it is gone for good, and all others with it. */
  waitFor(path: string): number {
    const now = Date.now();
    const since = this.#since.get(path) ?? now;
    return Math.min(QUIET_MS - (now - this.#lastAt), LONGEST_MS - (now - since));
  }

  paths(): readonly string[] {
    return [...this.#since.keys()];
  }
}
