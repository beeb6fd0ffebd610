import type { InnerType, OuterType } from '../api/outermap.ts';

/** What bpf(BPF_MAP_CREATE) is given, and what bpf_map_info tells. Sizes in bytes as user space declares them. */
export interface MapSpec {
  readonly type: InnerType | OuterType;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** The whole BPF_F_* word. */
  readonly flags: number;
}

/** `Hash key 4 value 16 maxEntries 1024 flags 0x1`: how messages show a layout. */
export function mapSpecText(spec: MapSpec): string {
  const flags = spec.flags === 0 ? 'none' : `0x${spec.flags.toString(16)}`;
  return `${spec.type} key ${spec.keySize} value ${spec.valueSize} maxEntries ${spec.maxEntries} flags ${flags}`;
}

/** Whether all entries are there from the start, zero where nobody wrote. */
export function isArray(type: MapSpec['type']): boolean {
  return type === 'Array' || type === 'PerCPUArray';
}

/** Whether a full map makes room by taking entries away. */
export function isLRU(type: MapSpec['type']): boolean {
  return type === 'LRUHash' || type === 'LRUPerCPUHash';
}

/** BPF_F_RDONLY and BPF_F_WRONLY belong to the creating fd, not to the map (kernel/bpf/syscall.c, bpf_map_flags_retain_permanent). */
const OF_THE_FD = (1 << 3) | (1 << 4);
/** The kernel adds BPF_F_RDONLY_PROG to these by itself (kernel/bpf/devmap.c). */
const ADDED: Readonly<Record<string, number>> = { DevMap: 1 << 7, DevMapHash: 1 << 7 };

/** Whether a map that was asked for with one flag word can be the one that tells of the other. */
export function sameFlags(type: MapSpec['type'], a: number, b: number): boolean {
  return ((a ^ b) & ~(OF_THE_FD | (ADDED[type] ?? 0))) === 0;
}

const NO_COMMON_LRU = 1 << 1;
/** NR_CPUS of the largest kernels that distributions ship. */
const MOST_CPUS = 8192;

/** Whether a map that was asked for with one max_entries can be the one that tells of `found`. */
export function sameMaxEntries(asked: MapSpec, found: number): boolean {
  if (found === asked.maxEntries) return true;
  // A private list for each CPU: rounded up to a multiple of the CPUs (kernel/bpf/hashtab.c, htab_map_alloc)
  const perCpuLists = (asked.flags & NO_COMMON_LRU) !== 0;
  return perCpuLists && found > asked.maxEntries && found - asked.maxEntries < MOST_CPUS;
}
