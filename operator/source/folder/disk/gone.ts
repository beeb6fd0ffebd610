import { LONGEST } from './longest.ts';

/**
 * Files that disappeared. They wait for each other: files that `rm` removes one by one are given up at once. Otherwise the
 * first few of a folder emptied by mistake would slip under maxRemoval.
 */
export class GoneFiles {
  readonly #quietMs: number;
  readonly #since = new Map<string, number>();
  #lastAt = 0;

  /** `quietMs`: time for the replacement of a file to appear. */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** Returns whether the file was not among them. */
  add(path: string): boolean {
    if (this.#since.has(path)) return false;
    this.#lastAt = performance.now();
    this.#since.set(path, this.#lastAt);
    return true;
  }

  has(path: string): boolean {
    return this.#since.has(path);
  }

  /** Removes a file that is back, or given up. */
  forget(path: string): void {
    this.#since.delete(path);
  }

  /** Milliseconds until the file is given up, and all others with it. */
  waitFor(path: string): number {
    const now = performance.now();
    const since = this.#since.get(path) ?? now;
    return Math.min(this.#quietMs - (now - this.#lastAt), LONGEST * this.#quietMs - (now - since));
  }

  paths(): readonly string[] {
    return [...this.#since.keys()];
  }
}
