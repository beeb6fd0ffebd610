import { release } from 'node:os';
import type { OuterType } from '../../../api/outermap.ts';
import { INNER_TYPES, MAP_FLAGS } from '../../../api/outermap.ts';
import type { KernelState } from '../../../api/status.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import { batchLater } from '../entries/write.ts';
import { ERRNO } from '../errno.ts';
import type { Host } from '../maps.ts';
import { createMap, mapId } from '../maps.ts';
import { smallestSpec } from '../maptypes.ts';
import { Slice } from '../slice.ts';
import { ANY } from '../symbols.ts';
import type { Templates } from './template.ts';

/** Entries of the batch that is timed: one that waits per entry takes this many times a single. */
const BATCH = 8;
const TRIALS = 2;
const INNER = smallestSpec('Hash');
const LABEL = 'a probe';

/** Tries on scratch maps what this kernel does, and measures what it costs. Leaves nothing. */
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

/** Singles first: what a batch of several takes is told in them. The least of two trials, as other load only adds. */
async function timedUpdates(
  host: Host,
  outer: number,
  innerFd: number,
): Promise<Pick<KernelState, 'outerBatch' | 'gracePeriodMs'>> {
  const keys = Uint32Array.from({ length: BATCH }, (_, index) => index);
  const values = new Uint32Array(BATCH).fill(innerFd);
  const single = () => host.library.mapUpdate.later(outer, keys, values, ANY);
  const pairs = { count: BATCH, keys: bytesOf(keys), keySize: 4, values: bytesOf(values), stride: 4 };
  const [one] = await timed(single);
  const [many, answers] = await timed(async () => (await batchLater(host.library, outer, pairs)).answer);
  const gracePeriodMs = Math.round(one * 1000) / 1000;
  if (answers.some(answer => answer < 0)) return { outerBatch: 'none', gracePeriodMs };
  return { outerBatch: many < (one * BATCH) / 2 ? 'once' : 'perEntry', gracePeriodMs };
}

async function timed(call: () => Promise<number>): Promise<[least: number, answers: number[]]> {
  let least = Infinity;
  const answers: number[] = [];
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const start = performance.now();
    answers.push(await call());
    least = Math.min(least, performance.now() - start);
  }
  return [least, answers];
}

function canOpenById({ library }: Host, fd: number): boolean {
  const again = library.mapFdById(mapId(library, fd));
  if (again >= 0) library.close(again);
  return again >= 0;
}

/** Of an absent key: ENOENT where there is such a batch. */
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

/** Maps that go when the probe is over. */
class Scratch {
  readonly #host: Host;
  readonly #fds: number[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  create(spec: MapSpec, innerFd = 0): number {
    const creation = { spec, name: 'innermap_probe', operation: 'create', label: LABEL, innerFd };
    const fd = createMap(this.#host.library, creation);
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
