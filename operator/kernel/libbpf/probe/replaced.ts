import { equalBytes } from '../../../core/bytes/bytes.ts';
import { keysInOrder } from '../entries/walk.ts';
import type { Pairs } from '../entries/write.ts';
import { batchLater, part } from '../entries/write.ts';
import { ANY } from '../library/symbols.ts';
import type { Host, OwnedMap } from '../maps.ts';

/**
 * Whether a program can miss an entry of this full map of 16 while it is replaced. Until 6.15 (2c304172e031) the kernel puts a
 * new element at the head of its bucket and takes the old one away: a walk shows the new order. Now it changes the
 * element. 16 keys in 16 buckets without one that two share are one case in a million.
 */
export async function showsReplacements(host: Host, hash: OwnedMap, value: number): Promise<boolean> {
  const before = await keysInOrder(host, hash);
  const pairs = pairsOn(value, new Uint32Array(before.buffer, before.byteOffset, before.length / 4));
  const isChanged = async () => !equalBytes(await keysInOrder(host, hash), before);
  if (host.ways.updateBatch === 'once') {
    await batchLater(host.library, hash.fd, pairs);
    return isChanged();
  }
  // In the order of the walk, or two of one bucket could come back to where they were
  for (let key = 0; key < pairs.count; key += 1) {
    await single(host, hash, part(pairs, key, key + 1));
    if (await isChanged()) return true;
  }
  return false;
}

export async function single({ library }: Host, outer: OwnedMap, { keys, values }: Pairs): Promise<void> {
  await library.mapUpdate.later(outer.fd, keys, values!, ANY);
}

/** The same value at each key. */
export function pairsOn(value: number, keys: Uint32Array): Pairs {
  const values = new Uint8Array(new Uint32Array(keys.length).fill(value).buffer);
  const keyBytes = new Uint8Array(keys.buffer, keys.byteOffset, keys.byteLength);
  return { count: keys.length, keys: keyBytes, keySize: 4, values, stride: 4 };
}
