import { KeyIndex } from '../../../core/bytes/keyindex.ts';
import type { KernelError } from '../../error.ts';
import type { Failed, KeyPins, OpenMap, Settling } from '../../kernel.ts';
import { unlinkError } from '../bpffs/pins.ts';
import type { Pairs, WriteProgress } from '../entries/write.ts';
import { batchLater, failuresOf, isPassing, keysOf, pairsOf } from '../entries/write.ts';
import { ERRNO } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { labelOf } from '../maps.ts';
import { settleAll } from '../wave/settle.ts';
import { readOuter } from './read.ts';
import { deletesLater, updatesLater } from './singles.ts';
import { refusedUpdate } from './trial.ts';

/** Each batch waits for a grace period of its own, so after this many the rest go as parallel singles. */
const MOST_BATCHES = 4;

interface Change {
  readonly host: Host;
  readonly outer: OwnedMap;
  readonly pairs: Pairs;
  /** Index → -errno; the errno where it is the pin that could not be unlinked. */
  readonly failed: Map<number, number>;
  /** Of keys that are deleted. */
  readonly pins?: KeyPins | undefined;
  /** 1 by index: it went by itself, and its pin with it. */
  readonly unpinned: Uint8Array;
}

/** Reads every fd first: one that was closed throws before anything is done. */
export async function replaceInners(
  host: Host,
  outer: OwnedMap,
  { keys, inners }: { readonly keys: Uint8Array; readonly inners: readonly OpenMap[] },
): Promise<Failed> {
  const fds = new Uint32Array(inners.length);
  for (let at = 0; at < inners.length; at++) fds[at] = inners[at]!.fd;
  const entries = { count: inners.length, keys, values: new Uint8Array(fds.buffer) };
  const pairs = pairsOf(outer, entries, host.possibleCpus);
  const failed = await applyAll({ host, outer, pairs, unpinned: new Uint8Array(0) });
  return failuresOf(outer, failed, index => `insert ${labelOf(inners[index]!)} into`);
}

/** A key that is gone already is no failure. */
export async function removeKeys(
  host: Host,
  outer: OwnedMap,
  { keys, pins }: { readonly keys: Uint8Array; readonly pins: KeyPins | undefined },
): Promise<Failed> {
  const pairs = keysOf(outer, keys);
  const unpinned = new Uint8Array(pairs.count);
  const failed = await applyAll({ host, outer, pairs, pins, unpinned });
  const failures = new Map<number, KernelError>();
  for (const [index, answer] of failed)
    if (answer > 0) failures.set(index, unlinkError(`${pins!.directory}/${pins!.names[index]}`, -answer));
  for (const index of [...failures.keys()]) failed.delete(index);
  for (const [index, answer] of failed) if (answer === -ERRNO.ENOENT) failed.delete(index);
  for (const [index, error] of failuresOf(outer, failed, () => 'delete an entry of'))
    failures.set(index, error);
  if (pins === undefined || unpinned.every(one => one === 1)) return failures;
  const settlings = unlinksOf(pins, index => unpinned[index] === 1 || failures.has(index));
  for (const [index, error] of await settleAll(host, { directory: pins.directory, settlings, closing: [] }))
    failures.set(index, error);
  return failures;
}

function* unlinksOf({ names }: KeyPins, stays: (index: number) => boolean): Iterable<Settling> {
  for (let index = 0; index < names.length; index++) {
    const unlink = names[index];
    yield unlink === undefined || stays(index) ? {} : { unlink };
  }
}

/**
 * Applies batches, each behind the entry that the kernel refused in the last; after the last batch, singles.
 * Returns index → -errno.
 */
async function applyAll(given: Omit<Change, 'failed'>): Promise<Map<number, number>> {
  const failed = new Map<number, number>();
  const change: Change = { ...given, failed };
  let rest = upTo(change.pairs.count);
  const mostBatches = rest.length > 1 && isWorthBatches(change) ? MOST_BATCHES : 0;
  for (let batch = 0; batch < mostBatches && rest.length > 0; batch += 1) {
    const { done, answer, unsupported } = await applyBatch(change, rest);
    if (answer === 0) return failed;
    if (unsupported) break;
    // Tried again with the rest
    if (isPassing(answer)) {
      rest = rest.subarray(done);
      continue;
    }
    failed.set(rest[done]!, answer);
    rest = rest.subarray(done + 1);
    if (change.outer.spec.type === 'HashOfMaps') rest = await withoutHopeless(change, rest, answer);
  }
  await applySingles(change, rest);
  return failed;
}

/** Not where a batch waits once per entry, nor where there is none: an ArrayOfMaps has no delete batch on any kernel. */
function isWorthBatches({ host: { ways }, outer, pairs }: Change): boolean {
  if (pairs.values !== undefined) return ways.updateBatch === 'once';
  return ways.deletesByBatch && outer.spec.type === 'HashOfMaps';
}

/** 0, 1, 2 …; a plain loop, Array.from takes ten times as long. */
function upTo(count: number): Uint32Array {
  const indexes = new Uint32Array(count);
  for (let at = 0; at < count; at++) indexes[at] = at;
  return indexes;
}

async function applyBatch({ host, outer, pairs }: Change, indexes: Uint32Array): Promise<WriteProgress> {
  const some = pairsAt(pairs, indexes);
  const start = performance.now();
  const progress = await batchLater(host.library, outer.fd, some);
  const milliseconds = performance.now() - start;
  if (pairs.values !== undefined)
    await host.ways.updated({ entries: progress.done, milliseconds }, refusedUpdate(host, outer));
  return progress;
}

async function applySingles(change: Change, indexes: Uint32Array): Promise<void> {
  const { failed, unpinned } = change;
  const answers = await singlesOf(change, indexes);
  for (let at = 0; at < answers.length; at++) if (answers[at]! !== 0) failed.set(indexes[at]!, answers[at]!);
  if (unpinned.length > 0) for (const index of indexes) unpinned[index] = 1;
}

function singlesOf({ host, outer, pairs, pins }: Change, indexes: Uint32Array): Promise<Int32Array> {
  const some = pairsAt(pairs, indexes);
  if (some.values !== undefined) return updatesLater(host.library, outer.fd, some);
  return deletesLater(host.library, outer.fd, { pairs: some, pins: pins && pinsAt(pins, indexes) });
}

function pinsAt({ directory, names }: KeyPins, indexes: Uint32Array): KeyPins {
  if (indexes.length === names.length) return { directory, names };
  return { directory, names: Array.from(indexes, index => names[index]) };
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
  if (isUpdate) await applySingles(change, absent);
  return rest.filter(isPresent);
}

function pairsAt(pairs: Pairs, indexes: Uint32Array): Pairs {
  if (indexes.length === pairs.count) return pairs;
  const keys = picked(pairs.keys, pairs.keySize, indexes);
  const values = pairs.values === undefined ? undefined : picked(pairs.values, pairs.stride, indexes);
  return { ...pairs, count: indexes.length, keys, values };
}

function picked(bytes: Uint8Array, size: number, indexes: Uint32Array): Uint8Array {
  const result = new Uint8Array(indexes.length * size);
  indexes.forEach((index, place) => {
    result.set(bytes.subarray(index * size, (index + 1) * size), place * size);
  });
  return result;
}
