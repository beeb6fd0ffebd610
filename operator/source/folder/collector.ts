import { dirname } from 'node:path';
import type { ContentRoom } from '../../core/bytes/contentroom.ts';
import type { ManifestProblem, Wanted } from '../../core/wanted.ts';
import { type Assembly, assembled, patched } from './assembly.ts';
import { Belief, type OpenForWriting } from './disk/belief.ts';
import { GoneFiles } from './disk/gone.ts';
import { type Listing, listManifests, plainPaths, signatureAt, statsOf } from './disk/scan.ts';
import { PathTimers } from './disk/timers.ts';
import {
  declarationsOf,
  type FileState,
  isSameState,
  staleFiles,
  stateAfter,
  type Taken,
  takenBy,
  unreadReading,
} from './filestate.ts';
import type { ObjectSize, ReadOptions } from './manifests.ts';
import type { FileResult } from './reader/read.ts';
import { Readings } from './reader/readings.ts';
import { roomBeside, roomless } from './room.ts';
import { isSame } from './same.ts';

export interface CollectorOptions {
  readonly paths: readonly string[];
  /** Absent where the bytes are for no machine. */
  readonly possibleCpus?: number;
  readonly room?: ContentRoom | undefined;
  readonly releases: readonly string[];
  /** Whether to measure the size of each object. */
  readonly weigh: boolean;
  /** Absent where nobody can be asked. */
  readonly isOpenForWriting?: OpenForWriting;
  /** For how long a file must stay as it is before it counts that something is missing in it; seconds where absent. */
  readonly quietMs?: number;
  /** The first reading waits so long for files that are being written. */
  readonly patienceMs: number;
  /** Called when `wanted` may have changed. */
  readonly changed: () => void;
  /** Called while many files are read. */
  readonly progress?: (done: number, total: number) => void;
}

/** What takes something away counts after so long without a write: it may be half written, or half moved. */
const QUIET_MS = 2_000;
/** Above this size several writes are likely: the file is never read before a moment without one. */
const LARGE = 128 * 1024;

