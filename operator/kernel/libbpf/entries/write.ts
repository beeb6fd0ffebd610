import type { Entries } from '../../../core/entries.ts';
import { isArray } from '../../../core/mapspec.ts';
import { Slice } from '../../../timing/sliced.ts';
import { KernelError } from '../../error.ts';
import type { Failed } from '../../kernel.ts';
import { ERRNO, kernelError } from '../errno.ts';
import type { Library } from '../library.ts';
import type { OwnedMap } from '../maps.ts';
import { isOuter, strideOf } from '../maptypes.ts';
import { Refill } from './refill.ts';

/** `done` entries of a batch were written; `unsupported`: this kernel has no such batch, and wrote none. */
export interface WriteProgress {
  readonly done: number;
  readonly answer: number;
  readonly unsupported: boolean;
}

/** Entries of one size each: `keys` and, for updates, `values`, one after the other. */
export interface Pairs {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly keySize: number;
  readonly values: Uint8Array | undefined;
  readonly stride: number;
}

/** The map that is written to, for its sizes and for messages. */
type Target = Pick<OwnedMap, 'label' | 'spec'>;

/** Throws where the bytes are not as many as `count` says: the kernel would read beyond them. */
export function pairsOf(
  { label, spec }: Target,
  { count, keys, values }: Entries,
  possibleCpus: number,
): Pairs {
  const { keySize } = spec;
  const stride = strideOf(spec, possibleCpus);
  requireBytes(label, 'keys', keys.length, count * keySize);
  requireBytes(label, 'values', values.length, count * stride);
  return { count, keys, keySize, values, stride };
}

/** Keys to delete. */
export function keysOf({ label, spec: { keySize } }: Target, keys: Uint8Array): Pairs {
  const count = keySize === 0 ? 0 : Math.floor(keys.length / keySize);
  requireBytes(label, 'keys', keys.length, count * keySize);
  return { count, keys, keySize, values: undefined, stride: 0 };
}

export function requireBytes(label: string, name: string, given: number, needed: number): void {
  if (given === needed) return;
  throw new KernelError('write to', label, 'EINVAL', `its ${name} take ${needed} bytes, ${given} were given`);
}

/** Entries of one batch on the event loop: 2 ms at most, which an LPM trie takes. */
const NOW_ENTRIES = 1000;

export const TRIES = 4;
const shared = new Uint32Array(1);

/** One batch of update (with values) or delete (without), at once. */
function batchNow(library: Library, fd: number, pairs: Pairs): WriteProgress {
  shared[0] = pairs.count;
  const { keys, values } = pairs;
  const answer =
    values === undefined
      ? library.mapDeleteBatch(fd, keys, shared)
      : library.mapUpdateBatch(fd, keys, values, shared);
  return progress(pairs.count, shared[0], answer);
}

/** The same off the event loop. */
export async function batchLater(library: Library, fd: number, pairs: Pairs): Promise<WriteProgress> {
  const count = Uint32Array.of(pairs.count);
  const { keys, values } = pairs;
  const answer = await (values === undefined
    ? library.mapDeleteBatch.later(fd, keys, count)
    : library.mapUpdateBatch.later(fd, keys, values, count));
  return progress(pairs.count, count[0]!, answer);
}

/** A kernel without the batch leaves `count` unchanged; one that refused an entry sets it to those before. */
function progress(total: number, count: number, answer: number): WriteProgress {
  if (answer >= 0) return { done: total, answer: 0, unsupported: false };
  const untouched = count >= total;
  const unsupported = untouched && (answer === -ERRNO.ENOTSUPP || answer === -ERRNO.EINVAL);
  return { done: untouched ? 0 : count, answer, unsupported };
}

export function part(pairs: Pairs, from: number, to: number): Pairs {
  const { keySize, stride } = pairs;
  const keys = pairs.keys.subarray(from * keySize, to * keySize);
  const values = pairs.values?.subarray(from * stride, to * stride);
  return { count: to - from, keys, keySize, values, stride };
}

