interface Watch {
  readonly directories: readonly string[];
  readonly changed: () => void;
  told: boolean;
}

/** inotify on bpffs: later than the change, several changes at once as one call. */
export class Watches {
  readonly #watches = new Set<Watch>();

  add(directories: readonly string[], changed: () => void): () => void {
    const watch = { directories, changed, told: false };
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }

  /** An entry of this path was made, replaced or taken away. */
  tell(path: string): void {
    for (const watch of this.#watches) {
      if (watch.told || !watch.directories.some(directory => concerns(directory, path))) continue;
      watch.told = true;
      setImmediate(() => {
        watch.told = false;
        if (this.#watches.has(watch)) watch.changed();
      });
    }
  }
}

/** An entry directly in the directory, or the directory itself or a parent of it. */
function concerns(directory: string, path: string): boolean {
  return path.slice(0, path.lastIndexOf('/')) === directory || `${directory}/`.startsWith(`${path}/`);
}
