import type { Reason } from '../api/reason.ts';
import type { DesiredInner } from './desired/compile.ts';
import type { Entries } from './entries.ts';
import type { LedgerRecord } from './ledgerrecord.ts';
import type { MapSpec } from './mapspec.ts';
import type { Difference } from './plan/difference.ts';

/** A pinned map as opened, or why it could not be. */
export type ObservedPin =
  | { readonly kind: 'map'; readonly id: number; readonly spec: MapSpec }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: Reason; readonly message: string };

/** What this process last proved of a key: the inner map with this id holds what this object declares. */
export interface Programmed {
  readonly id: number;
  readonly inner: DesiredInner;
  /** The ledger holds a pin of it: it was made by this operator. */
  readonly ours: boolean;
  /** The same contents in the kernel's order of iteration, once read: the next comparison is one of bytes. */
  readonly seen?: Entries;
}

/** What was read from an inner map this turn, compared with what is declared for its key. */
export type ComparisonResult =
  /** As declared; `seen` are the bytes in the kernel's order. */
  | { readonly kind: 'same'; readonly seen: Entries }
  | { readonly kind: 'different'; readonly difference: Difference; readonly seen: Entries }
  /** Of another layout, or sealed where that is not declared: only a new map will do. */
  | { readonly kind: 'otherMap' }
  | { readonly kind: 'unreadable'; readonly reason: Reason; readonly message: string };

/** One outer map of this node as it is: the map, its entries, and what the ledger proves to be ours. */
export interface ObservedOuterMap {
  readonly record?: LedgerRecord;
  /** Second pin of the outer map in the ledger. */
  readonly ledger: ObservedPin;
  /** Where programs look; absent where the OuterMap declares no pin. */
  readonly pin: ObservedPin;
  /** Layout that the map was made with, where it can be read. */
  readonly template?: MapSpec;
  /** False where a dry trial shows that inner maps of the declared layout do not fit. */
  readonly accepts?: boolean;
  /** Key in hex → id of the inner map. */
  readonly entries: ReadonlyMap<string, number>;
  /** Name of a pin below the ledger's `inner` → id of the inner map. */
  readonly pins: ReadonlyMap<string, number>;
  /** By key in hex. */
  readonly programmed: ReadonlyMap<string, Programmed>;
  /** By key in hex: what was read this turn. Not by id: somebody may put one map at two keys. */
  readonly readings: ReadonlyMap<string, ComparisonResult>;
}

/** A ledger that no declared OuterMap claims. */
export interface UndeclaredLedger {
  readonly name: string;
  readonly record?: LedgerRecord;
  /** Names of the inner maps' pins: what would go is read when it goes. */
  readonly innerPins: readonly string[];
}

/** Everything of this node's kernel that decisions rest on. */
export interface ObservedKernel {
  readonly outers: ReadonlyMap<string, ObservedOuterMap>;
  readonly abandoned: readonly UndeclaredLedger[];
}
