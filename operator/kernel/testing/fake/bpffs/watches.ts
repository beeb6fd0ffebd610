interface Watch {
  readonly directories: readonly string[];
  readonly changed: () => void;
  isScheduled: boolean;
}

/** inotify on bpffs: one call for several changes, later than these. */
export class Watches {
  readonly #watches = new Set<Watch>();

  add(directories: readonly string[], changed: () => void): () => void {
    const watch = { directories, changed, isScheduled: false };
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }

  /** Reports that an entry of this path was made, replaced or removed. */
  report(path: string): void {
    for (const watch of this.#watches) {
      if (watch.isScheduled || !watch.directories.some(directory => concerns(directory, path))) continue;
      watch.isScheduled = true;
      setImmediate(() => {
        watch.isScheduled = false;
        if (this.#watches.has(watch)) watch.changed();
      });
    }
  }
}

/** An entry directly in the directory, or the directory itself or a parent of it. */
function concerns(directory: string, path: string): boolean {
  return path.slice(0, path.lastIndexOf('/')) === directory || `${directory}/`.startsWith(`${path}/`);
}
