import type { MapFlag } from './maps/flags.ts';
import type { InnerType, OuterType } from './maps/types.ts';
import type { Metadata, NodeSelector } from './metadata.ts';

export { MAP_FLAGS, type MapFlag } from './maps/flags.ts';
export {
  CONTENT_TYPES,
  type ContentType,
  EMPTY_TYPES,
  INNER_TYPES,
  type InnerType,
  OUTER_TYPES,
  type OuterType,
} from './maps/types.ts';

/** The layout that every inner map of an outer map shares; the dummy inner map has it too. */
export interface Template {
  readonly type: InnerType;
  readonly maxEntries: number;
  /** The most that an InnerMap may say instead; absent: maxEntries. */
  readonly maxEntriesLimit?: number;
  /** C declaration of the key; absent where the type has none, or has always the same. */
  readonly key?: string;
  /** C declaration of the value; absent where the type has none, or has references of the kernel's. */
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
