import type { Entries } from '../../../core/entries.ts';
import { NO_ENTRIES } from '../../../core/entries.ts';
import { Slice, timesSliced } from '../../../timing/sliced.ts';
import { KernelError } from '../../error.ts';
import { ERRNO, kernelError } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { hasContents, strideOf } from '../maptypes.ts';
import { concatenated, Growing, onlyOnce } from './growing.ts';
import { repeatsKeys } from './prefixes.ts';
import { copied } from './slab.ts';
import { keysInOrder, MOST_PASSES } from './walk.ts';
import { isPassing, TRIES } from './write.ts';

/** Maps up to this size are read at once, on the event loop. */
const NOW_ENTRIES = 4096;
const NOW_BYTES = 1 << 20;
/** A large map is read in parts of this many entries, or this many bytes. */
const PART_ENTRIES = 16_384;
const PART_BYTES = 4 << 20;
const MOST_PART_BYTES = 1 << 30;

/** Sizes of one entry, and how many there can be. */
interface Shape {
  readonly keySize: number;
  readonly stride: number;
  readonly maxEntries: number;
}

export function isQuickToRead(host: Host, map: OwnedMap): boolean {
  if (!hasContents(map.spec.type)) return true;
  const { keySize, stride, maxEntries } = shapeOf(host, map);
  return maxEntries <= NOW_ENTRIES && maxEntries * (keySize + stride) <= NOW_BYTES;
}

/** All entries of a small map; undefined where that takes more than one call: then readLater. */
export function readNow(host: Host, map: OwnedMap): Entries | undefined {
  if (!hasContents(map.spec.type)) return NO_ENTRIES;
  const shape = shapeOf(host, map);
  // One more than there can be: then the call that reads the last entry answers ENOENT
  const space = scratchFor(shape, shape.maxEntries + 1);
  space.count[0] = shape.maxEntries + 1;
  const { token, keys, values, count } = space;
  const answer = host.library.mapLookupBatch(map.fd, null, token, keys, values, count);
  if (answer !== -ERRNO.ENOENT) return undefined;
  const entries = copyOf(space, shape);
  return walkRepeats(map, [entries], shape) ? undefined : entries;
}

/** All entries of any map, off the event loop, a part at a time. */
export async function readLater(host: Host, map: OwnedMap): Promise<Entries> {
  if (!hasContents(map.spec.type)) return NO_ENTRIES;
  const shape = shapeOf(host, map);
  const parts = await batches(host, map, shape);
  if (parts !== undefined)
    return walkRepeats(map, parts, shape) ? onlyOnce(joined(parts), shape) : joined(parts);
  return map.spec.type === 'ArrayOfMaps' ? indexes(host, map, shape) : keyByKey(host, map, shape);
}

function shapeOf(host: Host, map: OwnedMap): Shape {
  const { keySize, maxEntries } = map.spec;
  return { keySize, stride: strideOf(map.spec, host.possibleCpus), maxEntries };
}

/** undefined where the kernel has no batch for this type, or cannot go on with it. */
async function batches(host: Host, map: OwnedMap, shape: Shape): Promise<Entries[] | undefined> {
  const parts: Entries[] = [];
  const bytes = shape.keySize + shape.stride;
  let capacity = Math.min(shape.maxEntries + 1, PART_ENTRIES, Math.max(16, Math.floor(PART_BYTES / bytes)));
  let space = spaceFor(shape, capacity);
  let from: Uint8Array | null = null;
  let refused = 0;
  for (let read = 0; read <= MOST_PASSES * (shape.maxEntries + PART_ENTRIES); ) {
    space.count[0] = capacity;
    const { token, keys, values, count } = space;
    const answer = await host.library.mapLookupBatch.later(map.fd, from, token, keys, values, count);
    if (answer === -ERRNO.ENOSPC && capacity * bytes < MOST_PART_BYTES) {
      // One bucket holds more than fits: try it again with more room
      capacity *= 2;
      space = spaceFor(shape, capacity);
      continue;
    }
    if (cannotBatch(answer, count[0]!, capacity)) return undefined;
    refused = isPassing(answer) ? refused + 1 : 0;
    const goesOn = refused > 0 && refused < TRIES;
    if (answer < 0 && answer !== -ERRNO.ENOENT && !goesOn) throw kernelError('read', map.label, answer);
    read += count[0]!;
    parts.push(copyOf(space, shape));
    if (answer === -ERRNO.ENOENT) return parts;
    // A bucket that could not be locked is the next one; before the first entry the token may say nothing
    if (!goesOn || read > 0) from = token.slice();
  }
  throw new KernelError('read', map.label, 'EAGAIN', 'it changes faster than it can be read');
}

