import { closeSync, openSync } from 'node:fs';
import { DUPLICATE } from '../library/symbols.ts';
import type { Library } from '../library.ts';

/** Files that a process has open anyway. */
const OTHERS = 64;

/**
 * Returns a function that makes room for so many more files than are open now; its failure only makes opening slower.
 * Where threads share the table, and Node's do, the kernel waits for a grace period at each doubling (fs/file.c,
 * expand_fdtable): from 64 to 16,384 files eight times. One high fd, opened and closed again off the event loop, makes
 * the table grow once; it never shrinks.
 */
export function fileTable(library: Library): (files: number) => Promise<void> {
  let size = OTHERS;
  return async files => {
    const least = files + OTHERS;
    if (least <= size) return;
    size = least;
    const fd = opened();
    if (fd === undefined) return;
    try {
      const high = await library.duplicate.later(fd, DUPLICATE, least);
      if (high >= 0) library.close(high);
    } finally {
      closeSync(fd);
    }
  };
}

/** None where no file is left: what needs one next says so. */
function opened(): number | undefined {
  try {
    return openSync('/', 'r');
  } catch {
    return undefined;
  }
}
