import type { Reason } from '../api/reason.ts';
import type { DesiredInner } from './desired/compile.ts';
import type { Entries } from './entries.ts';
import type { LedgerRecord } from './ledgerrecord.ts';
import type { MapSpec } from './mapspec.ts';
import type { Difference } from './plan/difference.ts';

/** A pinned map as opened, or why it could not be opened. */
export type ObservedPin =
  | { readonly kind: 'map'; readonly id: number; readonly spec: MapSpec }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: Reason; readonly message: string };

/** The last proof of a key: the inner map with this id has the contents that this object declares. */
export interface Programmed {
  readonly id: number;
  readonly inner: DesiredInner;
  /** This operator made it, and did not find it as declared. */
  readonly made: boolean;
  /** Declared entries that an LRU map had right after it was last written, or more; absent where it has all of them. */
  readonly held?: number;
  /** Entries of all writers that it had then. */
  readonly total?: number;
}

/** Whose the inner map with this id is at one key: somebody else made it, and it was found there as this InnerMap declares. */
export interface TakenMap {
  readonly id: number;
  readonly owner: string;
}

/** An inner map as read in this turn, compared with the declaration of its key. */
export type ComparisonResult =
  | { readonly kind: 'same' }
  /** `seen` is what was read. */
  | { readonly kind: 'different'; readonly difference: Difference; readonly seen: Entries }
  /** It has another layout, or is sealed against the declaration: a new map is needed. Its keys may be others too. */
  | { readonly kind: 'otherMap'; readonly spec: MapSpec; readonly seen: Entries }
  | {
      readonly kind: 'unreadable';
      readonly reason: Reason;
      readonly message: string;
      /** For want of memory or file descriptors: it says nothing about the map. */
      readonly passes?: true;
    };

/** One outer map of this node: the map, its entries, and the ledger's proofs of what is ours. */
export interface ObservedOuterMap {
  readonly record?: LedgerRecord;
  /** Second pin of the outer map in the ledger. */
  readonly ledger: ObservedPin;
  /** An outer map under the temporary name in the ledger: of unfinished work. */
  readonly beside?: ObservedPin;
  /** The pin where programs look; absent where the OuterMap declares no pin. */
  readonly pin: ObservedPin;
  /** Our map was at the declared pin before: where nothing is there now, somebody took the pin away. */
  readonly pinned: boolean;
  /** The other OuterMap whose ledger has the map at the pin. */
  readonly pinOwner?: string;
  /** Id of the map that this process knows to be ours, whatever became of the ledger since. */
  readonly made?: number;
  /** The template that the map was made with, where it can be read. */
  readonly template?: MapSpec;
  /** False where a trial without effect shows that inner maps of the declared layout do not fit. */
  readonly accepts?: boolean;
  /** Key in hex → id of the inner map. */
  readonly entries: ReadonlyMap<string, number>;
  /** Name of a pin below the ledger's `inner` → id of the inner map. */
  readonly pins: ReadonlyMap<string, number>;
  /** Name of a pin → the InnerMap that has its key, where the inner map was made for several. */
  readonly sharers: ReadonlyMap<string, string>;
  /** Names of pins that are records of an id alone, as this process may not open the inner map. */
  readonly recorded: ReadonlySet<string>;
  /** Id of an inner map → its owner: the object that it was made for, where that is known; SHARED where several are. */
  readonly owners: ReadonlyMap<number, string>;
  /** By key in hex: somebody may put one map at several keys, and each has an owner. */
  readonly taken: ReadonlyMap<string, TakenMap>;
  /** By key in hex. */
  readonly programmed: ReadonlyMap<string, Programmed>;
  /** By key in hex: what was programmed until a step on it, or a turn, failed. It proves nothing, but was declared. */
  readonly doubted: ReadonlyMap<string, Programmed>;
  /** Inner maps that were all as declared, pinned and proven after the last turn; absent where some must be looked at again. */
  readonly settled?: ReadonlyMap<string, DesiredInner> | undefined;
  /** By key in hex, as read in this turn. Not by id: somebody may put one map at two keys. */
  readonly readings: ReadonlyMap<string, ComparisonResult>;
}

/** A ledger that no declared OuterMap claims. */
export interface UndeclaredLedger {
  readonly name: string;
  readonly record?: LedgerRecord;
  /** Names of the inner maps' pins. The maps are read when they are removed. */
  readonly innerPins: readonly string[];
}

/** A ledger that no declared OuterMap claims, and that stays. */
export interface RetainedLedger {
  readonly name: string;
  /** Relative to the bpffs. */
  readonly pin?: string;
  readonly innerMaps: number;
}

/** The observed state of this node's kernel. */
export interface ObservedKernel {
  readonly outers: ReadonlyMap<string, ObservedOuterMap>;
  readonly abandoned: readonly UndeclaredLedger[];
}
