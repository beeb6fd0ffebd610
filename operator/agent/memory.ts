import { isRecent, type RecentRemoval, recentOf } from '../core/brake/recent.ts';
import type { DesiredOuter } from '../core/desired/desired.ts';
import { type BytesThere, bytesOf } from '../core/desired/quota.ts';
import type { DesiredBefore } from '../core/desired/redesired.ts';
import type { LedgerRecord } from '../core/ledgerrecord.ts';
import type { MapSpec } from '../core/mapspec.ts';
import type { ObservedPin, Programmed, RetainedLedger, TakenMap } from '../core/observed.ts';
import type { Sizes } from '../core/report/outer/sizes.ts';
import type { OuterEntries } from '../kernel/kernel.ts';
import type { LastDrift } from './apply/drift.ts';
import type { TypedOuters } from './apply/types.ts';

/** The agent's knowledge of one outer map between turns. All of it can be read again from the kernel, a held removal aside. */
export interface OuterMemory {
  record: LedgerRecord | undefined;
  ledger: ObservedPin;
  pin: ObservedPin;
  /** The outer map under the temporary name in the ledger. */
  beside: ObservedPin;
  /** Absolute path of the declared pin, where programs look. */
  pinPath: string | undefined;
  /** This process has seen our map there. */
  pinned: boolean;
  /** The other OuterMap in whose ledger the map at the declared pin is. */
  pinOwner: string | undefined;
  /** Read once for each outer map: a template never changes. */
  template: { readonly of: number; readonly spec?: MapSpec; readonly accepts?: boolean } | undefined;
  readonly entries: Map<string, number>;
  /** The bytes that `entries` was made from; undefined once this process changed them. */
  entriesRead: OuterEntries | undefined;
  readonly pins: Map<string, number>;
  /** Of the pins' directory; undefined once this process changed something in it. */
  listing: Uint8Array | undefined;
  /** Name of a pin → the InnerMap that has its key, where the inner map stands at several. */
  readonly sharers: Map<string, string>;
  /** Names of pins that are records of an id. */
  readonly recorded: Set<string>;
  /** Id of an inner map → its owner, by the map's name, or because this process wrote it. */
  readonly owners: Map<number, string>;
  /** By key in hex: an inner map whose name tells no owner, and who was found to declare it. */
  readonly taken: Map<string, TakenMap>;
  readonly programmed: Map<string, Programmed>;
  /** By key in hex: what was programmed when a step on it, or a whole turn, failed. What is there now must be read. */
  readonly doubted: Map<string, Programmed>;
  /** By key in hex: what was programmed there last, where new contents cannot be used and it is kept. */
  readonly kept: Map<string, { readonly owner: string; readonly bytes: number }>;
  /** The inner maps of a turn that left all of them as declared, pinned and proven; undefined where some may not be. */
  settled: DesiredOuter['inners'] | undefined;
  /** As they were reckoned for these inner maps; undefined once something of them changed. */
  sizes: { readonly of: DesiredOuter['inners']; readonly is: Sizes } | undefined;
  /** Something failed or was unexpected: read anew before the next decision. */
  stale: boolean;
  /** Where the next slice of the content check starts. */
  cursor: number;
  /** Checks of all contents that are over. */
  checks: number;
  /** Where the next part of an ArrayOfMaps starts, where it is read in parts. */
  nextPlace: number;
  /** Removed keys by time, oldest first: the brake counts those of the last minute. Undefined until the ledger was asked. */
  removals: readonly RecentRemoval[] | undefined;
  /** A held removal: the most keys that it had, and when its token last changed. */
  held: { readonly keys: number; readonly token: string; readonly at: number } | undefined;
}

/** Counts since the start of the process. */
export interface Counters {
  turns: number;
  driftFound: number;
  driftRepaired: number;
  evicted: number;
}

export interface Memory {
  /** The last turn's: the same wanted set gives the same desired state. */
  desired: DesiredBefore | undefined;
  readonly outers: Map<string, OuterMemory>;
  /**
   * OuterMap → id of the map that this operator made for it, as the ledger said. An id is never given to another map:
   * it proves the map ours after somebody removed the ledger, and outlives a turn that threw.
   */
  readonly made: Map<string, number>;
  /** Tried once for each outer map, where the kernel asks for it. */
  readonly typed: TypedOuters;
  readonly counters: Counters;
  lastDriftCheck: string | undefined;
  /** As they were counted at the last resync. */
  retained: readonly RetainedLedger[];
  drift: LastDrift | undefined;
}

/** The outer map is gone, and nothing of it proves anything any more. */
export function forget({ outers, made, typed }: Memory, name: string): void {
  for (const each of [outers, made, typed]) each.delete(name);
}

export function emptyMemory(): Memory {
  return {
    desired: undefined,
    outers: new Map(),
    made: new Map(),
    typed: new Map(),
    counters: { turns: 0, driftFound: 0, driftRepaired: 0, evicted: 0 },
    lastDriftCheck: undefined,
    retained: [],
    drift: undefined,
  };
}

export function emptyOuterMemory(): OuterMemory {
  return {
    record: undefined,
    ledger: { kind: 'absent' },
    pin: { kind: 'absent' },
    beside: { kind: 'absent' },
    pinPath: undefined,
    pinned: false,
    pinOwner: undefined,
    template: undefined,
    entries: new Map(),
    entriesRead: undefined,
    pins: new Map(),
    listing: undefined,
    sharers: new Map(),
    recorded: new Set(),
    owners: new Map(),
    taken: new Map(),
    programmed: new Map(),
    doubted: new Map(),
    kept: new Map(),
    settled: undefined,
    sizes: undefined,
    stale: true,
    cursor: 0,
    checks: 0,
    nextPlace: 0,
    removals: undefined,
    held: undefined,
  };
}

/** Every key must be looked at again. */
export function unsettle(known: OuterMemory): void {
  known.settled = undefined;
  known.sizes = undefined;
}

/**
 * After a turn that threw: memory lacks what it did. What was declared and held before it stays true, for the brake: what
 * others wrote is drift, and no loss. So does whose each map is that was taken over, by its id: no name in the kernel tells.
 */
export function forgetKernel({ outers }: Memory): void {
  for (const [name, { programmed, doubted, kept, held, taken }] of outers)
    outers.set(name, {
      ...emptyOuterMemory(),
      ...{ kept, held, taken, doubted: new Map([...doubted, ...programmed]) },
    });
}

/** Kernel memory of inner maps that this process made, or found as declared. */
export function bytesThereOf({ outers }: Memory): BytesThere {
  return (outer, { keyHex, owner }) => {
    const known = outers.get(outer);
    const { inner } = known?.programmed.get(keyHex) ?? known?.doubted.get(keyHex) ?? {};
    if (inner?.owner === owner) return bytesOf(inner);
    const kept = known?.kept.get(keyHex);
    return kept?.owner === owner ? kept.bytes : undefined;
  };
}

/** Removals within the last minute, by outer map. */
export function recentlyRemoved(
  { outers }: Memory,
  now: number,
): ReadonlyMap<string, readonly RecentRemoval[]> {
  const recent = new Map<string, readonly RecentRemoval[]>();
  for (const [name, { removals = [] }] of outers) {
    const removed = recentOf(removals, now);
    if (removed.length > 0) recent.set(name, removed);
  }
  return recent;
}

/** Keys of held removals whose token changed within the last minute, by outer map. */
export function recentlyHeld({ outers }: Memory, now: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [name, { held }] of outers)
    if (held !== undefined && isRecent(held.at, now)) counts.set(name, held.keys);
  return counts;
}