/**
 * Keeps the declarations of the files of some folders.
 * - A declaration stays until its file is quiet and readable and declares something else.
 * - A file that is gone is given up when no replacement appears for a moment; never while its directory is gone.
 * - Contents are read again when the layout of their OuterMap changes, since only bytes are kept.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #paths: readonly string[];
  readonly #readings: Readings;
  readonly #states = new Map<string, FileState>();
  /** Files that were listed but never read. */
  readonly #unread = new Set<string>();
  readonly #gone: GoneFiles;
  readonly #belief: Belief;
  /** Read, but perhaps not whole. */
  readonly #doubted = new Set<string>();
  readonly #timers = new PathTimers(path => this.touch(path));
  /** Path → the layouts for which it was last read again: once is enough, until it is read for itself. */
  readonly #readFor = new Map<string, string>();
  readonly #neverListed: Set<string>;
  #told: readonly ManifestProblem[] = [];
  #listing: Listing | undefined;
  #assembly: Assembly | undefined;
  /** The last assembly stays meanwhile: its layouts encode the files that are read until the next one. */
  #isOutdated = true;
  #isCollected = false;
  #isClosed = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#paths = plainPaths(options.paths);
    const { quietMs = QUIET_MS, isOpenForWriting, progress } = options;
    this.#readings = new Readings({
      received: result => this.#receive(result),
      again: path => this.touch(path),
      ...(progress && { progress }),
    });
    this.#gone = new GoneFiles(quietMs);
    this.#belief = new Belief(quietMs, isOpenForWriting);
    this.#neverListed = new Set(this.#paths);
  }

  /** Everything that the files declare; the same object while nothing changed. */
  get wanted(): Wanted {
    return this.#assembled().wanted;
  }

  get sizes(): readonly ObjectSize[] {
    return [...this.#states.values()].flatMap(({ sizes }) => sizes);
  }

  get files(): number {
    return this.#states.size;
  }

  get listing(): Listing | undefined {
    return this.#listing;
  }

  /** Reads everything for the first time, and waits a while for files that are being written. */
  async collect(): Promise<void> {
    await this.rescan();
    const end = performance.now() + this.#options.patienceMs;
    while (this.#timers.size + this.#readings.size > 0 && performance.now() < end) await pause(10);
    this.#isCollected = true;
  }

  /** Compares every file with its last signature, by stat alone, and reads those that differ. */
  async rescan(): Promise<void> {
    const listing = await listManifests(this.#paths);
    if (this.#isClosed) return;
    const before = this.#listing;
    this.#listing = listing;
    for (const path of this.#paths) if (!listing.unlisted.has(path)) this.#neverListed.delete(path);
    if (before === undefined || !isSame([...before.unlisted], [...listing.unlisted])) this.#outdate();
    const gone = [...this.#states.keys()].filter(path => !listing.files.has(path) && !this.#isUnlisted(path));
    for (const path of gone) this.#missing(path);
    const differs = (path: string) => this.#states.get(path)?.signature !== listing.files.get(path);
    const due = [...listing.files.keys()].filter(path => differs(path) && !this.#timers.has(path));
    for (const path of due) if (!this.#states.has(path)) this.#unread.add(path);
    await this.#read(due, 'own');
    await this.#readStale();
  }

  /** Reads one file again, on this thread if it is small: a single edit waits for nothing else. */
  touch(path: string): void {
    if (this.#isClosed) return;
    const stats = statsOf(path);
    const isLarge = stats !== undefined && stats.size > LARGE;
    const file = { path, signature: signatureAt(path), modified: stats?.mtimeMs ?? 0 };
    const wait = isLarge ? this.#belief.momentFor(file) : 0;
    if (wait > 0) {
      this.#timers.set(path, wait);
      this.#tell();
    } else void this.#read([path], 'own').then(() => this.#readStale());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timers.clear();
    await this.#readings.close();
  }

  async #read(paths: readonly string[], prefer: ReadOptions['prefer']): Promise<void> {
    if (prefer === 'own') for (const path of paths) this.#readFor.delete(path);
    const { possibleCpus, weigh, room } = this.#options;
    await this.#readings.read(paths, due => ({
      ...{ layouts: this.#assembly?.layouts ?? new Map(), prefer, weigh, possibleCpus },
      room: roomBeside(this.#states, new Set(due), room),
    }));
  }

  #receive(result: FileResult): void {
    const { kind, path } = result;
    if (kind === 'missing') {
      this.#missing(path);
      return;
    }
    this.#gone.forget(path);
    const previous = this.#states.get(path);
    const reading = kind === 'read' ? result.reading : unreadReading(path, result.message);
    const standing = this.#assembly?.standing.get(path)?.declarations;
    const next = stateAfter(
      { path, signature: result.signature, reading },
      previous && declarationsOf(previous),
      standing,
    );
    if (kind !== 'read') this.#belief.settle(path);
    const waitMs = kind === 'read' ? this.#waitFor(result, takenBy(previous, next, standing)) : 0;
    this.#tell();
    if (waitMs > 0) this.#timers.set(path, waitMs);
    else this.#accept(previous, next);
  }

  /** At the start a file that may be half written counts, but nothing is missing in it until it is quiet. */
  #waitFor({ characters, ended, ...reading }: FileResult & { kind: 'read' }, takes: Taken): number {
    const { path } = reading;
    const likelyPart = !ended || characters > LARGE;
    const { waitMs, doubtMs } = this.#belief.verdictOn({ ...reading, takes, likelyPart });
    if (doubtMs > 0 && waitMs === 0 && (!this.#isCollected || this.#doubted.has(path))) {
      this.#doubted.add(path);
      this.#timers.set(path, doubtMs);
    } else if (waitMs === 0 && this.#doubted.delete(path)) this.#outdate();
    return waitMs;
  }

  /** Tells which files are held back for long. */
  #tell(): void {
    const told = this.#belief.held;
    if (isSame(told, this.#told)) return;
    this.#told = told;
    this.#outdate();
  }

  #accept(previous: FileState | undefined, next: FileState): void {
    this.#unread.delete(next.path);
    this.#states.set(next.path, next);
    if (previous !== undefined && isSameState(previous, next)) return;
    const patch = this.#isOutdated ? undefined : patched(this.#assembled(), previous, next);
    if (patch === undefined) this.#isOutdated = true;
    else this.#assembly = patch;
    this.#options.changed();
  }

  /** At first another file may declare its objects; later they are given up, with those of all files that went meanwhile. */
  #missing(path: string): void {
    this.#belief.forget(path);
    this.#tell();
    const wasAwaited = this.#unread.delete(path);
    if (this.#doubted.delete(path) || wasAwaited) this.#outdate();
    if (!this.#states.has(path)) return;
    if (this.#gone.add(path)) this.#outdate();
    const left = this.#gone.waitFor(path);
    if (left > 0) this.#timers.set(path, left);
    else for (const gone of this.#gone.paths()) this.#giveUp(gone);
  }

  /** Keeps a file that is back, and is read in its turn. */
  #giveUp(path: string): void {
    if (statsOf(path) !== undefined) return;
    this.#gone.forget(path);
    // A file given by name, or one whose directory cannot be listed, is missing by mistake
    if (this.#paths.includes(path) || statsOf(dirname(path))?.isDirectory() !== true) return;
    this.#states.delete(path);
    this.#outdate();
  }

  /** Contents that found no room, and would now. */
  async #readRoomless(): Promise<void> {
    await this.#read(roomless(this.#states, this.#options.room), 'own');
  }

  /** A layout came or changed: contents of other files must be encoded by it. */
  async #readStale(): Promise<void> {
    await this.#readRoomless();
    if (this.#isClosed || !this.#isOutdated) return;
    const { layouts } = this.#assembled();
    const digests = [...layouts].map(([name, { digest }]) => `${name}=${digest}`).join('\n');
    const stale = staleFiles([...this.#states.values()], layouts).filter(
      path => this.#readFor.get(path) !== digests,
    );
    for (const path of stale) this.#readFor.set(path, digests);
    await this.#read(stale, 'given');
  }

  #outdate(): void {
    this.#isOutdated = true;
    this.#options.changed();
  }

  #assembled(): Assembly {
    if (this.#assembly !== undefined && !this.#isOutdated) return this.#assembly;
    this.#isOutdated = false;
    const files = [...this.#states.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const held = files.filter(({ path }) => this.#gone.has(path) || this.#isUnlisted(path));
    this.#assembly = assembled(files, {
      complete: this.#unread.size + this.#doubted.size === 0 && this.#neverListed.size === 0,
      refusals: [...[...this.#unlisted].map(staysUnlisted), ...this.#told],
      releases: this.#options.releases,
      fading: new Set(held.map(({ path }) => path)),
      standing: this.#assembly?.standing ?? new Map(),
    });
    return this.#assembly;
  }

  get #unlisted(): ReadonlyMap<string, string> {
    return this.#listing?.unlisted ?? new Map();
  }

  #isUnlisted(path: string): boolean {
    return this.#unlisted.has(path) || this.#unlisted.has(dirname(path));
  }
}

function staysUnlisted([origin, message]: readonly [string, string]): ManifestProblem {
  return { origin, message: `${message}; what it declared before stays` };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(done => setTimeout(done, milliseconds));
}