/** EINTR: a sparse ArrayOfMaps on 6.5 to 6.13. A kernel without the batch leaves `count` unchanged. */
function cannotBatch(answer: number, count: number, capacity: number): boolean {
  if (answer === -ERRNO.EINTR || answer === -ERRNO.ENOTSUPP) return true;
  return answer === -ERRNO.EINVAL && count === capacity;
}

/** Every index of an ArrayOfMaps, one by one. */
async function indexes(host: Host, map: OwnedMap, shape: Shape): Promise<Entries> {
  const slice = new Slice();
  const found = new Growing(shape);
  const key = new Uint32Array(1);
  const value = new Uint8Array(shape.stride);
  for (let index = 0; index < shape.maxEntries; index += 1) {
    if (slice.over()) await slice.rest();
    key[0] = index;
    const answer = host.library.mapLookup(map.fd, key, value);
    if (answer === 0) found.add(new Uint8Array(key.buffer), value);
    else if (answer !== -ERRNO.ENOENT) throw kernelError('read', map.label, answer);
  }
  return found.entries();
}

/** Key by key, for types without a batch. */
async function keyByKey(host: Host, map: OwnedMap, shape: Shape): Promise<Entries> {
  const keys = await keysInOrder(host, map);
  const found = new Growing(shape);
  const value = new Uint8Array(shape.stride);
  await timesSliced(shape.keySize === 0 ? 0 : keys.length / shape.keySize, index => {
    const key = keys.subarray(index * shape.keySize, (index + 1) * shape.keySize);
    const answer = host.library.mapLookup(map.fd, key, value);
    if (answer === 0) found.add(key, value);
    else if (answer !== -ERRNO.ENOENT) throw kernelError('read', map.label, answer);
  });
  return found.entries();
}

/** Buffers that one batch lookup writes to. */
interface Space {
  token: Uint8Array;
  keys: Uint8Array;
  values: Uint8Array;
  readonly count: Uint32Array;
}

function spaceFor(shape: Shape, capacity: number): Space {
  return {
    token: new Uint8Array(Math.max(4, shape.keySize)),
    keys: new Uint8Array(capacity * shape.keySize),
    values: new Uint8Array(capacity * shape.stride),
    count: new Uint32Array(1),
  };
}

const scratch = spaceFor({ keySize: 0, stride: 0, maxEntries: 0 }, 0);

/** Only readNow uses the scratch, and awaits nothing meanwhile. */
function scratchFor({ keySize, stride }: Shape, capacity: number): Space {
  scratch.token = atLeast(scratch.token, keySize);
  scratch.keys = atLeast(scratch.keys, capacity * keySize);
  scratch.values = atLeast(scratch.values, capacity * stride);
  return scratch;
}

function atLeast(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.length >= length ? bytes : new Uint8Array(length);
}

function copyOf(space: Space, shape: Shape): Entries {
  const count = space.count[0]!;
  if (count === 0) return NO_ENTRIES;
  const keys = copied(space.keys, count * shape.keySize);
  return { count, keys, values: copied(space.values, count * shape.stride) };
}

/** Under churn the walk of a trie can repeat keys; no other type's can. */
function walkRepeats(map: OwnedMap, parts: readonly Entries[], shape: Shape): boolean {
  return map.spec.type === 'LPMTrie' && repeatsKeys(parts, shape.keySize);
}

function joined(parts: readonly Entries[]): Entries {
  if (parts.length === 1) return parts[0]!;
  const count = parts.reduce((sum, { count }) => sum + count, 0);
  const keys = concatenated(parts.map(part => part.keys));
  return { count, keys, values: concatenated(parts.map(part => part.values)) };
}
