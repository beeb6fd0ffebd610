import type { FSWatcher } from 'node:fs';
import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Watches directories by inotify, and each one's parents: a watch is deaf after rmdir and mkdir of its directory,
 * so whatever happens on the way to it arms the watches anew. Calls back once per go of the event loop.
 */
export function watchDirectories(
  root: string,
  directories: readonly string[],
  changed: () => void,
): () => void {
  const watches = new PinWatches(changed, directories);
  for (const directory of directories) watches.addParents(directory, root);
  watches.arm();
  return () => watches.end();
}

interface Armed {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

class PinWatches {
  readonly #wanted: ReadonlySet<string>;
  /** Directory → the names in it that lead to a wanted one. */
  readonly #steps = new Map<string, Set<string>>();
  readonly #armed = new Map<string, Armed>();
  readonly #changed: () => void;
  #told = false;
  #ended = false;

  constructor(changed: () => void, directories: readonly string[]) {
    this.#changed = changed;
    this.#wanted = new Set(directories);
  }

  /** Up to the root of the bpffs. */
  addParents(directory: string, root: string): void {
    for (let path = directory; path !== root && dirname(path) !== path; path = dirname(path)) {
      const names = this.#steps.get(dirname(path)) ?? new Set();
      names.add(basename(path));
      this.#steps.set(dirname(path), names);
    }
  }

  /** Makes the watches those of the directories that are there now. Answers whether any was made or let go. */
  arm(): boolean {
    let news = false;
    for (const path of new Set([...this.#wanted, ...this.#steps.keys()])) {
      const identity = identityOf(path);
      const armed = this.#armed.get(path);
      if (armed?.identity === identity) continue;
      news = true;
      armed?.watcher.close();
      this.#armed.delete(path);
      if (identity !== '') this.#watch(path, identity);
    }
    return news;
  }

  end(): void {
    this.#ended = true;
    for (const { watcher } of this.#armed.values()) watcher.close();
    this.#armed.clear();
  }

  #watch(path: string, identity: string): void {
    try {
      // A watch alone must not keep a process alive that has nothing else to do
      const watcher = watch(path, { persistent: false }, (_, name) => this.#happened(path, name));
      watcher.on('error', () => this.#lost(path));
      this.#armed.set(path, { watcher, identity });
    } catch {
      // Gone between the look and the watch, or out of inotify watches: the next event or the caller's resync finds it
    }
  }

  #happened(path: string, name: string | null): void {
    const onTheWay = name === null || this.#steps.get(path)?.has(name) === true;
    if (this.#wanted.has(path) || (onTheWay && this.arm())) this.#tell();
  }

  #lost(path: string): void {
    this.#armed.get(path)?.watcher.close();
    this.#armed.delete(path);
    this.#tell();
  }

  #tell(): void {
    if (this.#told || this.#ended) return;
    this.#told = true;
    setImmediate(() => {
      this.#told = false;
      // What was made while the watches were not armed yet is seen by looking again, and is told by this same call
      if (!this.#ended) this.arm();
      if (!this.#ended) this.#changed();
    });
  }
}

/** Device and inode of a directory: another one at the same path has others. Empty where none is. */
function identityOf(path: string): string {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? `${stats.dev}:${stats.ino}` : '';
  } catch {
    return '';
  }
}
