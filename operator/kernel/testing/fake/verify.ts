import { type Comparison, difference } from '../../../core/plan/difference.ts';
import type { Expectation } from '../../kernel.ts';
import type { FakeMap } from './map.ts';

/** Whether the map is the expected one, with the expected entries. */
export function isAsExpected(
  map: FakeMap,
  { id, spec, frozen, entries, exact }: Expectation,
  mask: Uint8Array | undefined,
): boolean {
  const { type, keySize, valueSize, maxEntries, flags } = map.spec;
  const isAlike = type === spec.type && keySize === spec.keySize && valueSize === spec.valueSize;
  const isSized = maxEntries === spec.maxEntries && flags === spec.flags;
  if (map.id !== id || !isAlike || !isSized || map.frozen !== frozen) return false;
  const found = map.table.entries();
  const stride = found.count > 0 ? found.values.length / found.count : valueSize;
  const by = { type: type as Comparison['type'], keySize, stride, exact };
  return difference(entries, found, mask === undefined ? by : { ...by, mask }) === undefined;
}
