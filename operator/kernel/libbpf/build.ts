import { Slice } from '../../timing/sliced.ts';
import { KernelError } from '../error.ts';
import type { BuildRequest } from '../kernel.ts';
import { pinRefusal } from './bpffs/pins.ts';
import { refusalText } from './contents.ts';
import type { Pairs } from './entries/write.ts';
import { batchNow, pairsOf, writeAll } from './entries/write.ts';
import { asValue, kernelError } from './errno.ts';
import type { Host } from './maps.ts';
import { createMap, createMapLater, OwnedMap } from './maps.ts';
import { isPerCpu, strideOf } from './maptypes.ts';
import { Background } from './parallel.ts';

type Built = OwnedMap | KernelError;

/** A map that is being filled off the event loop, and what will become of it. */
interface Filling {
  readonly built: Promise<Built>;
}

/** Beyond these a map is created and filled off the event loop: up to here both take the kernel 2 ms at most. */
const NOW_ENTRIES = 2000;
const NOW_MAX_ENTRIES = 65_536;
const NOW_PER_CPU_MAX_ENTRIES = 2048;
/** Large maps that are made at once, off the event loop. */
const MOST_LARGE = 4;

/** Small maps one after the other in slices, which beats threads for them; large ones off the event loop meanwhile. */
export async function buildInners(host: Host, requests: readonly BuildRequest[]): Promise<readonly Built[]> {
  const built = new Array<Built>(requests.length);
  const slice = new Slice();
  const large = new Background(MOST_LARGE);
  for (const [index, request] of requests.entries()) {
    if (slice.over()) await slice.rest();
    const one = isLarge(request) ? await createLarge(host, request) : buildNow(host, request);
    if (one instanceof OwnedMap || one instanceof KernelError) {
      built[index] = one;
      continue;
    }
    const keep = (map: Built): void => {
      built[index] = map;
    };
    await large.add(one.built.then(keep));
  }
  await large.end();
  return built;
}

function isLarge({ spec, entries }: BuildRequest): boolean {
  const most = isPerCpu(spec.type) ? NOW_PER_CPU_MAX_ENTRIES : NOW_MAX_ENTRIES;
  return entries.count > NOW_ENTRIES || spec.maxEntries > most;
}

/** Still filling only where one batch did not do: the rest then goes on in slices. */
function buildNow(host: Host, request: BuildRequest): Built | Filling {
  let map: OwnedMap | undefined;
  try {
    const fd = createMap(host, request, request.entries.count);
    map = new OwnedMap(host.library, fd, request.label);
    const filled =
      request.entries.count === 0 || batchNow(host.library, map.fd, pairsIn(host, request)).answer === 0;
    if (!filled) return { built: finish(host, request, map) };
    seal(host, request, map);
    return map;
  } catch (error) {
    map?.close();
    return asValue(error);
  }
}

/**
 * Created one at a time, filled meanwhile: several half-made large maps would fill the cgroup to its limit,
 * where the kernel refuses the maps but kills the process for the next page of its own.
 */
async function createLarge(host: Host, request: BuildRequest): Promise<KernelError | Filling> {
  try {
    const fd = await createMapLater(host, request, request.entries.count);
    return { built: finish(host, request, new OwnedMap(host.library, fd, request.label)) };
  } catch (error) {
    return asValue(error);
  }
}

/** Owns the map: closes it where it cannot be finished. */
async function finish(host: Host, request: BuildRequest, map: OwnedMap): Promise<Built> {
  try {
    const write = { pairs: pairsIn(host, request), stopAtFirst: true };
    for (const [index, answer] of await writeAll(host.library, map, write)) {
      const place = `entry ${index} of ${request.entries.count}`;
      const text = refusalText(map, answer);
      const detail = text === '' ? place : `${place}: ${text}`;
      throw kernelError('fill inner map', request.label, answer, detail);
    }
    seal(host, request, map);
    return map;
  } catch (error) {
    map.close();
    return asValue(error);
  }
}

function pairsIn(host: Host, { spec, entries, label }: BuildRequest): Pairs {
  return pairsOf(label, entries, { keySize: spec.keySize, stride: strideOf(spec, host.possibleCpus) });
}

/** Freezes, then pins: what is at the pin is complete. */
function seal({ library }: Host, { freeze, pin, label }: BuildRequest, map: OwnedMap): void {
  const frozen = freeze ? library.mapFreeze(map.fd) : 0;
  if (frozen < 0) throw kernelError('freeze inner map', label, frozen);
  const pinned = library.objectPin(map.fd, pin);
  if (pinned < 0) throw kernelError('pin inner map', label, pinned, pinRefusal(pin, pinned));
}
