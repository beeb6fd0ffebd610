import { mapTypes } from '../../../core/btf/maptypes.ts';
import { smallestSpec } from '../../../core/layout/rules.ts';
import { WORD_TYPES } from '../../../core/types/parser/words.ts';
import { structOf } from '../../../core/types/struct.ts';
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
  const word = WORD_TYPES.get('u32')!;
  const value = structOf([{ name: 'probe', type: word }]);
  const typed = scratch.create({
    ...smallestSpec('Hash'),
    types: mapTypes({ type: 'Hash', key: word, value }),
  });
  // Nothing is there to be replaced: ENOENT where it fits
  const answer = await library.mapUpdate.later(outer.fd, new Uint8Array(4), Uint32Array.of(typed.fd), EXIST);
  return answer === -ERRNO.EINVAL;
}
