import type { Metadata, NodeSelector } from './metadata.ts';

export const OUTER_TYPES = ['ArrayOfMaps', 'HashOfMaps'] as const;
export type OuterType = (typeof OUTER_TYPES)[number];

/** Inner types whose entries the operator declares. */
export const CONTENT_TYPES = [
  'Hash',
  'LRUHash',
  'PerCPUHash',
  'LRUPerCPUHash',
  'Array',
  'PerCPUArray',
  'LPMTrie',
] as const;

/** Inner types that the operator creates empty: programs fill them. */
export const EMPTY_TYPES = [
  'RingBuf',
  'Queue',
  'Stack',
  'BloomFilter',
  'PerfEventArray',
  'StackTrace',
  'CgroupArray',
  'DevMap',
  'DevMapHash',
  'SockMap',
  'SockHash',
  'CPUMap',
  'XSKMap',
  'ReuseportSockArray',
  'SkStorage',
  'TaskStorage',
  'InodeStorage',
] as const;

export const INNER_TYPES = [...CONTENT_TYPES, ...EMPTY_TYPES] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];
export type InnerType = (typeof INNER_TYPES)[number];

/** Flags of a map with their UAPI values (include/uapi/linux/bpf.h, BPF_F_*). */
export const MAP_FLAGS = {
  NoPrealloc: 1 << 0,
  NoCommonLRU: 1 << 1,
  NumaNode: 1 << 2,
  ReadOnly: 1 << 3,
  WriteOnly: 1 << 4,
  ReadOnlyProg: 1 << 7,
  WriteOnlyProg: 1 << 8,
  Clone: 1 << 9,
  Mmapable: 1 << 10,
  PreserveElems: 1 << 11,
  InnerMap: 1 << 12,
} as const;
export type MapFlag = keyof typeof MAP_FLAGS;

/** The layout that every inner map of an outer map shares; the dummy inner map has it too. */
export interface Template {
  readonly type: InnerType;
  readonly maxEntries: number;
  /** The most that an InnerMap may say instead; absent: maxEntries. */
  readonly maxEntriesLimit?: number;
  /** C declaration of the key; absent where the type has none (RingBuf, Queue, Stack, BloomFilter). */
  readonly key?: string;
  /** C declaration of the value; absent for RingBuf. */
  readonly value?: string;
  readonly flags: readonly MapFlag[];
  /** Paths of value fields that the eBPF program writes: never compared. */
  readonly programOwned: readonly string[];
}

export interface AccessRule {
  /** Names or globs of namespaces (`*` any run of characters, `?` one). */
  readonly namespaces: readonly string[];
  /** Single keys, `a..b` ranges of integers, prefixes of addresses; absent: all keys. */
  readonly keys?: readonly (string | number)[];
}

export interface OuterMapSpec {
  readonly type: OuterType;
  readonly maxEntries: number;
  /** C declaration of the key; always `u32` for an ArrayOfMaps. */
  readonly key: string;
  readonly flags: readonly MapFlag[];
  readonly inner: Template;
  /** Relative to the bpffs; no dots, no empty parts, not below innermap/. Absent: the ledger has the only pin. */
  readonly pin?: string;
  /** File mode of the pin, parsed from octal text. */
  readonly pinMode: number;
  readonly provision: 'Create' | 'Adopt';
  readonly undeclaredKeys: 'Remove' | 'Keep';
  /** Percent of the keys that one turn may remove, or a number of keys. */
  readonly maxRemoval: { readonly percent: number } | { readonly keys: number };
  readonly deletionPolicy: 'Retain' | 'Delete';
  /** Kernel memory on a node for the inner maps of one namespace together; absent: no bound of its own. */
  readonly maxNamespaceBytes?: number;
  readonly access: readonly AccessRule[];
  readonly nodeSelector?: NodeSelector;
}

/** An outer map as its owner declares it, every default filled in. Cluster-scoped. */
export interface OuterMap {
  readonly kind: 'OuterMap';
  readonly metadata: Metadata;
  readonly spec: OuterMapSpec;
}
