import { Slice } from '../../../timing/sliced.ts';
import type { Kept } from '../../kernel.ts';
import { ERRNO } from '../errno.ts';
import type { Library } from '../library.ts';
import { Refill } from './refill.ts';
import { isPassing, type Pairs, part, singleNow, TRIES } from './write.ts';

/**
 * Writes entries one by one, each right after its bytes were read: only the counts of a program between the two calls are
 * lost. In a batch the two would lie as many microseconds apart as it has entries.
 * Returns index → -errno of the refused entries.
 */
export async function writeKeeping(
  library: Library,
  fd: number,
  { pairs, kept }: { readonly pairs: Pairs; readonly kept: Kept },
): Promise<Map<number, number>> {
  const failed = new Map<number, number>();
  const refill = new Refill();
  const slice = new Slice();
  const value = new Uint8Array(pairs.stride);
  for (let index = 0; index < pairs.count; index += 1) {
    if (slice.over()) await slice.rest();
    // For an absent prefix a trie answers the one around it: only entries that were found before are looked up
    const put = (): number =>
      kept.entries[index] === 1
        ? putKeeping(library, fd, { one: part(pairs, index, index + 1), mask: kept.mask, value })
        : singleNow(library, fd, pairs, index);
    let answer = put();
    for (let tries = 1; isPassing(answer) && tries < TRIES; tries += 1) answer = put();
    for (let tried = 1; await refill.isDue(answer, tried); tried = 0) answer = put();
    if (answer < 0) failed.set(index, answer);
  }
  return failed;
}

interface Keeping {
  readonly one: Pairs;
  readonly mask: Uint8Array;
  /** Buffer for the present value. */
  readonly value: Uint8Array;
}

function putKeeping(library: Library, fd: number, { one, mask, value }: Keeping): number {
  const given = one.values!;
  const found = library.mapLookup(fd, one.keys, value);
  if (found === -ERRNO.ENOENT) return library.mapUpdate(fd, one.keys, given, 0);
  if (found < 0) return found;
  for (let byte = 0; byte < value.length; byte += 1) {
    const written = mask[byte]!;
    value[byte] = (value[byte]! & ~written) | (given[byte]! & written);
  }
  return library.mapUpdate(fd, one.keys, value, 0);
}
