import { MAP_FLAGS } from '../../api/outermap.ts';
import { isPerCpu, valueStride } from '../codec/entries.ts';
import { isArray, type MapSpec } from '../mapspec.ts';

/** A map with so many entries written, on a machine with so many possible CPUs. */
export interface FilledMap {
  readonly spec: MapSpec;
  readonly entries: number;
  readonly possibleCpus: number;
}

/** struct htab_elem and struct lpm_trie_node before key and data (kernel/bpf/hashtab.c, lpm_trie.c; 6.18, 64 bits). */
const HASH_ENTRY = 48;
const TRIE_NODE = 40;
/** struct bucket; there are as many as entries, rounded up to a power of two. */
const BUCKET = 16;
/** struct bpf_array, which the elements follow. */
const ARRAY = 312;
/** A pointer to the cgroup beside each object that is charged to one, and one in each that the BPF allocator hands out. */
const POINTER = 8;
const PAGE = 4096;
/** Larger areas are whole pages (bpf_map_area_alloc), smaller ones a slab's size. */
const LARGEST_SLAB = 32 * 1024;
/** Of the map itself, its file and its pin; a hash and a trie have allocators for each CPU beside them. */
const MAP = 1300;
const ALLOCATORS = 2100;

/**
 * Bytes of kernel memory that a map takes from the cgroup of whoever made it. fdinfo's memlock leaves out how the kernel rounds
 * objects up and what it keeps beside each: of an LPM trie it is a quarter. Measured on 6.18, see kernelbytes' spec in libbpf.
 * Before 6.13 (3d8dc43eb2a3) a trie with large values takes less: nodes that only part prefixes have none there.
 */
export function kernelBytes({ spec, entries, possibleCpus }: FilledMap): number {
  const { type, maxEntries } = spec;
  if (isArray(type) || type === 'ArrayOfMaps') return MAP + arrayBytes(spec, possibleCpus);
  if (type.endsWith('RingBuf')) return MAP + maxEntries + 3 * PAGE;
  if (type === 'LPMTrie') return MAP + ALLOCATORS + entries * trieBytes(spec);
  if (type.endsWith('Hash') || type === 'HashOfMaps')
    return MAP + ALLOCATORS + hashBytes(spec, entries, possibleCpus);
  return MAP + area(maxEntries * (rounded(spec.keySize) + rounded(spec.valueSize)));
}

function arrayBytes(spec: MapSpec, possibleCpus: number): number {
  const { maxEntries, valueSize } = spec;
  if (!isPerCpu(spec)) return area(ARRAY + maxEntries * rounded(valueSize));
  return area(ARRAY + maxEntries * POINTER) + maxEntries * valueStride(spec, possibleCpus);
}

/** A prefix has a node, and at most one more where it parts from another. */
function trieBytes({ keySize, valueSize }: MapSpec): number {
  return 2 * allocated(TRIE_NODE + keySize - 4 + valueSize);
}

function hashBytes(spec: MapSpec, entries: number, possibleCpus: number): number {
  const { keySize, valueSize, maxEntries, flags } = spec;
  const buckets = BUCKET * 2 ** Math.ceil(Math.log2(Math.max(1, maxEntries)));
  const perCpu = isPerCpu(spec) ? valueStride(spec, possibleCpus) : 0;
  const entry = HASH_ENTRY + rounded(keySize) + (perCpu > 0 ? POINTER : rounded(valueSize));
  if ((flags & MAP_FLAGS.NoPrealloc) === 0)
    return area(buckets) + area(maxEntries * entry) + maxEntries * perCpu;
  const beside = perCpu > 0 ? allocated(POINTER) + perCpu + POINTER * possibleCpus : 0;
  return area(buckets) + entries * (allocated(entry) + beside);
}

/** An object of the BPF allocator. */
function allocated(bytes: number): number {
  return slab(bytes + POINTER) + POINTER;
}

function area(bytes: number): number {
  return bytes <= LARGEST_SLAB ? slab(bytes) : Math.ceil(bytes / PAGE) * PAGE;
}

/** The sizes of kmalloc: powers of two, and 96 and 192 between them. */
function slab(bytes: number): number {
  if (bytes > 64 && bytes <= 96) return 96;
  if (bytes > 128 && bytes <= 192) return 192;
  return bytes === 0 ? 0 : 2 ** Math.max(3, Math.ceil(Math.log2(bytes)));
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
