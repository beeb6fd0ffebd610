import type { ManifestProblem } from '../../../core/wanted.ts';
import type { Taken } from '../filestate.ts';
import { LONGEST } from './longest.ts';
import { isSameFile, type Signature, signatureAt } from './scan.ts';

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

type State = Pick<Reading, 'path' | 'signature' | 'modified'>;

/** A state of a file. */
interface Seen {
  readonly signature: Signature;
  /** Since when. */
  readonly at: number;
  /** Since when each file at the path took something away and gave way to another, not to more of itself. */
  takesSince?: number | undefined;
}

/**
 * When a reading of a file counts.
 * - Never while somebody has the file open for writing.
 * - What takes away something that was declared: once the file is as it is for seconds. A writer may close a file between
 *   two writes, and the kernel is not asked everywhere (files of others without CAP_LEASE, network file systems). Where it
 *   is, a file that is renamed over the last one is whole: the seconds go on if it takes something away too.
 * - Anything else: at once, or after milliseconds where more writes are likely.
 * Time is counted by this process's clock from when it first sees a state of a file. Before that the file's time counts.
 */
export class Belief {
  readonly #quietMs: number;
  readonly #isOpen: OpenForWriting;
  readonly #seen = new Map<string, Seen>();
  readonly #openSince = new Map<string, number>();
  readonly #heldSince = new Map<string, number>();

  constructor(quietMs: number, isOpen: OpenForWriting = () => undefined) {
    this.#quietMs = quietMs;
    this.#isOpen = isOpen;
  }

  verdictOn(reading: Reading): Verdict {
    const seen = this.#seenOf(reading);
    const verdict = this.#judged(reading, seen);
    note(this.#heldSince, reading.path, verdict.waitMs > 0);
    if (verdict.waitMs === 0) seen.takesSince = undefined;
    return verdict;
  }

  /** Milliseconds until a file may be read that probably takes several writes. */
  momentFor(state: State): number {
    const wait = Math.max(0, SHORT_MS - timeSince(this.#seenOf(state).at));
    if (wait > 0) note(this.#heldSince, state.path, true);
    return wait;
  }

  forget(path: string): void {
    this.#seen.delete(path);
    this.settle(path);
  }

  /** Nothing of the file is held back, whatever it is. */
  settle(path: string): void {
    this.#openSince.delete(path);
    this.#heldSince.delete(path);
  }

  /** Files that are open for writing, or change too often, for a long time. */
  get held(): readonly ManifestProblem[] {
    const isLong = (since = Number.POSITIVE_INFINITY) => timeSince(since) >= LONGEST * this.#quietMs;
    const paths = [...this.#heldSince].filter(([, since]) => isLong(since)).map(([path]) => path);
    return paths.map(origin => ({
      origin,
      message: isLong(this.#openSince.get(origin)) ? HELD_OPEN : CHANGING,
    }));
  }

  #judged({ path, signature, steady, takes, likelyPart }: Reading, seen: Seen): Verdict {
    const quiet = timeSince(seen.at);
    if (!steady) return { waitMs: SOON_MS, doubtMs: this.#quietMs };
    const open = this.#isOpen(path);
    note(this.#openSince, path, open === true);
    const doubtMs = open === false ? 0 : Math.max(0, this.#quietMs - quiet);
    // The longer nobody wrote, the later the next question
    if (open === true) return { waitMs: Math.max(SOON_MS, Math.min(SLOW_MS, quiet / 4)), doubtMs };
    seen.takesSince = takes === 'declared' ? (seen.takesSince ?? seen.at) : undefined;
    const whole = open === false ? timeSince(seen.takesSince ?? seen.at) : quiet;
    const short = likelyPart || takes !== 'nothing' ? SHORT_MS - quiet : 0;
    const waitMs = Math.max(short, takes === 'declared' ? this.#quietMs - whole : 0);
    if (waitMs > 0) return { waitMs, doubtMs };
    // Written and closed between the reading and the question
    return { waitMs: signatureAt(path) === signature ? 0 : SOON_MS, doubtMs };
  }

  #seenOf({ path, signature, modified }: State): Seen {
    const known = this.#seen.get(path);
    if (known?.signature === signature) return known;
    const now = performance.now();
    const seen: Seen = { signature, at: known === undefined ? now - ageOf(modified) : now };
    if (known !== undefined && !isSameFile(known.signature, signature)) seen.takesSince = known.takesSince;
    this.#seen.set(path, seen);
    return seen;
  }
}

function timeSince(time: number): number {
  return performance.now() - time;
}

/** Keeps since when something is so. */
function note(times: Map<string, number>, path: string, isSo: boolean): void {
  if (!isSo) times.delete(path);
  else if (!times.has(path)) times.set(path, performance.now());
}

const HELD_OPEN =
  'Is open for writing: what it declares counts once its writer closes it; what it declared before stays';

const CHANGING =
  'Changes too often to be believed: it counts once it is as it is for 2 seconds; what it declared before stays: write it less often';

/** Milliseconds since a write; a time ahead of this clock (a network file system) counts as long ago. */
function ageOf(modified: number): number {
  const age = Date.now() - modified;
  return age < -SHORT_MS ? Number.POSITIVE_INFINITY : Math.max(0, age);
}
