import { statsOf } from '../disk/scan.ts';
import type { ReadOptions } from '../manifests.ts';
import type { FileResult } from './read.ts';
import { FileReader } from './reader.ts';

export interface Readers {
  readonly received: (result: FileResult) => void;
  /** Called for a file that was asked for again while it was read. */
  readonly again: (path: string) => void;
  /** Called while many files are read. */
  readonly progress?: (done: number, total: number) => void;
}

/** Up to this size and number, the main thread reads the files: a single edit reaches the kernel at once. */
const SMALL = 16 * 1024;
const FEW = 8;

/** Readings of files, one at a time of each. */
export class Readings {
  readonly #readers: Readers;
  readonly #reader = new FileReader();
  readonly #inThread = new Set<string>();
  readonly #again = new Set<string>();
  #isClosed = false;

  constructor(readers: Readers) {
    this.#readers = readers;
  }

  /** Files that are being read. */
  get size(): number {
    return this.#inThread.size;
  }

  /** Those that are being read already are read again afterwards. */
  async read(paths: readonly string[], optionsFor: (due: readonly string[]) => ReadOptions): Promise<void> {
    const due = paths.filter(path => !this.#inThread.has(path));
    for (const path of paths) if (this.#inThread.has(path)) this.#again.add(path);
    if (due.length === 0) return;
    const options = optionsFor(due);
    if (due.length <= FEW && due.every(isSmall))
      for (const result of this.#reader.readHere(due, options)) this.#readers.received(result);
    else await this.#readInThread(due, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader.close();
  }

  async #readInThread(paths: readonly string[], options: ReadOptions): Promise<void> {
    const { received, again, progress } = this.#readers;
    for (const path of paths) this.#inThread.add(path);
    let done = 0;
    await this.#reader.read(paths, options, result => {
      this.#inThread.delete(result.path);
      if (this.#isClosed) return;
      received(result);
      progress?.(++done, paths.length);
      if (this.#again.delete(result.path)) again(result.path);
    });
  }
}

function isSmall(path: string): boolean {
  return (statsOf(path)?.size ?? 0) <= SMALL;
}
