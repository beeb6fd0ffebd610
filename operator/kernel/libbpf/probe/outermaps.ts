import { allEnded } from '../../../timing/allended.ts';
import { batchLater } from '../entries/write.ts';
import { ERRNO } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { lookupsWait } from '../outer/read.ts';
import { updatesLater } from '../outer/singles.ts';
import { refusedUpdate } from '../outer/trial.ts';
import { timed, waits } from '../outer/waiting.ts';
import { canWalk } from '../walk/expected.ts';
import { pairsOn, showsReplacements, single } from './replaced.ts';
import { PROBE_ENTRIES } from './scratchmaps.ts';

/** Empty outer maps, and an inner map that fits. */
interface Probed {
  readonly hash: OwnedMap;
  readonly array: OwnedMap;
  readonly inner: OwnedMap;
}

interface Found {
  readonly gracePeriodMs: number;
  readonly features: Readonly<Record<string, boolean>>;
}

const ABSENT_KEY = Uint32Array.of(0xffff_ffff);

/** Finds how calls on outer maps wait, and sets the host's ways. What can wait side by side shares grace periods. */
export async function probeOuterMaps(host: Host, probed: Probed): Promise<Found> {
  const { ways } = host;
  const { hash, array, inner } = probed;
  const [eachWaits, readsWait] = await allEnded([waits(refusedUpdate(host, hash)), lookupsWait(host, array)]);
  const [gracePeriodMs, hasBatch] = await allEnded([
    gracePeriod(host, probed),
    hasUpdateBatch(host, probed),
    insertRest(host, probed),
  ]);
  if (!hasBatch) ways.updateBatch = 'none';
  else ways.updateBatch = eachWaits ? 'perEntry' : 'once';
  ways.deletesByBatch = await hasDeleteBatch(host, hash);
  ways.walks = await canWalk(host, hash, { key: new Uint8Array(4), spec: inner.spec });
  const features = {
    arrayOfMapsDeleteBatch: await hasDeleteBatch(host, array),
    hashOfMapsDeleteBatch: ways.deletesByBatch,
    outerLookupsWait: readsWait,
    replaceVisible: await showsReplacements(host, hash, inner.fd),
    walk: ways.walks,
  };
  return { gracePeriodMs, features };
}

/** The shorter of two updates, in milliseconds. */
async function gracePeriod(host: Host, { hash, inner }: Probed): Promise<number> {
  const update = () => single(host, hash, pairsOn(inner.fd, Uint32Array.of(0)));
  const first = await timed(update);
  const least = Math.min(first, await timed(update));
  return Math.round(least * 1000) / 1000;
}

async function hasUpdateBatch({ library }: Host, { hash, inner }: Probed): Promise<boolean> {
  return (await batchLater(library, hash.fd, pairsOn(inner.fd, Uint32Array.of(0)))).answer === 0;
}

async function insertRest({ library }: Host, { hash, inner }: Probed): Promise<void> {
  const keys = Uint32Array.from({ length: PROBE_ENTRIES }, (_, key) => key);
  await updatesLater(library, hash.fd, pairsOn(inner.fd, keys));
}

/** Deletes an absent key: ENOENT where there is such a batch. */
async function hasDeleteBatch({ library }: Host, outer: OwnedMap): Promise<boolean> {
  const keys = new Uint8Array(ABSENT_KEY.buffer);
  const pairs = { count: 1, keys, keySize: 4, values: undefined, stride: 0 };
  const { answer } = await batchLater(library, outer.fd, pairs);
  return answer === 0 || answer === -ERRNO.ENOENT;
}
