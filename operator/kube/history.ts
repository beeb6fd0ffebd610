/**
 * The streams of one process, which all read one server: when one of them finds that the server was restored from a
 * backup, none of them can go on from where it was. Their own resourceVersions may not show it, where the server has
 * counted as far again meanwhile.
 */
export class History {
  readonly #streams = new Set<() => void>();

  /** `undone` is called when another stream has found what it was told undone; the answer ends that. */
  join(undone: () => void): () => void {
    this.#streams.add(undone);
    return () => this.#streams.delete(undone);
  }

  /** Tells all streams but the one that found it, which is named by what it joined with. */
  isUndone(finder: () => void): void {
    for (const undone of [...this.#streams]) if (undone !== finder) undone();
  }
}
