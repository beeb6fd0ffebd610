import { isArray } from '../../core/mapspec.ts';
import { Slice } from '../../timing/sliced.ts';
import type { KernelError } from '../error.ts';
import type { Edit, Failed, InnerAddress, InnerReading } from '../kernel.ts';
import { writeKeeping } from './entries/keep.ts';
import { isQuickToRead, readLater, readNow } from './entries/read.ts';
import type { Pairs } from './entries/write.ts';
import { keysOf, pairsOf, singleNow, writeAll } from './entries/write.ts';
import { asValue, ERRNO, kernelError } from './errno.ts';
import type { Host, OwnedMap } from './maps.ts';
import { idAt, openId, openPin } from './maps.ts';
import { strideOf } from './maptypes.ts';
import { Background } from './parallel.ts';

type Answer = InnerReading | KernelError;

/** Large maps that are read at once, each off the event loop with some MiB of its own. */
const MOST_LARGE = 4;

/** Opens, asks and closes one after the other in slices. */
export async function identifyPins(
  host: Host,
  pins: readonly string[],
): Promise<readonly (number | KernelError)[]> {
  const ids: (number | KernelError)[] = [];
  const slice = new Slice();
  for (const pin of pins) {
    if (slice.over()) await slice.rest();
    try {
      ids.push(idAt(host.library, pin));
    } catch (error) {
      ids.push(asValue(error));
    }
  }
  return ids;
}

/** Opens, reads and closes one after the other in slices; large maps are read off the event loop meanwhile. */
export async function readInners(host: Host, addresses: readonly InnerAddress[]): Promise<readonly Answer[]> {
  const answers = new Array<Answer>(addresses.length);
  const slice = new Slice();
  const large = new Background(MOST_LARGE);
  for (const [index, address] of addresses.entries()) {
    if (slice.over()) await slice.rest();
    const answer = readOne(host, address);
    if (!(answer instanceof Promise)) {
      answers[index] = answer;
      continue;
    }
    const keep = (reading: Answer): void => {
      answers[index] = reading;
    };
    await large.add(answer.then(keep));
  }
  await large.end();
  return answers;
}

/** At once where the map is small, else a promise. Never throws but for a broken library. */
function readOne(host: Host, address: InnerAddress): Answer | Promise<Answer> {
  let map: OwnedMap | undefined;
  try {
    map = 'pin' in address ? openPin(host.library, address.pin) : openId(host.library, address.id);
    const entries = isQuickToRead(host, map) ? readNow(host, map) : undefined;
    if (entries === undefined) return readLarge(host, map);
    const reading = { id: map.id, spec: map.spec, frozen: map.frozen(), entries };
    map.close();
    return reading;
  } catch (error) {
    map?.close();
    return asValue(error);
  }
}

async function readLarge(host: Host, map: OwnedMap): Promise<Answer> {
  try {
    const entries = await readLater(host, map);
    return { id: map.id, spec: map.spec, frozen: map.frozen(), entries };
  } catch (error) {
    return asValue(error);
  } finally {
    map.close();
  }
}

/**
 * Upserts first, so that no reader misses what is only changed; then deletes; and upserts that found
 * the map full once more, now that the deletes have made room.
 */
export async function editInner(host: Host, inner: OwnedMap, edit: Edit): Promise<Failed> {
  const { library } = host;
  const { keySize } = inner.spec;
  const upserts = pairsOf(inner.label, edit.upserts, {
    keySize,
    stride: strideOf(inner.spec, host.possibleCpus),
  });
  const deletes = keysOf(inner.label, edit.deletes, keySize);
  const { kept } = edit;
  const notPut =
    kept === undefined
      ? await writeAll(library, inner, { pairs: upserts })
      : await writeKeeping(library, inner.fd, { pairs: upserts, kept });
  const notGone = await writeAll(library, inner, { pairs: deletes });
  if (deletes.count > notGone.size) await putAgain(host, inner, { upserts, refused: notPut });
  return editFailures(inner, { notPut, notGone, upserts: upserts.count });
}

async function putAgain(
  host: Host,
  inner: OwnedMap,
  given: { readonly upserts: Pairs; readonly refused: Map<number, number> },
): Promise<void> {
  const { upserts, refused } = given;
  const slice = new Slice();
  for (const [index, answer] of refused) {
    if (!isFull(answer)) continue;
    if (slice.over()) await slice.rest();
    const again = singleNow(host.library, inner.fd, upserts, index);
    if (again < 0) refused.set(index, again);
    else refused.delete(index);
  }
}

/** E2BIG of hash types, ENOSPC of an LPM trie. */
function isFull(answer: number): boolean {
  return answer === -ERRNO.E2BIG || answer === -ERRNO.ENOSPC;
}

function editFailures(
  inner: OwnedMap,
  given: {
    readonly notPut: ReadonlyMap<number, number>;
    readonly notGone: ReadonlyMap<number, number>;
    readonly upserts: number;
  },
): Failed {
  const failed = new Map<number, KernelError>();
  for (const [index, answer] of given.notPut) {
    failed.set(
      index,
      kernelError(`put entry ${index} into`, inner.label, answer, refusalText(inner, answer)),
    );
  }
  for (const [index, answer] of given.notGone) {
    // Whoever deleted it before: it is gone, as asked
    if (answer === -ERRNO.ENOENT) continue;
    const place = given.upserts + index;
    failed.set(place, kernelError('delete an entry of', inner.label, answer, refusalText(inner, answer)));
  }
  return failed;
}

export function refusalText(inner: OwnedMap, answer: number): string {
  const { type, maxEntries } = inner.spec;
  if (answer === -ERRNO.EPERM) return 'it is frozen or read-only';
  if (answer === -ERRNO.EINVAL) return type === 'LPMTrie' ? 'a prefix is longer than the address' : '';
  if (!isFull(answer)) return '';
  return isArray(type) ? `its last index is ${maxEntries - 1}` : `it is full with ${maxEntries} entries`;
}
