import { release } from 'node:os';
import type { OuterType } from '../../../api/outermap.ts';
import { INNER_TYPES, MAP_FLAGS } from '../../../api/outermap.ts';
import type { KernelState } from '../../../api/status.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { Slice } from '../../../timing/sliced.ts';
import { KernelError } from '../../error.ts';
import { batchLater } from '../entries/write.ts';
import { ERRNO } from '../errno.ts';
import type { Host } from '../maps.ts';
import { createMap, mapId } from '../maps.ts';
import { smallestSpec } from '../maptypes.ts';
import { ANY } from '../symbols.ts';
import type { Templates } from './template.ts';

/** Entries of the timed batch: where it waits per entry it takes this many times a single. */
const BATCH = 32;
const TRIALS = 3;
/** No kernel's normal grace period is shorter. After an expedited one, a batch is quick in any case. */
const LEAST_GRACE_PERIOD_MS = 1;
const INNER = smallestSpec('Hash');
const LABEL = 'a probe';

/** Tries this kernel's features on scratch maps, and measures their cost. Leaves nothing. */
export async function probeKernel(host: Host, templates: Templates): Promise<KernelState> {
  const scratch = new Scratch(host);
  try {
    const innerFd = scratch.create(INNER);
    const hash = scratch.createOuter('HashOfMaps', innerFd);
    const array = scratch.createOuter('ArrayOfMaps', innerFd);
    const { outerBatch, gracePeriodMs } = await timedUpdates(host, hash, innerFd);
    const features = {
      openById: canOpenById(host, innerFd),
      readTemplate: templates.of(mapId(host.library, hash)) !== undefined,
      arrayOfMapsDeleteBatch: await hasDeleteBatch(host, array),
      innerMapFlag: scratch.can({ ...smallestSpec('Array'), flags: MAP_FLAGS.InnerMap }),
      freeze: host.library.mapFreeze(innerFd) === 0,
      ...(await innerTypes(scratch)),
    };
    return { release: release(), outerBatch, gracePeriodMs, features };
  } finally {
    scratch.close();
  }
}

/** A single waits for at least one grace period, a batch for one in all or for one per entry. */
async function timedUpdates(
  host: Host,
  outer: number,
  innerFd: number,
): Promise<Pick<KernelState, 'outerBatch' | 'gracePeriodMs'>> {
  const keys = Uint32Array.from({ length: BATCH }, (_, index) => index);
  const values = new Uint32Array(BATCH).fill(innerFd);
  const pairs = { count: BATCH, keys: bytesOf(keys), keySize: 4, values: bytesOf(values), stride: 4 };
  const single = await timed(() => host.library.mapUpdate.later(outer, keys, values, ANY));
  const again = await timed(() => host.library.mapUpdate.later(outer, keys, values, ANY));
  const least = Math.min(single.milliseconds, again.milliseconds);
  const batch = async () => (await batchLater(host.library, outer, pairs)).answer;
  return { outerBatch: await waitsOf(batch, least), gracePeriodMs: Math.round(least * 1000) / 1000 };
}

/**
 * Load stretches a grace period tenfold, and mistaking one long wait for many would cost seconds on every change. So a
 * batch counts as waiting per entry only if it is slow each time, both by the clock and compared with a single.
 */
async function waitsOf(batch: () => Promise<number>, single: number): Promise<KernelState['outerBatch']> {
  const slow = BATCH * Math.max(LEAST_GRACE_PERIOD_MS, single / 4);
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const { milliseconds, answer } = await timed(batch);
    if (answer < 0) return 'none';
    if (milliseconds < slow) return 'once';
  }
  return 'perEntry';
}

async function timed(call: () => Promise<number>): Promise<{ milliseconds: number; answer: number }> {
  const start = performance.now();
  const answer = await call();
  return { milliseconds: performance.now() - start, answer };
}

function canOpenById({ library }: Host, fd: number): boolean {
  const again = library.mapFdById(mapId(library, fd));
  if (again >= 0) library.close(again);
  return again >= 0;
}

/** Deletes an absent key: ENOENT where there is such a batch. */
async function hasDeleteBatch(host: Host, outer: number): Promise<boolean> {
  const pairs = { count: 1, keys: new Uint8Array(4), keySize: 4, values: undefined, stride: 0 };
  const { answer } = await batchLater(host.library, outer, pairs);
  return answer === 0 || answer === -ERRNO.ENOENT;
}

/** `inner.Hash` …: whether a map of this type can be made here, and an outer map takes it as template. */
async function innerTypes(scratch: Scratch): Promise<Record<string, boolean>> {
  const slice = new Slice();
  const found: Record<string, boolean> = {};
  for (const type of INNER_TYPES) {
    if (slice.over()) await slice.rest();
    found[`inner.${type}`] = scratch.can(smallestSpec(type));
  }
  return found;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}

/** Maps that are closed after the probe. */
class Scratch {
  readonly #host: Host;
  readonly #fds: number[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  create(spec: MapSpec, innerFd = 0): number {
    const creation = { spec, name: 'innermap_probe', operation: 'create', label: LABEL, innerFd };
    const fd = createMap(this.#host, creation);
    this.#fds.push(fd);
    return fd;
  }

  createOuter(type: OuterType, innerFd: number): number {
    return this.create({ type, keySize: 4, valueSize: 4, maxEntries: BATCH * 2, flags: 0 }, innerFd);
  }

  can(spec: MapSpec): boolean {
    try {
      this.createOuter('ArrayOfMaps', this.create(spec));
      return true;
    } catch (error) {
      if (error instanceof KernelError) return false;
      throw error;
    }
  }

  close(): void {
    for (const fd of this.#fds) this.#host.library.close(fd);
  }
}
