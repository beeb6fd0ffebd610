import { Slice } from '../../../timing/sliced.ts';
import type { KernelError } from '../../error.ts';
import type { Settling } from '../../kernel.ts';
import { renameError, unlinkError } from '../bpffs/pins.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { textsOf } from './arena.ts';

const SETTLINGS = 1024;
/** Bits of a settling and words of struct innermap_settled (native/bulk/wave/wave.h). */
const KIND = { unlink: 1, rename: 2 } as const;
const ANSWER_WORDS = 2;
const NO_FDS = new Int32Array(0);

/** The end of a wave: pins in one directory, then maps to close. */
export interface Settlement {
  readonly directory: string;
  readonly settlings: Iterable<Settling>;
  readonly closing: readonly OwnedMap[];
}

/** In chunks, one after the other: while C works on one, the next is written here. The last one closes the maps; they are closed whatever happens. */
export async function settleAll(
  host: Host,
  { directory, settlings, closing }: Settlement,
): Promise<Map<number, KernelError>> {
  const failed = new Map<number, KernelError>();
  const slice = new Slice();
  let [chunk, other] = [new SettleChunk(directory), new SettleChunk(directory)];
  let working: Promise<void> = Promise.resolve();
  let index = 0;
  const next = async (): Promise<void> => {
    await working;
    working = chunk.settle(host, NO_FDS, failed);
    working.catch(() => undefined);
    [chunk, other] = [other, chunk];
  };
  try {
    for (const settling of settlings) {
      if (slice.over()) await slice.rest();
      if (chunk.isFull) await next();
      chunk.put(settling, index);
      index += 1;
    }
    await working;
    await chunk.settle(host, fdsOf(closing), failed);
  } finally {
    for (const map of closing) map.close();
  }
  return failed;
}

function fdsOf(maps: readonly OwnedMap[]): Int32Array {
  const fds: number[] = [];
  for (const map of maps) {
    const fd = map.release();
    if (fd >= 0) fds.push(fd);
  }
  return Int32Array.from(fds);
}

class SettleChunk {
  readonly #directory: string;
  readonly #kinds = new Uint8Array(SETTLINGS);
  readonly #answers = new Int32Array(SETTLINGS * ANSWER_WORDS);
  readonly #settlings: Settling[] = [];
  readonly #indexes: number[] = [];
  #names: string[];

  constructor(directory: string) {
    this.#directory = directory;
    this.#names = [directory];
  }

  get isFull(): boolean {
    return this.#settlings.length === SETTLINGS;
  }

  /** What has nothing to do takes no place. */
  put(settling: Settling, index: number): void {
    const { unlink, rename } = settling;
    if (unlink === undefined && rename === undefined) return;
    const at = this.#settlings.length;
    this.#kinds[at] = (unlink === undefined ? 0 : KIND.unlink) | (rename === undefined ? 0 : KIND.rename);
    if (unlink !== undefined) this.#names.push(unlink);
    if (rename !== undefined) this.#names.push(rename.from, rename.to);
    this.#settlings.push(settling);
    this.#indexes.push(index);
  }

  /** Off the event loop. Adds what failed, and is empty again. */
  async settle({ library }: Host, fds: Int32Array, failed: Map<number, KernelError>): Promise<void> {
    const { length } = this.#settlings;
    if (length + fds.length === 0) return;
    const names = textsOf(this.#names);
    const sizes = BigUint64Array.from([length, fds.length, names.length], BigInt);
    await library.settlePins.later(this.#kinds, this.#answers, fds, names, sizes);
    const answers = this.#answers;
    for (let at = 0; at < length; at++) {
      const [unlinked, renamed] = [answers[at * ANSWER_WORDS]!, answers[at * ANSWER_WORDS + 1]!];
      if (unlinked < 0 || renamed < 0)
        failed.set(this.#indexes[at]!, this.#errorOf(this.#settlings[at]!, unlinked, renamed));
    }
    this.#settlings.length = 0;
    this.#indexes.length = 0;
    this.#names = [this.#directory];
  }

  #errorOf({ unlink = '', rename = NO_RENAME }: Settling, unlinked: number, renamed: number): KernelError {
    const pathOf = (name: string): string => `${this.#directory}/${name}`;
    if (unlinked < 0) return unlinkError(pathOf(unlink), unlinked);
    return renameError({ from: pathOf(rename.from), to: pathOf(rename.to) }, renamed);
  }
}

const NO_RENAME = { from: '', to: '' };
