import { Slice } from '../../../timing/sliced.ts';
import { KernelError } from '../../error.ts';
import { ERRNO, kernelError } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { Growing, onlyOnce } from './growing.ts';

/** Under churn a walk starts anew: reading fails after this many times the map's size. */
export const MOST_PASSES = 4;

const NO_VALUE = new Uint8Array(0);

/** All keys, in the kernel's order, which waits on no kernel. A key that is deleted meanwhile starts the walk anew. */
export async function keysInOrder({ library }: Host, map: OwnedMap): Promise<Uint8Array> {
  const { keySize, maxEntries } = map.spec;
  const slice = new Slice();
  const sizes = { keySize, stride: 0 };
  const found = new Growing(sizes);
  let key: Uint8Array | null = null;
  for (let steps = 0; steps <= MOST_PASSES * (maxEntries + 1); steps += 1) {
    if (slice.over()) await slice.rest();
    const next = new Uint8Array(keySize);
    const answer = library.mapNextKey(map.fd, key, next);
    if (answer === -ERRNO.ENOENT) return (await onlyOnce(found.entries(), sizes)).keys;
    if (answer < 0) throw kernelError('read', map.label, answer);
    found.add(next, NO_VALUE);
    key = next;
  }
  throw new KernelError('read', map.label, 'EAGAIN', 'it changes faster than it can be read');
}
