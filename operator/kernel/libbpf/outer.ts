import { KeyIndex } from '../../core/bytes/keyindex.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Failed, OpenMap, OuterEntries } from '../kernel.ts';
import { isQuickToRead, readLater, readNow } from './entries/read.ts';
import type { Pairs, WriteProgress } from './entries/write.ts';
import { batchLater, failuresOf, keysOf, pairsOf, part } from './entries/write.ts';
import { ERRNO, kernelError } from './errno.ts';
import type { Host, OwnedMap } from './maps.ts';
import { createMap, labelOf } from './maps.ts';
import { inParallel } from './parallel.ts';
import { ANY, EXIST } from './symbols.ts';

/** Singles share grace periods: as many at once as koffi allows. libuv's pool (UV_THREADPOOL_SIZE) limits how many run. */
const MOST_SINGLES = 256;
/** Each batch waits for a grace period of its own, so after this many the rest go as parallel singles. */
const MOST_BATCHES = 4;

interface Change {
  readonly host: Host;
  readonly outer: OwnedMap;
  readonly pairs: Pairs;
  /** Whether a batch is worth it: not where it waits once per entry (5.19 to 6.7). */
  readonly batches: boolean;
  /** Index → -errno. */
  readonly failed: Map<number, number>;
}

export async function readOuter(host: Host, outer: OwnedMap): Promise<OuterEntries> {
  const quick = isQuickToRead(host, outer) ? readNow(host, outer) : undefined;
  const { count, keys, values } = quick ?? (await readLater(host, outer));
  return { count, keys, ids: new Uint32Array(values.buffer, values.byteOffset, count) };
}

/** Reads every fd first: one that was closed throws before anything is done. */
export async function replaceInners(
  host: Host,
  outer: OwnedMap,
  given: { readonly keys: Uint8Array; readonly inners: readonly OpenMap[]; readonly batches: boolean },
): Promise<Failed> {
  const { keys, inners, batches } = given;
  const fds = new Uint32Array(inners.length);
  for (let at = 0; at < inners.length; at++) fds[at] = inners[at]!.fd;
  const entries = { count: inners.length, keys, values: new Uint8Array(fds.buffer) };
  const pairs = pairsOf(outer, entries, host.possibleCpus);
  const failed = await applyAll({ host, outer, pairs, batches });
  return failuresOf(outer, failed, index => `insert ${labelOf(inners[index]!)} into`);
}

/** A key that is gone already is no failure. */
export async function removeKeys(
  host: Host,
  outer: OwnedMap,
  { keys, batches }: { readonly keys: Uint8Array; readonly batches: boolean },
): Promise<Failed> {
  // An ArrayOfMaps has no delete batch on any kernel
  const hasBatches = batches && outer.spec.type === 'HashOfMaps';
  const failed = await applyAll({ host, outer, pairs: keysOf(outer, keys), batches: hasBatches });
  for (const [index, answer] of failed) if (answer === -ERRNO.ENOENT) failed.delete(index);
  return failuresOf(outer, failed, () => 'delete an entry of');
}

/**
 * Applies batches, each behind the entry that the kernel refused in the last; after the last batch, singles.
 * Returns index → -errno.
 */
async function applyAll(given: Omit<Change, 'failed'>): Promise<Map<number, number>> {
  const failed = new Map<number, number>();
  const change: Change = { ...given, failed };
  let rest = upTo(change.pairs.count);
  const mostBatches = change.batches && rest.length > 1 ? MOST_BATCHES : 0;
  for (let batch = 0; batch < mostBatches && rest.length > 0; batch += 1) {
    const { done, answer, unsupported } = await applyBatch(change, rest);
    if (answer === 0) return failed;
    if (unsupported) break;
    failed.set(rest[done]!, answer);
    rest = rest.subarray(done + 1);
    if (change.outer.spec.type === 'HashOfMaps') rest = await withoutHopeless(change, rest, answer);
  }
  await inParallel(rest.length, MOST_SINGLES, index => applySingle(change, rest[index]!));
  return failed;
}

/** 0, 1, 2 …; a plain loop, Array.from takes ten times as long. */
function upTo(count: number): Uint32Array {
  const indexes = new Uint32Array(count);
  for (let at = 0; at < count; at++) indexes[at] = at;
  return indexes;
}

