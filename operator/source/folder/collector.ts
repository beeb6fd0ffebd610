import { dirname } from 'node:path';
import type { Wanted } from '../../core/wanted.ts';
import {
  type Assembly,
  assembled,
  type FileState,
  patched,
  saysTheSame,
  staleFiles,
  stateAfter,
  stateUnread,
  takesAway,
} from './collection.ts';
import { GoneFiles } from './gone.ts';
import type { ObjectSize, ReadOptions } from './manifests.ts';
import type { FileResult } from './reader/read.ts';
import { FileReader } from './reader/reader.ts';
import { sameTexts } from './same.ts';
import { type Listing, listManifests, plainPaths, statsOf } from './scan.ts';

export interface CollectorOptions {
  readonly paths: readonly string[];
  /** Absent where the bytes are for no machine. */
  readonly possibleCpus?: number;
  readonly releases: readonly string[];
  /** Whether to tell how heavy each object is. */
  readonly weigh: boolean;
  /** Called when what is wanted may have changed. */
  readonly changed: () => void;
  /** Called while many files are read. */
  readonly progress?: (done: number, total: number) => void;
}

/** A file that takes something away is believed once it has not been written for this long: it may be half written. */
const QUIET_MS = 150;
/** Above this size several writes are likely: never read before it is quiet. */
const LARGE = 128 * 1024;
/** Up to this size, and this many at once, files are read on the main thread: a single edit is in the kernel at once. */
const SMALL = 16 * 1024;
const FEW = 8;
/** How long the first reading waits for files that are still being written. */
const PATIENCE_MS = 5_000;

const NOTHING_READ: Assembly = assembled([], {
  complete: false,
  refusals: [],
  releases: [],
  fading: new Set(),
});

