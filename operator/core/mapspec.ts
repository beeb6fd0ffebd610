import { flagsWord } from '../api/maps/flags.ts';
import { MAP_RULES } from '../api/maps/types.ts';
import type { InnerType, OuterType } from '../api/outermap.ts';
import type { MapTypes } from './btf/maptypes.ts';

/** The arguments of bpf(BPF_MAP_CREATE), and the fields of bpf_map_info. Sizes in bytes as user space declares them. */
export interface MapSpec {
  readonly type: InnerType | OuterType;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** The whole BPF_F_* word. */
  readonly flags: number;
  /** What entries are, where it is declared; bpf_map_info does not tell. No part of the layout. */
  readonly types?: MapTypes;
  /** Of a BloomFilter of others, where they are not the kernel's five: map_extra, which no declaration gives and no template has. */
  readonly hashFunctions?: number;
}

/** `Hash key 4 value 16 maxEntries 1024 flags 0x1`: how messages show a layout. */
export function mapSpecText(spec: MapSpec): string {
  const flags = spec.flags === 0 ? 'none' : `0x${spec.flags.toString(16)}`;
  return `${spec.type} key ${spec.keySize} value ${spec.valueSize} maxEntries ${spec.maxEntries} flags ${flags}`;
}

/** Whether user space declares entries; of others programs alone know what is in them. */
export function hasContents(type: MapSpec['type']): boolean {
  return MAP_RULES[type].contents === true;
}

/** Whether all entries exist from the start, as zeros. */
export function isArray(type: MapSpec['type']): boolean {
  return type === 'Array' || type === 'PerCPUArray';
}

/** Whether a full map makes room by evicting entries. */
export function isLRU(type: MapSpec['type']): boolean {
  return type === 'LRUHash' || type === 'LRUPerCPUHash';
}

/** BPF_F_RDONLY and BPF_F_WRONLY belong to the creating fd, not to the map (kernel/bpf/syscall.c, bpf_map_flags_retain_permanent). */
const OF_THE_FD = (1 << 3) | (1 << 4);

/** The flags that the kernel sets by itself on maps of this type, and refuses from whoever makes one: BPF_F_RDONLY_PROG (kernel/bpf/devmap.c). */
export function addedFlags(type: MapSpec['type']): number {
  return flagsWord(MAP_RULES[type].added ?? []);
}

/** Whether two maps agree in all but max_entries. Flags that the kernel changes by itself do not count. */
export function sameShape(a: MapSpec, b: MapSpec): boolean {
  const sizes = a.type === b.type && a.keySize === b.keySize && a.valueSize === b.valueSize;
  return sizes && ((a.flags ^ b.flags) & ~(OF_THE_FD | addedFlags(a.type))) === 0;
}

/** Whether two layouts differ in maxEntries alone, or in nothing. */
export function sameButMaxEntries(a: MapSpec, b: MapSpec): boolean {
  return a === b || (sameShape(a, b) && a.flags === b.flags);
}

const NO_COMMON_LRU = 1 << 1;
/** NR_CPUS of the largest kernels that distributions ship. */
const MOST_CPUS = 8192;

/** Whether a map created by one spec can be the map that reports the other. */
export function canBe(created: MapSpec, reported: MapSpec): boolean {
  if (!sameShape(created, reported)) return false;
  // A private list for each CPU: rounded up to a multiple of the CPUs (kernel/bpf/hashtab.c, htab_map_alloc)
  const perCpuLists = (created.flags & NO_COMMON_LRU) !== 0;
  const more = reported.maxEntries - created.maxEntries;
  return more === 0 || (perCpuLists && more > 0 && more < MOST_CPUS);
}
