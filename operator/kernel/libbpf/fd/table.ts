import { closeSync, openSync } from 'node:fs';
import type { Library } from '../library.ts';
import { DUPLICATE } from '../symbols.ts';

/** Files that a process has open anyway. */
const OTHERS = 64;

/**
 * Room in the table of open files. Where threads share the table, and Node's do, the kernel waits for a grace period
 * at each doubling (fs/file.c, expand_fdtable): from 64 to 16,384 files eight times. One high fd, opened and closed again
 * off the event loop, makes it grow once; it never shrinks.
 */
export class FileTable {
  readonly #library: Library;
  #size = OTHERS;

  constructor(library: Library) {
    this.#library = library;
  }

  /** Makes room for so many more files than are open now. A failure only makes opening files slower. */
  async reserve(files: number): Promise<void> {
    const least = files + OTHERS;
    if (least <= this.#size) return;
    this.#size = least;
    const fd = openSync('/', 'r');
    try {
      const high = await this.#library.duplicate.later(fd, DUPLICATE, least);
      if (high >= 0) this.#library.close(high);
    } finally {
      closeSync(fd);
    }
  }
}