/**
 * Keeps what the files of some folders declare.
 * - What a file declared stays until it says, readably and quietly, something else.
 * - A file that is gone is given up after a moment in which no replacement appears; one whose directory is gone, never.
 * - Contents are read again when the layout of their OuterMap changes, since only bytes are kept.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #paths: readonly string[];
  readonly #reader = new FileReader();
  readonly #states = new Map<string, FileState>();
  readonly #sizes = new Map<string, readonly ObjectSize[]>();
  /** Files that were listed but never read. */
  readonly #unread = new Set<string>();
  readonly #gone = new GoneFiles();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #inThread = new Set<string>();
  readonly #again = new Set<string>();
  /** Path → the layouts that it was last read again for: once is enough. */
  readonly #readFor = new Map<string, string>();
  readonly #everListed = new Set<string>();
  #listing: Listing | undefined;
  #assembly: Assembly = NOTHING_READ;
  #isOutdated = true;
  #isClosed = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#paths = plainPaths(options.paths);
  }

  /** Everything that the files declare; the same object while nothing changed. */
  get wanted(): Wanted {
    if (this.#isOutdated) this.#assemble();
    return this.#assembly.wanted;
  }

  get sizes(): readonly ObjectSize[] {
    return [...this.#sizes.values()].flat();
  }

  get files(): number {
    return this.#states.size;
  }

  get listing(): Listing | undefined {
    return this.#listing;
  }

  /** Reads everything for the first time, and waits a while for what is being written. */
  async collect(): Promise<void> {
    await this.rescan();
    const end = Date.now() + PATIENCE_MS;
    while (this.#timers.size + this.#inThread.size > 0 && Date.now() < end) await pause(10);
  }

  /** Compares every file with what is known of it, by stat alone, and reads what differs. */
  async rescan(): Promise<void> {
    const listing = await listManifests(this.#paths);
    if (this.#isClosed) return;
    const before = this.#listing;
    this.#listing = listing;
    for (const path of this.#paths) if (!listing.unlisted.has(path)) this.#everListed.add(path);
    if (before === undefined || !sameTexts(before.unlisted, listing.unlisted)) this.#outdate();
    const gone = [...this.#states.keys()].filter(path => !listing.files.has(path) && !this.#isUnlisted(path));
    for (const path of gone) this.#receive({ kind: 'missing', path });
    const differs = (path: string) => this.#states.get(path)?.signature !== listing.files.get(path);
    const due = [...listing.files.keys()].filter(path => differs(path) && !this.#timers.has(path));
    for (const path of due) if (!this.#states.has(path)) this.#unread.add(path);
    await this.#read(due, 'own');
    await this.#readStale();
  }

  /** Reads one file again, on this thread if it is small: what a single edit waits for. */
  touch(path: string): void {
    if (this.#isClosed) return;
    const stats = statsOf(path);
    const wait = stats !== undefined && stats.size > LARGE ? QUIET_MS - ageOf(stats.mtimeMs) : 0;
    if (wait > 0) this.#later(path, wait);
    else void this.#read([path], 'own', stats?.size).then(() => this.#readStale());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#reader.close();
  }

  async #read(paths: readonly string[], prefer: ReadOptions['prefer'], size?: number): Promise<void> {
    const due = paths.filter(path => !this.#inThread.has(path));
    for (const path of paths) if (this.#inThread.has(path)) this.#again.add(path);
    if (due.length === 0) return;
    const options = this.#readOptions(prefer);
    const isLight = size === undefined ? due.length <= FEW && due.every(isSmall) : size <= SMALL;
    if (isLight) for (const result of this.#reader.readHere(due, options)) this.#receive(result);
    else await this.#readInThread(due, options);
  }

  async #readInThread(paths: readonly string[], options: ReadOptions): Promise<void> {
    for (const path of paths) this.#inThread.add(path);
    let done = 0;
    await this.#reader.read(paths, options, result => {
      this.#inThread.delete(result.path);
      if (this.#isClosed) return;
      this.#receive(result);
      this.#options.progress?.(++done, paths.length);
      if (this.#again.delete(result.path)) this.touch(result.path);
    });
  }

  #readOptions(prefer: ReadOptions['prefer']): ReadOptions {
    const { possibleCpus, weigh } = this.#options;
    const cpus = possibleCpus === undefined ? {} : { possibleCpus };
    return { layouts: this.#assembly.layouts, prefer, weigh, ...cpus };
  }

  #receive(result: FileResult): void {
    if (result.kind === 'missing') {
      this.#missing(result.path);
      return;
    }
    const { path } = result;
    this.#gone.forget(path);
    const previous = this.#states.get(path);
    const next =
      result.kind === 'read'
        ? stateAfter(previous, path, result.signature, result.reading)
        : stateUnread(previous, path, result.signature, result.message);
    if (result.kind === 'read' && !isQuiet(result, previous, next)) {
      this.#later(path, QUIET_MS - ageOf(result.modified));
      return;
    }
    this.#believe(previous, next);
    if (result.kind === 'read') this.#sizes.set(path, result.reading.sizes);
  }

  #believe(previous: FileState | undefined, next: FileState): void {
    this.#unread.delete(next.path);
    this.#states.set(next.path, next);
    if (previous !== undefined && saysTheSame(previous, next)) return;
    const patch = this.#isOutdated ? undefined : patched(this.#assembly, previous, next);
    if (patch === undefined) this.#isOutdated = true;
    else this.#assembly = patch;
    this.#options.changed();
  }

  /** First its objects give way to whoever else declares them; later they are given up, with all that went meanwhile. */
  #missing(path: string): void {
    this.#unread.delete(path);
    if (!this.#states.has(path)) return;
    if (this.#gone.add(path)) this.#outdate();
    const left = this.#gone.waitFor(path);
    if (left > 0) this.#later(path, left);
    else for (const gone of this.#gone.paths()) this.#giveUp(gone);
  }

  /** One that is back is read when its turn comes. */
  #giveUp(path: string): void {
    if (statsOf(path) !== undefined) return;
    this.#gone.forget(path);
    if (!this.#mayBeGivenUp(path)) return;
    this.#states.delete(path);
    this.#sizes.delete(path);
    this.#outdate();
  }

  /** A file given by name, or one whose directory cannot be listed, is missing by mistake. */
  #mayBeGivenUp(path: string): boolean {
    if (this.#paths.includes(path)) return false;
    return statsOf(dirname(path))?.isDirectory() === true;
  }

  #later(path: string, milliseconds: number): void {
    clearTimeout(this.#timers.get(path));
    const again = () => {
      this.#timers.delete(path);
      this.touch(path);
    };
    this.#timers.set(path, setTimeout(again, Math.max(1, Math.ceil(milliseconds))));
  }

  /** A layout came or changed: contents of other files must be encoded by it. */
  async #readStale(): Promise<void> {
    if (this.#isClosed || !this.#isOutdated) return;
    this.#assemble();
    const digests = [...this.#assembly.layouts].map(([name, { digest }]) => `${name}=${digest}`).join('\n');
    const stale = staleFiles([...this.#states.values()], this.#assembly.layouts).filter(
      path => this.#readFor.get(path) !== digests,
    );
    for (const path of stale) this.#readFor.set(path, digests);
    await this.#read(stale, 'given');
  }

  #outdate(): void {
    this.#isOutdated = true;
    this.#options.changed();
  }

  #assemble(): void {
    const unlisted = this.#listing?.unlisted ?? new Map<string, string>();
    const files = [...this.#states.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const held = files.filter(({ path }) => this.#gone.has(path) || this.#isUnlisted(path));
    this.#assembly = assembled(files, {
      complete:
        this.#listing !== undefined &&
        this.#unread.size === 0 &&
        this.#paths.every(path => this.#everListed.has(path)),
      refusals: [...unlisted].map(([path, message]) => ({
        origin: path,
        message: `${message}; what it declared before stays`,
      })),
      releases: this.#options.releases,
      fading: new Set(held.map(({ path }) => path)),
    });
    this.#isOutdated = false;
  }

  #isUnlisted(path: string): boolean {
    const unlisted = this.#listing?.unlisted;
    return unlisted !== undefined && (unlisted.has(path) || unlisted.has(dirname(path)));
  }
}

/** Whether a reading may be believed: nobody wrote lately, or it takes nothing away and is surely whole. */
function isQuiet(
  result: FileResult & { kind: 'read' },
  previous: FileState | undefined,
  next: FileState,
): boolean {
  if (!result.steady) return false;
  if (ageOf(result.modified) >= QUIET_MS) return true;
  return result.ended && result.characters <= LARGE && !takesAway(previous, next);
}

/** Milliseconds since; a clock that is ahead (a network file system) counts as quiet. */
function ageOf(modified: number): number {
  const age = Date.now() - modified;
  return age < -QUIET_MS ? QUIET_MS : Math.max(0, age);
}

function isSmall(path: string): boolean {
  return (statsOf(path)?.size ?? 0) <= SMALL;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(done => setTimeout(done, milliseconds));
}
