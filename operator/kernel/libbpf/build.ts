import type { Steps } from '../../core/steps.ts';
import { runToEnd } from '../../core/steps.ts';
import { runSliced } from '../../timing/sliced.ts';
import type { KernelError } from '../error.ts';
import type { BuildRequest } from '../kernel.ts';
import { pinFailure } from './bpffs/pins.ts';
import { batchNow, failureText, pairsOf, writeAll } from './entries/write.ts';
import { asValue, kernelError } from './errno.ts';
import type { Library } from './library.ts';
import type { Host } from './maps.ts';
import { createMap, createMapLater, OwnedMap } from './maps.ts';
import { isPerCpu } from './maptypes.ts';
import { inSlices, type Pending } from './parallel.ts';

type Built = OwnedMap | KernelError;

/** Larger maps are created and filled off the event loop: these take the kernel 2 ms at most. */
const NOW_ENTRIES = 2000;
const NOW_MAX_ENTRIES = 65_536;
const NOW_PER_CPU_MAX_ENTRIES = 2048;
const NOW_PINS = 100;

/** Builds small maps one after the other, which is faster than threads; large ones off the event loop meanwhile. */
export function buildInners(host: Host, requests: readonly BuildRequest[]): Promise<readonly Built[]> {
  return inSlices<BuildRequest, Built>(requests, request =>
    isLarge(request) ? createLarge(host, request) : buildNow(host, request),
  );
}

function isLarge({ spec, entries, pins }: BuildRequest): boolean {
  const most = isPerCpu(spec.type) ? NOW_PER_CPU_MAX_ENTRIES : NOW_MAX_ENTRIES;
  return entries.count > NOW_ENTRIES || spec.maxEntries > most || pins.length > NOW_PINS;
}

/** Pending only where one batch did not write all entries: the rest follows in slices. */
function buildNow(host: Host, request: BuildRequest): Built | Pending<Built> {
  let map: OwnedMap | undefined;
  try {
    const { entries, label } = request;
    map = new OwnedMap(host.library, createMap(host, request, entries.count), label);
    const isFilled =
      entries.count === 0 ||
      batchNow(host.library, map.fd, pairsOf(request, entries, host.possibleCpus)).answer === 0;
    if (!isFilled) return { pending: finish(host, request, map) };
    runToEnd(seal(host, request, map));
    return map;
  } catch (error) {
    map?.close();
    return asValue(error);
  }
}

/**
 * Creates one large map at a time and fills it meanwhile: several half-made large maps would fill the cgroup to its
 * limit, where the kernel refuses the maps but kills the process for the next page of its own.
 */
async function createLarge(host: Host, request: BuildRequest): Promise<KernelError | Pending<Built>> {
  try {
    const fd = await createMapLater(host, request, request.entries.count);
    return { pending: finish(host, request, new OwnedMap(host.library, fd, request.label)) };
  } catch (error) {
    return asValue(error);
  }
}

/** Owns the map: closes it where it cannot be finished. */
async function finish(host: Host, request: BuildRequest, map: OwnedMap): Promise<Built> {
  try {
    const { entries, label } = request;
    const pairs = pairsOf(request, entries, host.possibleCpus);
    for (const [index, answer] of await writeAll(host.library, map, { pairs, stopAtFirst: true })) {
      const place = `entry ${index} of ${entries.count}`;
      const text = failureText(map, answer);
      throw kernelError('fill inner map', label, answer, text === '' ? place : `${place}: ${text}`);
    }
    await runSliced(seal(host, request, map));
    return map;
  } catch (error) {
    map.close();
    return asValue(error);
  }
}

/**
 * Freezes, then pins: a pinned map is complete. Pauses after each pin, as one map may have thousands. A pin that cannot
 * be made takes back those before it.
 */
function* seal({ library }: Host, { freeze, pins, label }: BuildRequest, map: OwnedMap): Steps<void> {
  const frozen = freeze ? library.mapFreeze(map.fd) : 0;
  if (frozen < 0) throw kernelError('freeze inner map', label, frozen);
  for (const [at, pin] of pins.entries()) {
    const pinned = library.objectPin(map.fd, pin);
    if (pinned < 0) {
      yield* unlinkAll(library, pins.slice(0, at));
      throw kernelError('pin inner map', label, pinned, pinFailure(pin, pinned));
    }
    yield;
  }
}

function* unlinkAll(library: Library, pins: readonly string[]): Steps<void> {
  for (const pin of pins) {
    library.unlink(pin);
    yield;
  }
}
