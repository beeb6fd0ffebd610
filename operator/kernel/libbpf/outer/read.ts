import { timesSliced } from '../../../timing/sliced.ts';
import { KernelError } from '../../error.ts';
import type { OuterEntries, PlaceRange } from '../../kernel.ts';
import { isQuickToRead, readLater, readNow } from '../entries/read.ts';
import { keysInOrder } from '../entries/walk.ts';
import { keysOf } from '../entries/write.ts';
import { ERRNO, kernelError } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { lookupsLater } from './singles.ts';

/** A batch of a HashOfMaps waits on no kernel; without it, or of an ArrayOfMaps, each lookup may. */
export async function readOuter(host: Host, outer: OwnedMap, places?: PlaceRange): Promise<OuterEntries> {
  if (places !== undefined) return readEach(host, outer, indexes(outer, places));
  if (outer.spec.type === 'ArrayOfMaps') {
    if (await lookupsWait(host, outer)) return readEach(host, outer, indexes(outer, EVERY_PLACE));
  } else if (!hasLookupBatch(host, outer) && (await lookupsWait(host, outer)))
    return readEach(host, outer, await keysInOrder(host, outer));
  const quick = isQuickToRead(host, outer) ? readNow(host, outer) : undefined;
  const { count, keys, values } = quick ?? (await readLater(host, outer));
  return { count, keys, ids: new Uint32Array(values.buffer, values.byteOffset, count) };
}

const zero = new Uint32Array(1);
const token = new Uint32Array(1);

/** A lookup of no entries: ENOTSUPP where the type has no batch, EINVAL before 5.6. */
function hasLookupBatch({ library }: Host, { fd }: OwnedMap): boolean {
  zero[0] = 0;
  return library.mapLookupBatch(fd, null, token, null, null, zero) === 0;
}

/** Asked with the first place or an absent key: both wait, or neither. */
export function lookupsWait({ library, ways }: Host, { fd, label, spec }: OwnedMap): Promise<boolean> {
  const key = new Uint8Array(spec.keySize);
  const value = new Uint32Array(1);
  const looked = (answer: number): void => {
    // A map that may not be read refuses before it waits
    if (answer < 0 && answer !== -ERRNO.ENOENT) throw kernelError('read', label, answer);
  };
  return ways.lookupsWait({
    later: async () => looked(await library.mapLookup.later(fd, key, value)),
    now: () => looked(library.mapLookup(fd, key, value)),
  });
}

const EVERY_PLACE: PlaceRange = { from: 0, count: Number.POSITIVE_INFINITY };

function indexes({ label, spec }: OwnedMap, { from, count }: PlaceRange): Uint8Array {
  if (spec.type !== 'ArrayOfMaps')
    throw new KernelError('read places of', label, 'EINVAL', 'only an ArrayOfMaps has places');
  const keys = new Uint32Array(Math.max(0, Math.min(count, spec.maxEntries - from)));
  for (let at = 0; at < keys.length; at += 1) keys[at] = from + at;
  return new Uint8Array(keys.buffer);
}

/** Looks each key up off the event loop, many side by side. */
async function readEach({ library }: Host, outer: OwnedMap, keys: Uint8Array): Promise<OuterEntries> {
  const pairs = keysOf(outer, keys);
  const ids = new Uint32Array(pairs.count);
  const values = new Uint8Array(ids.buffer);
  const answers = await lookupsLater(library, outer.fd, { ...pairs, values, stride: 4 });
  await timesSliced(answers.length, index => {
    const answer = answers[index]!;
    // Gone since its key was read, or a place without an inner map
    if (answer === -ERRNO.ENOENT) ids[index] = 0;
    else if (answer < 0) throw kernelError('read', outer.label, answer);
  });
  return present(keys, ids, outer.spec.keySize);
}

/** Those with an inner map: 0 is no id. */
async function present(keys: Uint8Array, ids: Uint32Array, keySize: number): Promise<OuterEntries> {
  let count = 0;
  await timesSliced(ids.length, index => {
    if (ids[index] === 0) return;
    ids[count] = ids[index]!;
    keys.copyWithin(count * keySize, index * keySize, (index + 1) * keySize);
    count += 1;
  });
  return { count, keys: keys.slice(0, count * keySize), ids: ids.slice(0, count) };
}
