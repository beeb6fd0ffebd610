import { forEachSliced } from '../../timing/sliced.ts';
import type { KernelError } from '../error.ts';
import type { Edit, Failed, InnerAddress, InnerReading } from '../kernel.ts';
import { putKeeping, writeKeeping } from './entries/keep.ts';
import { isQuickToRead, readLater, readNow } from './entries/read.ts';
import { failuresOf, isFull, keysOf, pairsOf, singleNow, writeAll } from './entries/write.ts';
import { asValue, ERRNO } from './errno.ts';
import { openId, openPin } from './fd/open.ts';
import type { Host, OwnedMap } from './maps.ts';
import { inSlices, type Pending } from './parallel.ts';
import { withWalked } from './walk/through.ts';

type Answer = InnerReading | KernelError;

/**
 * Opens, reads and closes one after the other; large maps are read off the event loop meanwhile. What may not be opened is
 * walked afterwards.
 */
export async function readInners(host: Host, addresses: readonly InnerAddress[]): Promise<readonly Answer[]> {
  const readings = await inSlices<InnerAddress, Answer>(addresses, address => readOne(host, address));
  return withWalked(host, addresses, readings);
}

/** Pending where the map is large. */
function readOne(host: Host, address: InnerAddress): Answer | Pending<Answer> {
  let map: OwnedMap | undefined;
  try {
    map = 'pin' in address ? openPin(host.library, address.pin) : openId(host.library, address.id);
    const entries = isQuickToRead(host, map) ? readNow(host, map) : undefined;
    if (entries === undefined) return { pending: readLarge(host, map) };
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
 * Writes upserts first, so that no reader misses an entry that only changes; then deletes; then the upserts that found
 * the map full, as the deletes have made room.
 */
export async function editInner(host: Host, inner: OwnedMap, edit: Edit): Promise<Failed> {
  const { library } = host;
  const upserts = pairsOf(inner, edit.upserts, host.possibleCpus);
  const deletes = keysOf(inner, edit.deletes);
  const { kept } = edit;
  const failed =
    kept === undefined
      ? await writeAll(library, inner, upserts)
      : await writeKeeping(host, inner, { pairs: upserts, kept });
  const undeleted = await writeAll(library, inner, deletes);
  const put = (index: number): number =>
    kept === undefined
      ? singleNow(library, inner.fd, upserts, index)
      : putKeeping(host, inner, { pairs: upserts, kept, index });
  if (deletes.count > undeleted.size) await retryFull(failed, put);
  for (const [index, answer] of undeleted) {
    // Another writer deleted the entry first
    if (answer !== -ERRNO.ENOENT) failed.set(upserts.count + index, answer);
  }
  return failuresOf(inner, failed, index =>
    index < upserts.count ? `put entry ${index} into` : 'delete an entry of',
  );
}

async function retryFull(failed: Map<number, number>, put: (index: number) => number): Promise<void> {
  const full = [...failed].filter(([, answer]) => isFull(answer));
  await forEachSliced(full, ([index]) => {
    const answer = put(index);
    if (answer < 0) failed.set(index, answer);
    else failed.delete(index);
  });
}
