import { dirname, join } from 'node:path';
import type { ContentRoom } from '../../core/bytes/contentroom.ts';
import type { Wanted } from '../../core/wanted.ts';
import type { Source } from '../source.ts';
import { Collector } from './collector.ts';
import type { OpenForWriting } from './disk/belief.ts';
import { isManifestName, mayBeLink, plainPaths } from './disk/scan.ts';
import { DirectoryWatches } from './disk/watch.ts';

export interface FolderOptions {
  /** Files, and directories without their subdirectories. */
  readonly paths: readonly string[];
  readonly possibleCpus: number;
  /** For the contents of all files. */
  readonly room?: ContentRoom;
  /** Tokens that release held removals. */
  readonly releases: readonly string[];
  /** Absent where nobody can be asked. */
  readonly isOpenForWriting?: OpenForWriting;
  /** For how long a file must stay as it is before it counts that something is missing in it; seconds where absent. */
  readonly quietMs?: number;
  /** The first read waits so long for files that are being written; a second where absent. */
  readonly patienceMs?: number;
  /** A read waits so long for files that take long, and answers with what is read; 5 seconds where absent. */
  readonly longestMs?: number;
  /** Called for a directory that cannot be watched: only the next full scan finds its changes. */
  readonly unwatched?: (directory: string, error: Error) => void;
}

/** A read so long after the last full scan makes another: inotify loses events, and has none of network file systems. */
const RESCAN_MS = 10_000;
const LONGEST_MS = 5_000;
const PATIENCE_MS = 1_000;

/** Manifests in folders as the source of wanted objects: read at once, then watched. */
export function folderSource(options: FolderOptions): Source {
  return new FolderSource(options);
}

class FolderSource implements Source {
  readonly #paths: readonly string[];
  readonly #longestMs: number;
  readonly #collector: Collector;
  readonly #watches: DirectoryWatches;
  readonly #touched = new Set<string>();
  #listeners: (() => void)[] = [];
  #isRead = false;
  #scannedAt = 0;
  #scanning: Promise<void> | undefined;
  #flushing: NodeJS.Immediate | undefined;
  /** A symlink was swapped (a ConfigMap's `..data`), or a folder came or went: every file may be another. */
  #isRescanDue = false;
  #isClosed = false;

  constructor({
    unwatched = () => {},
    patienceMs = PATIENCE_MS,
    longestMs = LONGEST_MS,
    ...options
  }: FolderOptions) {
    this.#longestMs = longestMs;
    this.#paths = plainPaths(options.paths);
    const changed = () => this.#publish();
    this.#collector = new Collector({ ...options, patienceMs, weigh: false, changed });
    this.#watches = new DirectoryWatches((directory, name) => this.#onEvent(directory, name), unwatched);
  }

  async read(): Promise<Wanted> {
    if (this.#isClosed) throw new Error('Cannot read the folder: closed');
    if (!this.#isRead) await atMost(this.#longestMs, this.#scan('collect'));
    else if (performance.now() - this.#scannedAt > RESCAN_MS)
      await atMost(this.#longestMs, this.#scan('rescan'));
    this.#isRead = true;
    return this.#collector.wanted;
  }

  onChange(changed: () => void): void {
    this.#listeners.push(changed);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners = [];
    clearImmediate(this.#flushing);
    this.#watches.close();
    await this.#collector.close();
    await this.#scanning;
  }

  /** Runs one scan at a time; a call meanwhile waits for the running one. Directories are watched before they are listed. */
  async #scan(how: 'collect' | 'rescan'): Promise<void> {
    if (this.#scanning !== undefined) return this.#scanning;
    this.#watches.watchOnly(new Set([...this.#watched(), ...this.#paths.map(path => dirname(path))]));
    this.#scanning = this.#collector[how]();
    try {
      await this.#scanning;
      this.#scannedAt = performance.now();
      this.#watchListed();
    } finally {
      this.#scanning = undefined;
    }
  }

  #watched(): ReadonlySet<string> {
    return new Set([...this.#paths, ...(this.#collector.listing?.watched ?? [])]);
  }

  /** The target of a symlink may lie anywhere; one more scan finds changes from before it was watched. */
  #watchListed(): void {
    if (this.#isClosed || this.#watches.watchOnly(this.#watched()).length === 0) return;
    this.#isRescanDue = true;
    this.#flushSoon();
  }

  #onEvent(directory: string, name: string | undefined): void {
    const manifest = name === undefined ? undefined : this.#manifestAt(directory, name);
    if (manifest !== undefined) this.#touched.add(manifest);
    if (name === undefined || this.#mayMoveFiles(directory, name)) this.#isRescanDue = true;
    this.#flushSoon();
  }

  /** The listed path of a file that has an event at its target. */
  #manifestAt(directory: string, name: string): string | undefined {
    const { files, targets } = this.#collector.listing ?? {};
    const path = join(directory, name);
    const listed = targets?.get(path) ?? path;
    const isOurs = files?.has(listed) === true || (this.#paths.includes(directory) && isManifestName(name));
    return isOurs ? listed : undefined;
  }

  /** Whether the name is a given folder or a link in one: its target must be watched from now on. */
  #mayMoveFiles(directory: string, name: string): boolean {
    return (
      this.#paths.includes(join(directory, name)) ||
      (this.#paths.includes(directory) && (name.startsWith('..') || mayBeLink(join(directory, name))))
    );
  }

  /** All events of a moment cause one read. */
  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    if (this.#isClosed) return;
    for (const path of this.#touched) this.#collector.touch(path);
    this.#touched.clear();
    if (this.#isRescanDue) void this.#rescan();
  }

  /** After a failure the next read scans again, and throws it to its caller. */
  async #rescan(): Promise<void> {
    this.#isRescanDue = false;
    try {
      await this.#scanning;
      if (!this.#isClosed) await this.#scan('rescan');
    } catch {
      this.#scannedAt = Number.NEGATIVE_INFINITY;
      this.#publish();
    }
  }

  #publish(): void {
    if (this.#isRead) for (const changed of this.#listeners) changed();
  }
}

/** Waits for work that goes on if it takes longer; what it throws meanwhile is thrown. */
async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>(done => {
    timer = setTimeout(done, milliseconds);
  });
  await Promise.race([work, end]).finally(() => clearTimeout(timer));
}