/** One entry without a batch. */
export function singleNow(library: Library, fd: number, pairs: Pairs, index: number): number {
  const { keys, values } = part(pairs, index, index + 1);
  return values === undefined ? library.mapDelete(fd, keys) : library.mapUpdate(fd, keys, values, 0);
}

/**
 * Writes into a map whose writes wait for no grace period. Returns index → -errno of the refused entries.
 * Many entries are written off the event loop; after a refusal the rest follows in slices.
 */
export async function writeAll(library: Library, map: OwnedMap, pairs: Pairs): Promise<Map<number, number>> {
  const failed = new Map<number, number>();
  const slice = new Slice();
  const refill = new Refill();
  let way: Way = pairs.count > NOW_ENTRIES ? 'later' : 'now';
  let tries = 0;
  for (let from = 0; from < pairs.count; ) {
    if (slice.over()) await slice.rest();
    const { done, answer, unsupported } = await writeSome(library, map.fd, { pairs, from, way });
    from += done;
    way = wayAfter(way, answer, unsupported);
    if (answer === 0 || unsupported || (await refill.isDue(answer, done))) continue;
    tries = done > 0 ? 1 : tries + 1;
    if (isPassing(answer) && tries < TRIES) continue;
    failed.set(from, answer);
    from += 1;
    tries = 0;
  }
  return failed;
}

type Way = 'later' | 'now' | 'single';

function wayAfter(way: Way, answer: number, unsupported: boolean): Way {
  if (unsupported) return 'single';
  return answer < 0 && way === 'later' ? 'now' : way;
}

/** As `passes` in native/bulk/bpf.h: a bucket's lock was taken, or given up. */
const PASSING: ReadonlySet<number> = new Set(
  (['EBUSY', 'EAGAIN', 'EINTR', 'ETIMEDOUT', 'EDEADLK'] as const).map(name => -ERRNO[name]),
);

export function isPassing(answer: number): boolean {
  return PASSING.has(answer);
}

interface Place {
  readonly pairs: Pairs;
  readonly from: number;
  readonly way: Way;
}

function writeSome(
  library: Library,
  fd: number,
  { pairs, from, way }: Place,
): WriteProgress | Promise<WriteProgress> {
  if (way === 'later') return batchLater(library, fd, part(pairs, from, pairs.count));
  if (way === 'now')
    return batchNow(library, fd, part(pairs, from, Math.min(pairs.count, from + NOW_ENTRIES)));
  const answer = singleNow(library, fd, pairs, from);
  return { done: answer < 0 ? 0 : 1, answer, unsupported: false };
}

/** The failures of an operation on one map, from index → -errno. */
export function failuresOf(
  map: Target,
  answers: ReadonlyMap<number, number>,
  operation: (index: number) => string,
): Failed {
  const failures = new Map<number, KernelError>();
  for (const [index, answer] of [...answers].sort(([a], [b]) => a - b))
    failures.set(index, kernelError(operation(index), map.label, answer, failureText(map, answer)));
  return failures;
}

/** Why the kernel refuses an entry, where its answer says so. */
export function failureText({ spec: { type, maxEntries } }: Pick<Target, 'spec'>, answer: number): string {
  if (answer === -ERRNO.EPERM)
    return `it is frozen or read-only${isOuter(type) ? ', or this process needs CAP_BPF' : ''}`;
  if (answer === -ERRNO.EINVAL && isOuter(type)) return 'its layout is not that of the template';
  if (answer === -ERRNO.EINVAL && type === 'LPMTrie') return 'a prefix is longer than the address';
  if (!isFull(answer)) return '';
  const hasIndexes = isArray(type) || type === 'ArrayOfMaps';
  return hasIndexes ? `its last index is ${maxEntries - 1}` : `it is full with ${maxEntries} entries`;
}

/** E2BIG of hash types and arrays, ENOSPC of an LPM trie. */
export function isFull(answer: number): boolean {
  return answer === -ERRNO.E2BIG || answer === -ERRNO.ENOSPC;
}
