import type { InnerType, OuterType } from '../../api/outermap.ts';
import { MAP_FLAGS } from '../../api/outermap.ts';
import type { MapSpec } from '../../core/mapspec.ts';

type MapType = InnerType | OuterType;

/** enum bpf_map_type of include/uapi/linux/bpf.h. */
export const TYPE_NUMBERS: Readonly<Record<MapType, number>> = {
  Hash: 1,
  Array: 2,
  PerfEventArray: 4,
  PerCPUHash: 5,
  PerCPUArray: 6,
  StackTrace: 7,
  CgroupArray: 8,
  LRUHash: 9,
  LRUPerCPUHash: 10,
  LPMTrie: 11,
  ArrayOfMaps: 12,
  HashOfMaps: 13,
  DevMap: 14,
  SockMap: 15,
  CPUMap: 16,
  XSKMap: 17,
  SockHash: 18,
  ReuseportSockArray: 20,
  Queue: 22,
  Stack: 23,
  SkStorage: 24,
  DevMapHash: 25,
  RingBuf: 27,
  InodeStorage: 28,
  TaskStorage: 29,
  BloomFilter: 30,
};

const TYPE_NAMES: ReadonlyMap<number, MapType> = new Map(
  Object.entries(TYPE_NUMBERS).map(([name, number]) => [number, name as MapType]),
);

/** Undefined for a type that neither an outer nor an inner map has; a pin may hold one. */
export function typeName(number: number): MapType | undefined {
  return TYPE_NAMES.get(number);
}

/** A layout from key size, value size, max entries and flags. */
export function specOf(type: MapType, words: ArrayLike<number>): MapSpec {
  return { type, keySize: words[0]!, valueSize: words[1]!, maxEntries: words[2]!, flags: words[3]! };
}

const PER_CPU: ReadonlySet<MapType> = new Set<MapType>(['PerCPUHash', 'LRUPerCPUHash', 'PerCPUArray']);
const READABLE: ReadonlySet<MapType> = new Set<MapType>([
  'Hash',
  'LRUHash',
  'PerCPUHash',
  'LRUPerCPUHash',
  'Array',
  'PerCPUArray',
  'LPMTrie',
  'ArrayOfMaps',
  'HashOfMaps',
]);
/** The kernel requires BTF of them: an int as key, any type of the right size as value. */
const STORAGES: ReadonlySet<MapType> = new Set<MapType>(['SkStorage', 'InodeStorage', 'TaskStorage']);

export const isPerCpu = (type: MapType): boolean => PER_CPU.has(type);
export const isOuter = (type: MapType): boolean => type === 'HashOfMaps' || type === 'ArrayOfMaps';
export const isStorage = (type: MapType): boolean => STORAGES.has(type);
/** Whether user space can read and write entries by key. */
export const hasContents = (type: MapType): boolean => READABLE.has(type);

/** Bytes of one value in a batch: per-CPU types have one for each possible CPU, rounded up to 8. */
export function strideOf(spec: MapSpec, possibleCpus: number): number {
  return isPerCpu(spec.type) ? Math.ceil(spec.valueSize / 8) * 8 * possibleCpus : spec.valueSize;
}

/** The smallest layout of each inner type, for probing. */
export function smallestSpec(type: InnerType): MapSpec {
  const spec = { type, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 };
  switch (type) {
    case 'LPMTrie':
      return { ...spec, keySize: 8, flags: MAP_FLAGS.NoPrealloc };
    case 'RingBuf':
      // A power of two that every page size divides
      return { ...spec, keySize: 0, valueSize: 0, maxEntries: 65536 };
    case 'Queue':
    case 'Stack':
    case 'BloomFilter':
      return { ...spec, keySize: 0 };
    case 'StackTrace':
      return { ...spec, valueSize: 8 };
    case 'SkStorage':
    case 'InodeStorage':
    case 'TaskStorage':
      return { ...spec, maxEntries: 0, flags: MAP_FLAGS.NoPrealloc };
    default:
      return spec;
  }
}
