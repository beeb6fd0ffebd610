import type { DesiredInner } from '../../desired/compile.ts';
import { isLRU } from '../../mapspec.ts';
import type { ComparisonResult, Programmed } from '../../observed.ts';
import type { Difference } from '../difference.ts';

type Differing = Extract<ComparisonResult, { kind: 'different' }>;

/**
 * The difference as it is written in place. An LRU map gets back what it lacks only where entries have gone since it was
 * last written: as many as have gone, or as others stand in the place of. What it did not keep then would evict others now.
 * `last` is what it was last written with; undefined where that is not known, as after a restart.
 */
export function givenBack(
  { spec, entries }: DesiredInner,
  { difference, seen }: Differing,
  last: Programmed | undefined,
): Difference {
  if (!isLRU(spec.type)) return difference;
  const there = entries.count - difference.missing;
  const gone = (last?.held ?? entries.count) - there;
  const others = gone > 0 ? seen.count - there : 0;
  const room = (last?.total ?? seen.count) - seen.count;
  const back = Math.max(0, gone, others, room);
  return withMissing(difference, Math.min(difference.missing, back), spec.keySize);
}

/** The missing ones come last. */
function withMissing(difference: Difference, missing: number, keySize: number): Difference {
  const { upserts, kept } = difference;
  const count = upserts.count - (difference.missing - missing);
  const stride = upserts.values.length / Math.max(1, upserts.count);
  const fewer = {
    count,
    keys: upserts.keys.subarray(0, count * keySize),
    values: upserts.values.subarray(0, count * stride),
  };
  const rest = kept === undefined ? {} : { kept: { ...kept, entries: kept.entries.subarray(0, count) } };
  return { ...difference, ...rest, upserts: fewer, missing };
}
