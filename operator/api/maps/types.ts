import type { MapFlag } from './flags.ts';

/**
 * What the kernel demands of maps of one type: the one table that the schema, the docs, the parser, the layouts and the
 * messages are made of or held to. Tried type by type and flag by flag on Linux 6.18.
 */
export interface MapRule {
  /** In enum bpf_map_type (include/uapi/linux/bpf.h). */
  readonly number: number;
  /** Whether InnerMaps declare its entries; else programs fill it. */
  readonly contents?: true;
  /** One value for each possible CPU. */
  readonly perCpu?: true;
  /** `index`: a u32; `prefix`: begins with a u32 prefix length; `object`: a descriptor of what the value belongs to; `none`: size 0. */
  readonly key: 'any' | 'index' | 'prefix' | 'object' | 'none';
  /** The sizes that it takes, the usual one first; absent: any. Empty: the type has no value. */
  readonly valueSizes?: readonly number[];
  /** Bytes of a frame, where the value is a stack of at most 127. */
  readonly frame?: { readonly plain: number; readonly StackBuildId: number };
  readonly largestKey?: number;
  readonly largestValue?: number;
  /** What maxEntries counts: `pages`: bytes, a power of two and at least a page; `nothing`: it must be 0. Absent: entries. */
  readonly size?: 'pages' | 'nothing';
  readonly flags: readonly MapFlag[];
  /** Flags without which the kernel does not make one: set whether declared or not. */
  readonly needed?: readonly MapFlag[];
  /** Flags that the kernel sets by itself, and refuses from others. */
  readonly added?: readonly MapFlag[];
  /** The capability beside CAP_BPF. map_create of 6.18; before 6.5 the types' own functions (sock_map_alloc and others). */
  readonly capability?: 'CAP_NET_ADMIN';
  /** Whether the kernel demands BTF of key and value. */
  readonly btf?: true;
}

const OF_PROGRAMS = ['ReadOnlyProg', 'WriteOnlyProg'] as const;
const ON_NODE = ['NumaNode', ...OF_PROGRAMS] as const;
/** PCPU_MIN_UNIT_SIZE */
const LARGEST_PER_CPU = 32768;
/** LPM_DATA_SIZE_MAX and the prefix length */
const LARGEST_PREFIX = 260;
const FD_OR_STRUCT = [4, 8];

/** Filled by the kernel with what a program or user space puts in: sockets, devices and so on. */
const references = { key: 'index', valueSizes: FD_OR_STRUCT, flags: ['NumaNode'] } as const;
const devices = { ...references, added: ['ReadOnlyProg'], capability: 'CAP_NET_ADMIN' } as const;
const queue = { key: 'none', flags: ON_NODE } as const;
const ring = { key: 'none', valueSizes: [], size: 'pages', flags: ['NumaNode'] } as const;
/** It grows with the sockets, tasks, inodes or cgroups that its values belong to (bpf_local_storage_map_alloc_check). */
const storage = {
  key: 'object',
  size: 'nothing',
  btf: true,
  flags: ['NoPrealloc', 'Clone'],
  needed: ['NoPrealloc'],
} as const;

/** Outer maps: their values are inner maps. */
const OUTER = {
  ArrayOfMaps: { number: 12, key: 'index', flags: ['NumaNode'] },
  HashOfMaps: { number: 13, key: 'any', flags: ['NoPrealloc', 'ZeroSeed', ...ON_NODE] },
} as const satisfies Readonly<Record<string, MapRule>>;

