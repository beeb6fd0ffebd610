import { programFieldOf } from '../../../core/btf/maptypes.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { ERRNO, kernelError } from '../errno.ts';
import { ANY, EXIST } from '../library/symbols.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { createMap, createTyped } from '../maps.ts';
import type { Trial } from './waiting.ts';

/** Random keys that are tried before all count as taken, as short keys can be. */
const KEY_TRIES = 64;

/**
 * Whether an inner map of this layout fits: BPF_EXIST on an absent key checks the layout (EINVAL) before it finds
 * nothing to replace (ENOENT). Undefined for an ArrayOfMaps, whose keys all exist, and where no absent key is found.
 */
export async function acceptsInner(
  host: Host,
  outer: OwnedMap,
  inner: MapSpec,
): Promise<boolean | undefined> {
  const { types } = inner;
  if (programFieldOf(types) !== undefined) return undefined;
  const key = outer.spec.type === 'HashOfMaps' ? await absentKey(host, outer) : undefined;
  if (key === undefined) return undefined;
  const label = `a trial inner map for ${outer.label}`;
  const trial = { spec: inner, name: 'innermap_trial', operation: 'create', label };
  const fits = await isTaken(host, outer, { key, fd: createTyped(host, trial) });
  if (fits || types === undefined) return fits;
  if (types.kernelFields.length === 0) return isTaken(host, outer, { key, fd: createMap(host, trial) });
  // What a pointer points to may be a struct of the program's own, which only its own BTF has
  return types.kernelFields.some(({ type }) => type.tag !== undefined) ? undefined : false;
}

async function isTaken(
  { library }: Host,
  outer: OwnedMap,
  { key, fd }: { readonly key: Uint8Array; readonly fd: number },
): Promise<boolean> {
  try {
    // Before 6.8 it waits for a grace period, as the lookups before it do
    const answer = await library.mapUpdate.later(outer.fd, key, Uint32Array.of(fd), EXIST);
    if (answer === -ERRNO.ENOENT) return true;
    if (answer === -ERRNO.EINVAL) return false;
    throw kernelError('try an inner map in', outer.label, answer);
  } finally {
    library.close(fd);
  }
}

/**
 * An update with an fd of nothing: EBADF, in any outer map. Where a refused update waits, a batch waits for each of its
 * entries: both ended in 6.8. Refusals take 9 µs or a grace period, whatever else the machine does.
 */
export function refusedUpdate({ library }: Host, { fd, spec }: OwnedMap): Trial {
  const key = new Uint8Array(spec.keySize);
  return {
    later: () => library.mapUpdate.later(fd, key, NO_FD, ANY),
    now: () => library.mapUpdate(fd, key, NO_FD, ANY),
  };
}

const NO_FD = Uint32Array.of(0xffff_ffff);

async function absentKey({ library }: Host, outer: OwnedMap): Promise<Uint8Array | undefined> {
  const value = new Uint32Array(1);
  for (let tries = 0; tries < KEY_TRIES; tries += 1) {
    const key = Uint8Array.from({ length: outer.spec.keySize }, () => Math.floor(Math.random() * 256));
    const answer = await library.mapLookup.later(outer.fd, key, value);
    if (answer === -ERRNO.ENOENT) return key;
    if (answer < 0) throw kernelError('read', outer.label, answer);
  }
  return undefined;
}