function applyBatch({ host, outer, pairs }: Change, indexes: Uint32Array): Promise<WriteProgress> {
  if (indexes.length === pairs.count) return batchLater(host.library, outer.fd, pairs);
  const keys = picked(pairs.keys, pairs.keySize, indexes);
  const values = pairs.values === undefined ? undefined : picked(pairs.values, pairs.stride, indexes);
  return batchLater(host.library, outer.fd, { ...pairs, count: indexes.length, keys, values });
}

async function applySingle({ host, outer, pairs, failed }: Change, index: number): Promise<void> {
  const { keys, values } = part(pairs, index, index + 1);
  const answer = await (values === undefined
    ? host.library.mapDelete.later(outer.fd, keys)
    : host.library.mapUpdate.later(outer.fd, keys, values, ANY));
  if (answer < 0) failed.set(index, answer);
}

/**
 * Every refused entry ends a batch, and each batch costs a grace period. So after the first refusal by a full map or an
 * absent key, this reads which keys are present. Deletes continue with those alone. In a full map replacements continue
 * by batch, and inserts one by one: a refused insert costs nothing.
 */
async function withoutHopeless(change: Change, rest: Uint32Array, answer: number): Promise<Uint32Array> {
  const isUpdate = change.pairs.values !== undefined;
  if (rest.length === 0 || answer !== (isUpdate ? -ERRNO.E2BIG : -ERRNO.ENOENT)) return rest;
  const { count, keys } = await readOuter(change.host, change.outer);
  const present = KeyIndex.of(keys, change.outer.spec.keySize, count);
  const isPresent = (index: number): boolean => present.find(change.pairs.keys, index) !== -1;
  const absent = rest.filter(index => !isPresent(index));
  if (isUpdate) await inParallel(absent.length, MOST_SINGLES, index => applySingle(change, absent[index]!));
  return rest.filter(isPresent);
}

function picked(bytes: Uint8Array, size: number, indexes: Uint32Array): Uint8Array {
  const result = new Uint8Array(indexes.length * size);
  indexes.forEach((index, place) => {
    result.set(bytes.subarray(index * size, (index + 1) * size), place * size);
  });
  return result;
}

/** Random keys that are tried before all count as taken, as short keys can be. */
const KEY_TRIES = 64;

/**
 * Whether an inner map of this layout fits: BPF_EXIST on an absent key checks the layout (EINVAL) before it finds
 * nothing to replace (ENOENT). Undefined for an ArrayOfMaps, whose keys all exist, and where no absent key is found.
 */
export function acceptsInner(host: Host, outer: OwnedMap, inner: MapSpec): boolean | undefined {
  const { library } = host;
  const key = outer.spec.type === 'HashOfMaps' ? absentKey(host, outer) : undefined;
  if (key === undefined) return undefined;
  const label = `a trial inner map for ${outer.label}`;
  const fd = createMap(host, { spec: inner, name: 'innermap_trial', operation: 'create', label });
  const answer = library.mapUpdate(outer.fd, key, Uint32Array.of(fd), EXIST);
  library.close(fd);
  if (answer === -ERRNO.ENOENT) return true;
  if (answer === -ERRNO.EINVAL) return false;
  throw kernelError('try an inner map in', outer.label, answer);
}

function absentKey(host: Host, outer: OwnedMap): Uint8Array | undefined {
  const value = new Uint32Array(1);
  for (let tries = 0; tries < KEY_TRIES; tries += 1) {
    const key = Uint8Array.from({ length: outer.spec.keySize }, () => Math.floor(Math.random() * 256));
    const answer = host.library.mapLookup(outer.fd, key, value);
    if (answer === -ERRNO.ENOENT) return key;
    if (answer < 0) throw kernelError('read', outer.label, answer);
  }
  return undefined;
}

/** The template lives only until the outer map has taken its layout. */
export function createOuterMap(
  host: Host,
  { outer, template, name }: { readonly outer: MapSpec; readonly template: MapSpec; readonly name: string },
): number {
  const operation = 'create the template of';
  const innerFd = createMap(host, { spec: template, name: 'template', operation, label: name });
  try {
    return createMap(host, { spec: outer, name, operation: 'create outer map', label: name, innerFd });
  } finally {
    host.library.close(innerFd);
  }
}