const INNER = {
  Hash: { number: 1, contents: true, key: 'any', flags: ['NoPrealloc', 'ZeroSeed', ...ON_NODE] },
  LRUHash: { number: 9, contents: true, key: 'any', flags: ['NoCommonLRU', 'ZeroSeed', ...ON_NODE] },
  PerCPUHash: {
    ...{ number: 5, contents: true, perCpu: true, key: 'any', largestValue: LARGEST_PER_CPU },
    flags: ['NoPrealloc', 'ZeroSeed', ...OF_PROGRAMS],
  },
  LRUPerCPUHash: {
    ...{ number: 10, contents: true, perCpu: true, key: 'any', largestValue: LARGEST_PER_CPU },
    flags: ['NoCommonLRU', 'ZeroSeed', ...OF_PROGRAMS],
  },
  Array: { number: 2, contents: true, key: 'index', flags: ['InnerMap', 'Mmapable', ...ON_NODE] },
  PerCPUArray: {
    ...{ number: 6, contents: true, perCpu: true, key: 'index', largestValue: LARGEST_PER_CPU },
    flags: OF_PROGRAMS,
  },
  LPMTrie: {
    ...{ number: 11, contents: true, key: 'prefix', largestKey: LARGEST_PREFIX },
    ...{ flags: ['NoPrealloc', ...ON_NODE], needed: ['NoPrealloc'] },
  },
  RingBuf: { number: 27, ...ring },
  UserRingBuf: { number: 31, ...ring },
  Queue: { number: 22, ...queue },
  Stack: { number: 23, ...queue },
  BloomFilter: { number: 30, ...queue, flags: ['ZeroSeed', ...ON_NODE] },
  PerfEventArray: { number: 4, key: 'index', valueSizes: [4], flags: ['NumaNode', 'PreserveElems'] },
  StackTrace: {
    ...{ number: 7, key: 'index', frame: { plain: 8, StackBuildId: 32 } },
    flags: ['NumaNode', 'StackBuildId'],
  },
  CgroupArray: { number: 8, key: 'index', valueSizes: [4], flags: ['NumaNode'] },
  DevMap: { number: 14, ...devices },
  DevMapHash: { number: 25, ...devices },
  SockMap: { number: 15, ...references, capability: 'CAP_NET_ADMIN' },
  SockHash: { number: 18, ...references, key: 'any', largestKey: 512, capability: 'CAP_NET_ADMIN' },
  CPUMap: { number: 16, ...references },
  XSKMap: { number: 17, ...references, valueSizes: [4], capability: 'CAP_NET_ADMIN' },
  ReuseportSockArray: { number: 20, ...references, flags: ON_NODE },
  SkStorage: { number: 24, ...storage },
  TaskStorage: { number: 29, ...storage },
  InodeStorage: { number: 28, ...storage },
  CgrpStorage: { number: 32, ...storage },
} as const satisfies Readonly<Record<string, MapRule>>;

export type OuterType = keyof typeof OUTER;
export type InnerType = keyof typeof INNER;
export const OUTER_TYPES = Object.keys(OUTER) as readonly OuterType[];
export const INNER_TYPES = Object.keys(INNER) as readonly InnerType[];
export const MAP_RULES: Readonly<Record<InnerType | OuterType, MapRule>> = { ...INNER, ...OUTER };

/** Inner types whose entries the operator declares. */
export type ContentType = {
  [Type in InnerType]: (typeof INNER)[Type] extends { contents: true } ? Type : never;
}[InnerType];
export const CONTENT_TYPES = INNER_TYPES.filter(
  (type): type is ContentType => MAP_RULES[type].contents === true,
);
/** Inner types that the operator creates empty: programs fill them. */
export const EMPTY_TYPES = INNER_TYPES.filter(type => MAP_RULES[type].contents !== true);

/** What no OuterMap can have for its inner maps, by its number in the kernel, and why. */
export const REFUSED_TYPES: Readonly<Record<string, { readonly number: number; readonly why: string }>> = {
  ArrayOfMaps: { number: OUTER.ArrayOfMaps.number, why: 'the kernel takes no outer map into an outer map' },
  HashOfMaps: { number: OUTER.HashOfMaps.number, why: 'the kernel takes no outer map into an outer map' },
  ProgArray: { number: 3, why: 'the kernel takes no program array into an outer map' },
  CgroupStorage: {
    number: 19,
    why: 'the kernel takes it into no outer map; CgrpStorage is what came after it',
  },
  PerCPUCgroupStorage: {
    number: 21,
    why: 'the kernel takes it into no outer map; CgrpStorage is what came after it',
  },
  StructOps: { number: 26, why: 'it is a table of programs, which the kernel takes into no outer map' },
  Arena: {
    number: 33,
    why: 'a program uses the arena that it names itself, none that it finds in an outer map',
  },
  InsnArray: { number: 34, why: 'it belongs to the one program whose instructions it has' },
};
