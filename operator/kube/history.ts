/** Told where the server was when it was found that it had been restored. */
export type Undone = (resourceVersion: string) => void;

/** How long a stream that is broken off may keep what others know from being told. */
const PATIENCE_MS = 60_000;

/**
 * The streams of one process, which all read one server. When one of them finds that the server was restored from a
 * backup, none of them can go on from where it was: their own resourceVersions may not show it, where the server has
 * counted as far again meanwhile. And while one is broken off, nobody knows whether what the others read is of the
 * same history: whoever tells the server what was made of it waits until all are certain.
 */
export class History {
  readonly #streams = new Set<Undone>();
  /** Those that are broken off, and since when. */
  readonly #doubts = new Map<Undone, number>();
  readonly #listeners: (() => void)[] = [];
  #epoch = 0;

  /** Another one after each break: what was read in one says nothing in the next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** `undone` is called when another stream has found what it was told undone; the answer ends that. */
  join(undone: Undone): () => void {
    this.#streams.add(undone);
    return () => {
      this.#streams.delete(undone);
      this.#settle(undone);
    };
  }

  /** A stream, named by what it joined with, is broken off. */
  isBroken(stream: Undone, now: number): void {
    if (!this.#doubts.has(stream)) this.#epoch++;
    this.#doubts.set(stream, this.#doubts.get(stream) ?? now);
  }

  /** It goes on, certain that it can; or with a whole set. */
  isCertain(stream: Undone): void {
    this.#settle(stream);
  }

  /** Tells all streams but the one that found it. */
  isUndone(finder: Undone, resourceVersion: string): void {
    for (const undone of [...this.#streams]) if (undone !== finder) undone(resourceVersion);
  }

  /** Whether what was read in this epoch can be told now. */
  counts(epoch: number | undefined, now: number): boolean {
    return epoch === this.#epoch && [...this.#doubts.values()].every(since => now - since >= PATIENCE_MS);
  }

  /** Called when the last stream that was broken off is certain again. */
  onCertain(certain: () => void): void {
    this.#listeners.push(certain);
  }

  #settle(stream: Undone): void {
    if (!this.#doubts.delete(stream)) return;
    this.#epoch++;
    if (this.#doubts.size === 0) for (const certain of this.#listeners) certain();
  }
}
