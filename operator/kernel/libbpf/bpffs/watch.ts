import type { FSWatcher } from 'node:fs';
import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Watches directories by inotify, and their parents: a watch is deaf after rmdir and mkdir of its directory, so a change
 * in a parent renews the watches. Calls back at most once per turn of the event loop.
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
  #isScheduled = false;
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

  /** Watches the directories that exist now, and no others. Returns whether a watch was made or closed. */
  arm(): boolean {
    let changed = false;
    for (const path of new Set([...this.#wanted, ...this.#steps.keys()])) {
      const identity = identityOf(path);
      const armed = this.#armed.get(path);
      if (armed?.identity === identity) continue;
      changed = true;
      armed?.watcher.close();
      this.#armed.delete(path);
      if (identity !== '') this.#watch(path, identity);
    }
    return changed;
  }

  end(): void {
    this.#ended = true;
    for (const { watcher } of this.#armed.values()) watcher.close();
    this.#armed.clear();
  }

  #watch(path: string, identity: string): void {
    try {
      // A watch alone must not keep the process alive
      const watcher = watch(path, { persistent: false }, (_, name) => this.#happened(path, name));
      watcher.on('error', () => this.#lost(path));
      this.#armed.set(path, { watcher, identity });
    } catch {
      // The directory went since identityOf, or no inotify watch is left: the next event or the caller's resync finds it
    }
  }

  #happened(path: string, name: string | null): void {
    const onTheWay = name === null || this.#steps.get(path)?.has(name) === true;
    if (this.#wanted.has(path) || (onTheWay && this.arm())) this.#schedule();
  }

  #lost(path: string): void {
    this.#armed.get(path)?.watcher.close();
    this.#armed.delete(path);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#ended) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      // Directories made before their parent was watched caused no event: this finds them, and this call reports them
      if (!this.#ended) this.arm();
      if (!this.#ended) this.#changed();
    });
  }
}

/** Device and inode of a directory, which its successor at the path does not share; empty where none is. */
function identityOf(path: string): string {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? `${stats.dev}:${stats.ino}` : '';
  } catch {
    return '';
  }
}
