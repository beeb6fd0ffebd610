import { mapTypes } from '../../../core/btf/maptypes.ts';
import { smallestSpec } from '../../../core/layout/rules.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { kernelStruct } from '../../../core/types/kernelfield.ts';
import { WORD_TYPES } from '../../../core/types/parser/words.ts';
import { structOf } from '../../../core/types/struct.ts';
import type { Type } from '../../../core/types/type.ts';
import { ERRNO } from '../errno.ts';
import { EXIST } from '../library/symbols.ts';
import type { Host } from '../maps.ts';
import type { ScratchMaps } from './scratchmaps.ts';

/**
 * Whether template and inner map must agree in having types of a struct or none: 5.15 to 6.2 compare the offset of a
 * timer, which is -ENOENT in a struct without one and -EINVAL where no struct is known (bpf_map_meta_equal).
 */
export async function comparesTypes({ library }: Host, scratch: ScratchMaps): Promise<boolean> {
  const outer = scratch.createOuter('HashOfMaps', scratch.create(smallestSpec('Hash')));
  const typed = scratch.create(withValue(WORD_TYPES.get('u32')!));
  // Nothing is there to be replaced: ENOENT where it fits
  const answer = await library.mapUpdate.later(outer.fd, new Uint8Array(4), Uint32Array.of(typed.fd), EXIST);
  return answer === -ERRNO.EINVAL;
}

/** Whether the values of inner maps may have a lock: from 6.2 on. */
export function takesLocks(scratch: ScratchMaps): boolean {
  return scratch.can(withValue(kernelStruct('bpf_spin_lock')!));
}

/** A struct of this alone, of four bytes. */
function withValue(type: Type): MapSpec {
  const value = structOf([{ name: 'probe', type }]);
  return { ...smallestSpec('Hash'), types: mapTypes({ type: 'Hash', key: WORD_TYPES.get('u32')!, value }) };
}
