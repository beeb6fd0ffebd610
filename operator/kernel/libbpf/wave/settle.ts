import { Slice } from '../../../timing/sliced.ts';
import type { KernelError } from '../../error.ts';
import type { Failed, Settling } from '../../kernel.ts';
import { renameError, unlinkError } from '../bpffs/pins.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { Arena, textBytes } from './arena.ts';

const SETTLINGS = 1024;
const PATH_BYTES = 128 << 10;
/** Words of struct innermap_settling and struct innermap_settled (native/bulk/innermap.h). */
const WORDS = 3;
const ANSWER_WORDS = 2;
const NO_PATH = 0xffff_ffff;
const NO_FDS = new Int32Array(0);

/** In chunks, one after the other: while C works on one, the next is written here. The last one closes the maps; they are closed whatever happens. */
export async function settleAll(
  host: Host,
  settlings: Iterable<Settling>,
  closing: readonly OwnedMap[],
): Promise<Failed> {
  const failed = new Map<number, KernelError>();
  const slice = new Slice();
  let [chunk, other] = [new SettleChunk(), new SettleChunk()];
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
      if (!chunk.fits(settling)) await next();
      if (settling.unlink !== undefined || settling.rename !== undefined) chunk.put(settling, index);
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

interface Settled {
  readonly settling: Settling;
  readonly index: number;
}

class SettleChunk {
  readonly #items: Settled[] = [];
  readonly #words = new Uint32Array(SETTLINGS * WORDS);
  readonly #answers = new Int32Array(SETTLINGS * ANSWER_WORDS);
  readonly #paths = new Arena(PATH_BYTES);

  fits(settling: Settling): boolean {
    return this.#items.length < SETTLINGS && this.#paths.fits(pathBytes(settling));
  }

  put(settling: Settling, index: number): void {
    this.#paths.grow(pathBytes(settling));
    const { unlink, rename } = settling;
    const at = this.#items.length * WORDS;
    this.#words[at] = this.#put(unlink);
    this.#words[at + 1] = this.#put(rename?.from);
    this.#words[at + 2] = this.#put(rename?.to);
    this.#items.push({ settling, index });
  }

  #put(path: string | undefined): number {
    return path === undefined ? NO_PATH : this.#paths.putText(path);
  }

  /** Off the event loop. Adds what failed, and is empty again. */
  async settle({ library }: Host, fds: Int32Array, failed: Map<number, KernelError>): Promise<void> {
    const items = this.#items;
    if (items.length + fds.length === 0) return;
    const sizes = BigUint64Array.from([items.length, fds.length, this.#paths.size], BigInt);
    await library.settlePins.later(this.#words, this.#answers, fds, this.#paths.bytes, sizes);
    for (const [at, { settling, index }] of items.entries()) {
      const error = this.#errorOf(settling, at * ANSWER_WORDS);
      if (error !== undefined) failed.set(index, error);
    }
    items.length = 0;
    this.#paths.clear();
  }

  #errorOf({ unlink = '', rename = NO_RENAME }: Settling, at: number): KernelError | undefined {
    const [unlinked, renamed] = [this.#answers[at]!, this.#answers[at + 1]!];
    if (unlinked < 0) return unlinkError(unlink, unlinked);
    return renamed < 0 ? renameError(rename, renamed) : undefined;
  }
}

const NO_RENAME = { from: '', to: '' };

function pathBytes({ unlink = '', rename = NO_RENAME }: Settling): number {
  return textBytes(unlink) + textBytes(rename.from) + textBytes(rename.to);
}
