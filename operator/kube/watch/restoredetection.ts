/** Receives where the server was when a stream found that it had been restored. */
export type OnRestored = (resourceVersion: string) => void;

/** One stream's reports. */
export interface StreamMembership {
  /** The watch of the stream was interrupted. */
  interrupted(now: number): void;
  /** The stream continues: it has verified that it can resume, or has listed again. */
  confirmed(): void;
  /** The stream found that the server was restored: all others are notified. */
  readonly restored: OnRestored;
  leave(): void;
}

interface Stream {
  readonly onRestored: OnRestored;
  interruptedAt?: number | undefined;
}

/** How long an interrupted stream may hold back what the process publishes. */
const PATIENCE_MS = 60_000;

/**
 * Connects the streams of one process, which all read one server. When one of them finds that the server was restored
 * from a backup, none of them can resume: their own resourceVersions may not show it, because the server may have
 * reached the same numbers again. While one of them is interrupted, it is unknown whether the others read the same
 * history: publishing what was made of their objects waits until all are confirmed.
 */
export class RestoreDetection {
  readonly #streams = new Set<Stream>();
  readonly #listeners: (() => void)[] = [];
  #epoch = 0;

  /** Changes with each interruption: what was read in one epoch says nothing about the next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** `onRestored` is called when another stream has found that the server was restored. */
  join(onRestored: OnRestored): StreamMembership {
    const stream: Stream = { onRestored };
    this.#streams.add(stream);
    return {
      interrupted: now => {
        if (stream.interruptedAt !== undefined) return;
        stream.interruptedAt = now;
        this.#epoch++;
      },
      confirmed: () => this.#confirm(stream),
      restored: resourceVersion => {
        for (const other of [...this.#streams]) if (other !== stream) other.onRestored(resourceVersion);
      },
      leave: () => {
        this.#streams.delete(stream);
        this.#confirm(stream);
      },
    };
  }

  /** Whether all streams read the same history, as far as is known. After a minute an interrupted stream no longer counts. */
  isCertain(now: number): boolean {
    return [...this.#streams].every(
      ({ interruptedAt }) => interruptedAt === undefined || now - interruptedAt >= PATIENCE_MS,
    );
  }

  /** Called when the last interrupted stream is confirmed. */
  onCertain(certain: () => void): void {
    this.#listeners.push(certain);
  }

  #confirm(stream: Stream): void {
    if (stream.interruptedAt === undefined) return;
    stream.interruptedAt = undefined;
    this.#epoch++;
    if ([...this.#streams].every(({ interruptedAt }) => interruptedAt === undefined))
      for (const certain of this.#listeners) certain();
  }
}
