/** Told where the server was when it was found that it had been restored. */
export type OnRestored = (resourceVersion: string) => void;

/** What a stream tells the others. */
export interface StreamMembership {
  /** The stream is broken off. */
  broken(now: number): void;
  /** It goes on, certain that it can; or with a whole set. */
  certain(): void;
  /** It has found that the server was restored: all others are told. */
  undone(resourceVersion: string): void;
  leave(): void;
}

interface Stream {
  readonly undone: OnRestored;
  brokenSince?: number | undefined;
}

/** How long a stream that is broken off may keep what others know from being told. */
const PATIENCE_MS = 60_000;

/**
 * The streams of one process, which all read one server. When one of them finds that the server was restored from a
 * backup, none of them can go on from where it was: their own resourceVersions may not show it, where the server has
 * counted as far again meanwhile. And while one is broken off, nobody knows whether what the others read is of the
 * same history: whoever tells the server what was made of it waits until all are certain.
 */
export class RestoreDetection {
  readonly #streams = new Set<Stream>();
  readonly #listeners: (() => void)[] = [];
  #epoch = 0;

  /** Another one after each break: what was read in one says nothing in the next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** `undone` is called when another stream has found what it was told undone. */
  join(undone: OnRestored): StreamMembership {
    const stream: Stream = { undone };
    this.#streams.add(stream);
    return {
      broken: now => this.#break(stream, now),
      certain: () => this.#settle(stream),
      undone: resourceVersion => this.#tellOthers(stream, resourceVersion),
      leave: () => {
        this.#streams.delete(stream);
        this.#settle(stream);
      },
    };
  }

  /** Whether all streams read the same history, as far as anybody can know; one that stays away holds up nobody for ever. */
  isCertain(now: number): boolean {
    const isDoubted = ({ brokenSince }: Stream): boolean =>
      brokenSince !== undefined && now - brokenSince < PATIENCE_MS;
    return ![...this.#streams].some(isDoubted);
  }

  /** Called when the last stream that was broken off is certain again. */
  onCertain(certain: () => void): void {
    this.#listeners.push(certain);
  }

  #break(stream: Stream, now: number): void {
    if (stream.brokenSince !== undefined) return;
    stream.brokenSince = now;
    this.#epoch++;
  }

  #settle(stream: Stream): void {
    if (stream.brokenSince === undefined) return;
    stream.brokenSince = undefined;
    this.#epoch++;
    const isLast = [...this.#streams].every(({ brokenSince }) => brokenSince === undefined);
    if (isLast) for (const certain of this.#listeners) certain();
  }

  #tellOthers(finder: Stream, resourceVersion: string): void {
    for (const stream of [...this.#streams]) if (stream !== finder) stream.undone(resourceVersion);
  }
}
