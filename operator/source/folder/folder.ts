import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Wanted } from '../../core/wanted.ts';
import type { Source } from '../source.ts';
import { Collector } from './collector.ts';
import { isManifestName, plainPaths } from './scan.ts';
import { DirectoryWatches } from './watch.ts';

export interface FolderOptions {
  /** Directories (what lies directly in them) and files. */
  readonly paths: readonly string[];
  readonly possibleCpus: number;
  /** Tokens given to release held removals. */
  readonly releases: readonly string[];
  /** Told when a directory cannot be watched: its changes are then seen by the next full scan only. */
  readonly unwatched?: (directory: string, error: Error) => void;
}

/** A read this long after the last full scan makes another: the net below inotify, which loses events and sees no network file systems. */
const RESCAN_MS = 10_000;

/** Manifests in folders, as the source of what is wanted: read at once, then watched. */
export function folderSource(options: FolderOptions): Source {
  return new FolderSource(options);
}

class FolderSource implements Source {
  readonly #paths: readonly string[];
  readonly #collector: Collector;
  readonly #watches: DirectoryWatches;
  readonly #touched = new Set<string>();
  #listeners: (() => void)[] = [];
  #isRead = false;
  #scannedAt = 0;
  #scanning: Promise<void> | undefined;
  #flushing: NodeJS.Immediate | undefined;
  #rescanWanted = false;
  #isClosed = false;

  constructor({ paths, possibleCpus, releases, unwatched = () => {} }: FolderOptions) {
    this.#paths = plainPaths(paths);
    this.#collector = new Collector({
      paths,
      possibleCpus,
      releases,
      weigh: false,
      changed: () => this.#tell(),
    });
    this.#watches = new DirectoryWatches((directory, name) => this.#happened(directory, name), unwatched);
  }

  async read(): Promise<Wanted> {
    if (this.#isClosed) throw new Error('Cannot read the folder: closed');
    if (!this.#isRead) await this.#scan(() => this.#collector.collect());
    else if (performance.now() - this.#scannedAt > RESCAN_MS)
      await this.#scan(() => this.#collector.rescan());
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

  /** One at a time; who comes meanwhile waits for the one that runs. Directories are watched before they are listed. */
  async #scan(scan: () => Promise<void>): Promise<void> {
    if (this.#scanning !== undefined) return this.#scanning;
    this.#watches.watchOnly(
      new Set([...this.#paths, ...this.#paths.map(path => dirname(path)), ...this.#known()]),
    );
    this.#scanning = scan();
    try {
      await this.#scanning;
      this.#scannedAt = performance.now();
      this.#watchListed();
    } finally {
      this.#scanning = undefined;
    }
  }

  #known(): ReadonlySet<string> {
    return this.#collector.listing?.watched ?? new Set();
  }

  /** What a symlink leads to may lie anywhere; what changed there before it was watched is seen by one more scan. */
  #watchListed(): void {
    if (this.#isClosed) return;
    const fresh = this.#watches.watchOnly(new Set([...this.#paths, ...this.#known()]));
    if (fresh.length > 0) this.#rescanSoon();
  }

  #happened(directory: string, name: string | undefined): void {
    const manifest = name === undefined ? undefined : this.#manifestAt(directory, name);
    if (manifest !== undefined) this.#touchSoon(manifest);
    if (name === undefined || this.#mayMoveFiles(directory, name)) this.#rescanSoon();
  }

  /** The path under which a file counts that was touched where it really lies. */
  #manifestAt(directory: string, name: string): string | undefined {
    const { files, targets } = this.#collector.listing ?? {};
    const path = join(directory, name);
    const listed = targets?.get(path) ?? path;
    const isOurs = files?.has(listed) === true || (this.#paths.includes(directory) && isManifestName(name));
    return isOurs ? listed : undefined;
  }

  /** The folder itself, or a link in it: where it leads to is to be watched from now on. */
  #mayMoveFiles(directory: string, name: string): boolean {
    return (
      this.#paths.includes(join(directory, name)) ||
      (this.#paths.includes(directory) && (name.startsWith('..') || isLink(join(directory, name))))
    );
  }

  /** One read for all events of a moment. */
  #touchSoon(path: string): void {
    this.#touched.add(path);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  /** A symlink was swapped (a ConfigMap's `..data`), or a folder came or went: any file may be another. */
  #rescanSoon(): void {
    this.#rescanWanted = true;
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    if (this.#isClosed) return;
    for (const path of this.#touched) this.#collector.touch(path);
    this.#touched.clear();
    if (!this.#rescanWanted) return;
    this.#rescanWanted = false;
    const running = this.#scanning ?? Promise.resolve();
    running.then(() => this.#rescan()).catch(() => this.#expire());
  }

  async #rescan(): Promise<void> {
    if (!this.#isClosed) await this.#scan(() => this.#collector.rescan());
  }

  /** The next read scans, and tells its caller what went wrong. */
  #expire(): void {
    this.#scannedAt = Number.NEGATIVE_INFINITY;
    this.#tell();
  }

  #tell(): void {
    if (this.#isRead) for (const changed of this.#listeners) changed();
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
