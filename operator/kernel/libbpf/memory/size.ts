import { MAP_FLAGS } from '../../../api/outermap.ts';
import { isArray, type MapSpec } from '../../../core/mapspec.ts';
import { isPerCpu, strideOf } from '../maptypes.ts';

/** struct htab_elem and struct lpm_trie_node before the key (kernel/bpf/hashtab.c, lpm_trie.c; 6.18, 64 bits). */
const ENTRY_HEADER: Readonly<Record<string, number>> = {
  Hash: 48,
  LRUHash: 48,
  PerCPUHash: 48,
  LRUPerCPUHash: 48,
  HashOfMaps: 48,
  LPMTrie: 40,
};
/** struct bucket; there are as many as entries, rounded up to a power of two. */
const BUCKET = 16;
/** A per-CPU entry points to its values. */
const POINTER = 8;

/** Bytes that the kernel needs at least for a map with so many entries written; rounding up is not counted. */
export function leastBytes(spec: MapSpec, entries: number, possibleCpus: number): number {
  const value = isPerCpu(spec.type) ? POINTER + strideOf(spec, possibleCpus) : rounded(spec.valueSize);
  if (isArray(spec.type) || spec.type === 'ArrayOfMaps') return spec.maxEntries * value;
  if (spec.type.endsWith('RingBuf')) return spec.maxEntries;
  const header = ENTRY_HEADER[spec.type];
  if (header === undefined) return 0;
  const isGrown = (spec.flags & MAP_FLAGS.NoPrealloc) !== 0;
  const count = isGrown ? Math.min(entries, spec.maxEntries) : spec.maxEntries;
  return count * (header + rounded(spec.keySize) + value) + bucketsOf(spec);
}

function bucketsOf({ type, maxEntries }: MapSpec): number {
  return type === 'LPMTrie' ? 0 : BUCKET * 2 ** Math.ceil(Math.log2(Math.max(1, maxEntries)));
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
