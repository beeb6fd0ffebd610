import type { KernelState } from '../api/status.ts';
import type { MapTypes, TypedBtf } from '../core/btf/maptypes.ts';
import type { Entries } from '../core/entries.ts';
import type { MapSpec } from '../core/mapspec.ts';
import type { KernelCounts } from './counts.ts';
import type { KernelError } from './error.ts';
import type { Pins } from './pins.ts';

/**
 * A map that this process holds open. It must be closed: an open fd keeps an inner map alive.
 * Reading `fd` after close throws.
 */
export interface OpenMap {
  readonly fd: number;
  readonly id: number;
  readonly spec: MapSpec;
  /** bpf_map_info.name, up to 15 characters; of a map that is not proven ours a hint, never a proof. */
  readonly name: string;
  /** BPF_MAP_FREEZE, which bpf_map_info does not contain. */
  frozen(): boolean;
  close(): void;
}

/**
 * The types of inner maps' entries in the kernel, as BTF. They must be closed; maps that were made with them keep them.
 * Using them after close throws.
 */
export interface OpenTypes {
  readonly of: MapTypes;
  close(): void;
}

/** One inner map to make: created, filled by batch, frozen, pinned, in this order. A failure leaves nothing of it. */
export interface BuildRequest {
  readonly spec: MapSpec;
  /** Absent: it has sizes alone, whatever is declared. */
  readonly types?: OpenTypes | undefined;
  /** Up to 15 of [A-Za-z0-9_.]. */
  readonly name: string;
  /** Its name in messages: `team-a/web`. */
  readonly label: string;
  readonly entries: Entries;
  readonly freeze: boolean;
  /** Absolute paths, at least one, made in order. EEXIST where one is taken: then nothing is left of the map and of its other pins. */
  readonly pins: readonly string[];
}

/** What becomes of pins in one directory once their inner maps are where they belong: one goes, then one gets another name. */
export interface Settling {
  /** No failure where it is gone already. */
  readonly unlink?: string;
  /** Over another pin too, atomically. Not done where the one before cannot be unlinked. */
  readonly rename?: { readonly from: string; readonly to: string };
}

/** The pins of keys, in one directory: a name for each key, undefined where it has none. */
export interface KeyPins {
  readonly directory: string;
  readonly names: readonly (string | undefined)[];
}

/** What tells one map from others. */
export type MapIdentity = Pick<OpenMap, 'id' | 'name'>;

/** Outer entries: `keys` count × keySize bytes, `ids` the inner maps' ids in the same order. */
export interface OuterEntries {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly ids: Uint32Array;
}

/** Indexes of an ArrayOfMaps; those beyond its end have no entries. */
export interface PlaceRange {
  readonly from: number;
  readonly count: number;
}

/** Entries to write into and to delete from a live inner map. `deletes`: keys one after the other. */
export interface Edit {
  readonly upserts: Entries;
  readonly deletes: Uint8Array;
  /** Absent: every byte of `upserts` is written. */
  readonly kept?: Kept;
}

/**
 * Bytes that stay as programs write them, at any time where the probe found `exactEdit` of the type; else their entry is read
 * right before it is written.
 */
export interface Kept {
  /** As long as one value: 0xff where `upserts` are written, 0 where the entry keeps its own bytes. */
  readonly mask: Uint8Array;
  /** A byte for each upsert: 1 where its entry was found, 0 where it is new. An entry that came since keeps its bytes, too; of a trie it does not. */
  readonly entries: Uint8Array;
}

/** The outcome of one operation over many: by index, only what failed. */
export type Failed = ReadonlyMap<number, KernelError>;

/**
 * An inner map to read: by its pin (CAP_BPF is enough) or by its id (CAP_SYS_ADMIN); where that is refused, at its place
 * (CAP_BPF again).
 */
export type InnerAddress = { readonly pin: string } | { readonly id: number; readonly place?: Place };

/** Where an inner map stands, and the layout that the inner maps there have. */
export interface Place {
  readonly outer: OpenMap;
  readonly key: Uint8Array;
  readonly spec: MapSpec;
}

/** An inner map as it was declared. */
export interface ExpectedInner {
  readonly spec: MapSpec;
  readonly entries: Entries;
}

/** Contents that are expected at keys of one outer map. */
export interface ExpectedContents {
  /** One after the other. */
  readonly keys: Uint8Array;
  /** By key. */
  readonly inners: readonly ExpectedInner[];
  /** As long as a value: 0 for bits that do not count. Absent: all do. In an Array, absent entries are zero. */
  readonly mask?: Uint8Array | undefined;
}

/** An inner map as it should be. */
export interface Expectation {
  readonly address: InnerAddress;
  readonly id: number;
  readonly spec: MapSpec;
  readonly frozen: boolean;
  readonly entries: Entries;
  /** False: it may have other entries too. In an Array, which has them all, others are zero unless this is false. */
  readonly exact: boolean;
}

/** The inner map at an address. `entries` are copies, in the kernel's order of iteration. */
export interface InnerReading {
  readonly id: number;
  readonly spec: MapSpec;
  readonly frozen: boolean;
  readonly entries: Entries;
  /**
   * Read at its place, where entries alone are seen: `spec` is the layout that was given there, with room for them (of an
   * Array as it is), and `frozen` is false whether it is or not.
   */
  readonly entriesAlone?: true;
}

