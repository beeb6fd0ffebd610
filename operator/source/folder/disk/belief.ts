import type { ManifestProblem } from '../../../core/wanted.ts';
import type { Taken } from '../filestate.ts';
import { LONGEST } from './longest.ts';
import { type Signature, signatureAt } from './scan.ts';

/** Whether somebody has a file open for writing; undefined where the kernel cannot be asked. */
export type OpenForWriting = (path: string) => boolean | undefined;

/** A reading of a file that may be believed. */
export interface Reading {
  readonly path: string;
  readonly signature: Signature;
  /** mtime, milliseconds since 1970. */
  readonly modified: number;
  /** Whether the file was the same before and after it was read. */
  readonly steady: boolean;
  /** Whether more writes are likely: it is large, or ends where a whole file hardly ends. */
  readonly likelyPart: boolean;
  readonly takes: Taken;
}

export interface Verdict {
  /** Milliseconds until the file is to be read again; 0: this reading counts. */
  readonly waitMs: number;
  /** The same until it is sure that it was whole. */
  readonly doubtMs: number;
}

/** Between the writes of one writer pass milliseconds. */
const SHORT_MS = 150;
const SOON_MS = 10;
const SLOW_MS = 1_000;

/**
 * When a reading of a file counts.
 * - Never while somebody has the file open for writing.
 * - What takes away something that was declared: once the file is as it is for seconds. A writer may close a file between
 *   two writes, and the kernel is not asked everywhere (files of others without CAP_LEASE, network file systems).
 * - Anything else: at once, or after milliseconds where more writes are likely.
 * Time is counted by this process's clock from when it first sees a state of a file. Before that the file's time counts.
 */
export class Belief {
  readonly #quietMs: number;
  readonly #isOpen: OpenForWriting;
  readonly #seen = new Map<string, { readonly signature: Signature; readonly at: number }>();
  readonly #openSince = new Map<string, number>();

  constructor(quietMs: number, isOpen: OpenForWriting = () => undefined) {
    this.#quietMs = quietMs;
    this.#isOpen = isOpen;
  }

  verdictOn(reading: Reading): Verdict {
    const { path, signature, steady, takes, likelyPart } = reading;
    const quiet = this.quietFor(reading);
    if (!steady) return { waitMs: SOON_MS, doubtMs: this.#quietMs };
    const open = this.#isOpen(path);
    this.#noteOpen(path, open === true);
    const doubtMs = open === false ? 0 : Math.max(0, this.#quietMs - quiet);
    // The longer nobody wrote, the later the next question
    if (open === true) return { waitMs: Math.max(SOON_MS, Math.min(SLOW_MS, quiet / 4)), doubtMs };
    const needed = takes === 'declared' ? this.#quietMs : likelyPart || takes === 'unknown' ? SHORT_MS : 0;
    if (needed > quiet) return { waitMs: needed - quiet, doubtMs };
    // Written and closed between the reading and the question
    return { waitMs: signatureAt(path) === signature ? 0 : SOON_MS, doubtMs };
  }

  /** Milliseconds since the file is as it is. */
  quietFor({ path, signature, modified }: Pick<Reading, 'path' | 'signature' | 'modified'>): number {
    const now = performance.now();
    const known = this.#seen.get(path);
    if (known?.signature === signature) return now - known.at;
    const at = known === undefined ? now - ageOf(modified) : now;
    this.#seen.set(path, { signature, at });
    return now - at;
  }

  forget(path: string): void {
    this.#seen.delete(path);
    this.#openSince.delete(path);
  }

  /** Files that are open for writing for a long time. */
  get heldOpen(): readonly ManifestProblem[] {
    const before = performance.now() - LONGEST * this.#quietMs;
    const paths = [...this.#openSince].filter(([, since]) => since <= before);
    return paths.map(([origin]) => ({ origin, message: HELD_OPEN }));
  }

  #noteOpen(path: string, isOpen: boolean): void {
    if (!isOpen) this.#openSince.delete(path);
    else if (!this.#openSince.has(path)) this.#openSince.set(path, performance.now());
  }
}

const HELD_OPEN =
  'Is open for writing: what it declares counts once its writer closes it; what it declared before stays';

/** Milliseconds since a write; a time ahead of this clock (a network file system) counts as long ago. */
function ageOf(modified: number): number {
  const age = Date.now() - modified;
  return age < -SHORT_MS ? Number.POSITIVE_INFINITY : Math.max(0, age);
}
