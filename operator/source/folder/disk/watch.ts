import { type FSWatcher, watch } from 'node:fs';
import { statsOf } from './scan.ts';

/** Receives an event in a directory; without a name where the kernel lost events. */
export type OnEvent = (directory: string, name: string | undefined) => void;

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/** inotify watches on a set of directories. A directory that was replaced by another of the same name is watched anew. */
export class DirectoryWatches {
  readonly #onEvent: OnEvent;
  readonly #failed: (directory: string, error: Error) => void;
  readonly #watched = new Map<string, Watched>();
  /** Reported once each, though every scan tries them again. */
  readonly #unwatched = new Set<string>();
  #isClosed = false;

  constructor(onEvent: OnEvent, failed: (directory: string, error: Error) => void) {
    this.#onEvent = onEvent;
    this.#failed = failed;
  }

  /** Watches exactly these. Returns those that were not watched before: their earlier events are unknown. */
  watchOnly(directories: ReadonlySet<string>): readonly string[] {
    if (this.#isClosed) throw new Error('Cannot watch: closed');
    for (const directory of this.#watched.keys()) if (!directories.has(directory)) this.#unwatch(directory);
    return [...directories].filter(directory => this.#watch(directory));
  }

  close(): void {
    this.#isClosed = true;
    for (const directory of [...this.#watched.keys()]) this.#unwatch(directory);
  }

  #watch(directory: string): boolean {
    const inode = statsOf(directory)?.ino;
    if (this.#watched.get(directory)?.inode === inode) return false;
    this.#unwatch(directory);
    if (inode === undefined) return false;
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) =>
        this.#onEvent(directory, name ?? undefined),
      );
      watcher.on('error', error => this.#lost(directory, error));
      this.#watched.set(directory, { watcher, inode });
      this.#unwatched.delete(directory);
      return true;
    } catch (error) {
      if (!this.#unwatched.has(directory)) this.#failed(directory, error as Error);
      this.#unwatched.add(directory);
      return false;
    }
  }

  #lost(directory: string, error: Error): void {
    this.#unwatch(directory);
    this.#failed(directory, error);
  }

  #unwatch(directory: string): void {
    this.#watched.get(directory)?.watcher.close();
    this.#watched.delete(directory);
  }
}