/**
 * The kernel as the operator needs it. kernel/libbpf implements it for this machine and testing/fake for specs; both pass contract.test.ts.
 * Bulk operations work in slices and off the event loop: it is never blocked for more than 20 ms.
 * A bulk operation returns the failure of an item as its value; an exception means that nothing of it was done.
 */
export interface Kernel {
  readonly pins: Pins;
  /** Batches are chunked so that no more inner maps than this are open at once (RLIMIT_NOFILE less a reserve). */
  readonly openMapsLimit: number;
  readonly possibleCpus: number;

  /** How often bpf() was called, for metrics. */
  counts(): KernelCounts;
  /**
   * Features and the cost of a grace period: tried on scratch maps, never derived from the release number. Runs once; the
   * state stays the same object, whose `outerBatch` is corrected where a batch shows it wrong.
   */
  probe(): Promise<KernelState>;

  /** Throws where the kernel does not take them, or they describe what only a program's own BTF can. */
  loadTypes(types: MapTypes, label: string): OpenTypes;
  /**
   * Makes the template map, makes the outer map with its fd, closes the template. The template has its types where the kernel
   * takes them, and must have them where the value has fields of the kernel.
   */
  createOuter(outer: MapSpec, template: MapSpec, name: string): OpenMap;
  /**
   * Returns the maps, open, in the order of the requests. These are taken a few at a time, while those before are built:
   * let a generator make them, which may pause by `undefined` where one takes long.
   */
  build(requests: Iterable<BuildRequest | undefined>): Promise<readonly (OpenMap | KernelError)[]>;
  /** A pinned map; ENOENT, EACCES (a pin of another user without DAC_OVERRIDE), EPERM. */
  open(pin: string): OpenMap;
  /** EPERM without CAP_SYS_ADMIN; ENOENT when the id is gone. */
  openById(id: number): OpenMap;
  /**
   * The layout that an outer map was made with, by the bpf iterator (CAP_PERFMON too); undefined where that is unavailable.
   * EINVAL where no inner map of ours can have its type.
   */
  template(outer: OpenMap): MapSpec | undefined;
  /** The types that a map was made with; undefined where it was made without. EPERM without CAP_SYS_ADMIN; ENOENT when the id is gone. */
  typesOf(id: number): TypedBtf | undefined;
  /** The BTF of the programs that use a map, each once. EPERM without CAP_SYS_ADMIN. */
  typesOfUsers(map: OpenMap): readonly Uint8Array[];
  /**
   * HashOfMaps only: whether an inner map of this layout fits, with its types or without, tried without writing (BPF_EXIST on an
   * absent key); undefined for ArrayOfMaps, and where that cannot be tried.
   */
  accepts(outer: OpenMap, inner: MapSpec): Promise<boolean | undefined>;

  /** `places`: of an ArrayOfMaps, a part of it, as each place can cost a wait (`outerLookupsWait` of the probe). */
  readOuter(outer: OpenMap, places?: PlaceRange): Promise<OuterEntries>;
  /** Inserts or replaces, one grace period for all where the kernel can. keys[i] gets inners[i]. */
  replace(outer: OpenMap, keys: Uint8Array, inners: readonly OpenMap[]): Promise<Failed>;
  /**
   * The end of a wave: pins in a directory are settled in this order, then maps are closed. Settlings are taken a few at a
   * time: let a generator make them. The indexes of failures are theirs.
   */
  settle(directory: string, settlings: Iterable<Settling>, closing?: readonly OpenMap[]): Promise<Failed>;
  /**
   * Batch for a HashOfMaps where the kernel has one, parallel singles for an ArrayOfMaps. A key that is already gone is no
   * failure. The pin of a key goes once the key is gone; what cannot be unlinked is the key's failure.
   */
  remove(outer: OpenMap, keys: Uint8Array, pins?: KeyPins): Promise<Failed>;

  /** Ids and names of many pinned maps, without reading them: open, info, close. Returns them in the order of the pins. */
  identify(pins: readonly string[]): Promise<readonly (MapIdentity | KernelError)[]>;
  /**
   * Reads many inner maps whole. Returns them in the order of the addresses. At its place only some types can be read, and
   * not large maps: of others the error is that of their id. A type without entries has nothing to read.
   */
  readInner(addresses: readonly InnerAddress[]): Promise<readonly (InnerReading | KernelError)[]>;
  /**
   * Which inner maps of an outer map have exactly the expected entries: 1 by key. The kernel finds it by itself, and copies
   * nothing out. 0 says nothing: readInner tells whether it differs, is absent, or cannot be asked (this kernel, this type,
   * large maps).
   */
  asExpected(outer: OpenMap, expected: ExpectedContents): Promise<Uint8Array>;
  /**
   * Whether inner maps are as expected: 1 by index. 0 says nothing: readInner tells what is different, or why it cannot be
   * read. `mask` is as long as a value in a batch: 0 for bits that do not count; absent: all do.
   */
  verify(expected: readonly Expectation[], mask?: Uint8Array): Promise<Uint8Array>;
  /** Writes only what is given. The indexes of failures count the upserts first, then the deletes. */
  edit(inner: OpenMap, edit: Edit): Promise<Failed>;
  /**
   * The same of an inner map that cannot be opened: by a program of ours that finds it at its place, where readInner can read it
   * there. An error says that this kernel, or type, has no such way; ESTALE of an entry that no inner map is there any more.
   */
  editAt(place: Place, edit: Edit): Promise<Failed>;
}
