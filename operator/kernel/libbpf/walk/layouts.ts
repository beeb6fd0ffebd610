import type { MapSpec } from '../../../core/mapspec.ts';

/** bpf_for_each_map_elem does not know an LPM trie, and shows one value of a per-CPU type's. */
const WALKED: ReadonlySet<MapSpec['type']> = new Set<MapSpec['type']>(['Hash', 'LRUHash', 'Array']);

export function isWalkedType({ type }: MapSpec): boolean {
  return WALKED.has(type);
}

/** The words of `sizes` in native/bulk/innermap.h. */
export function sizesOf(maps: number, { type, keySize, valueSize }: MapSpec, outerKeySize = 0): Uint32Array {
  return Uint32Array.of(maps, keySize, valueSize, type === 'Array' ? 1 : 0, outerKeySize);
}
