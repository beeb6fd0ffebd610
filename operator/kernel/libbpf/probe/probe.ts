import { release } from 'node:os';
import { CONTENT_TYPES, INNER_TYPES, type InnerType, MAP_FLAGS } from '../../../api/outermap.ts';
import type { KernelState } from '../../../api/status.ts';
import { smallestSpec } from '../../../core/layout/rules.ts';
import { Slice } from '../../../timing/sliced.ts';
import { writesByProgram } from '../entries/keep.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { probeOuterMaps } from './outermaps.ts';
import { ScratchMaps } from './scratchmaps.ts';
import type { Templates } from './template.ts';
import { comparesTypes, takesLocks } from './types.ts';

/** Tries this kernel's features on scratch maps, and measures their cost. Leaves nothing. */
export async function probeKernel(host: Host, templates: Templates): Promise<KernelState> {
  const scratch = new ScratchMaps(host);
  try {
    const inner = scratch.create(smallestSpec('Hash'));
    const hash = scratch.createOuter('HashOfMaps', inner);
    const array = scratch.createOuter('ArrayOfMaps', inner);
    const found = await probeOuterMaps(host, { hash, array, inner });
    const features = {
      openById: canOpenById(host, inner),
      readTemplate: templates.of(hash.id, 'a probe') !== undefined,
      ...found.features,
      innerTypesCompared: await comparesTypes(host, scratch),
      innerLock: takesLocks(scratch),
      innerMapFlag: scratch.can({ ...smallestSpec('Array'), flags: MAP_FLAGS.InnerMap }),
      freeze: host.library.mapFreeze(inner.fd) === 0,
      ...(await innerTypes(scratch)),
      ...exactEdits(host, scratch),
    };
    return stateOf(host, { gracePeriodMs: found.gracePeriodMs, features });
  } finally {
    scratch.close();
  }
}

/** `outerBatch` is read from the ways, which batches correct. */
function stateOf({ ways }: Host, found: Pick<KernelState, 'gracePeriodMs' | 'features'>): KernelState {
  return {
    release: release(),
    get outerBatch() {
      return ways.updateBatch;
    },
    ...found,
  };
}

function canOpenById({ library }: Host, { id }: OwnedMap): boolean {
  const again = library.mapFdById(id);
  if (again >= 0) library.close(again);
  return again >= 0;
}

/** `exactEdit.Hash` … */
function exactEdits(host: Host, scratch: ScratchMaps): Record<string, boolean> {
  const isExact = (type: InnerType): boolean => writesByProgram(host, scratch.create(smallestSpec(type)));
  return Object.fromEntries(CONTENT_TYPES.map(type => [`exactEdit.${type}`, isExact(type)]));
}

/** `inner.Hash` … */
async function innerTypes(scratch: ScratchMaps): Promise<Record<string, boolean>> {
  const slice = new Slice();
  const found: Record<string, boolean> = {};
  for (const type of INNER_TYPES) {
    if (slice.over()) await slice.rest();
    found[`inner.${type}`] = scratch.can(smallestSpec(type));
  }
  return found;
}
