import type { Reason } from '../../api/reason.ts';
import type { Desired, DesiredOuter } from '../desired/desired.ts';
import type { ObservedKernel, ObservedOuterMap, UndeclaredLedger } from '../observed.ts';
import { runToEnd, type Steps } from '../steps.ts';
import { type KeyChanges, keyChanges, type Proof } from './keychanges.ts';
import { inKeyOrder } from './order.ts';
import { outerChanges } from './outerchanges.ts';
import { pinChanges } from './pinchanges.ts';
import { type HeldRemoval, heldRemoval, type Removal, releasesOf, removals } from './removals.ts';
import type { Step } from './step.ts';

/** Why nothing of an outer map may be touched. */
export interface OuterMapFailure {
  readonly outer: string;
  readonly reason: Reason;
  readonly message: string;
}

/** Everything to do, in order, and everything that was decided not to be done. Frozen data: it can be printed, or applied. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly refused: readonly OuterMapFailure[];
  readonly held: readonly HeldRemoval[];
  /** Outer maps with a removal that would be held, had not somebody released it. */
  readonly released: ReadonlySet<string>;
  /** Outer maps of which something is to be removed, and is not by this plan. */
  readonly pending: ReadonlySet<string>;
  /** Removals that wait for a complete read of what is wanted. */
  readonly waiting: number;
  /** Keys found as declared, by outer map. */
  readonly proofs: ReadonlyMap<string, readonly Proof[]>;
  readonly evicted: number;
}

/** What the plan may do. */
export interface Policy {
  /** False before the first complete read of the wanted side: nothing is removed. */
  readonly mayRemove: boolean;
  /** Outer maps of which nothing is removed now, but what must make room. */
  readonly unsettled?: ReadonlySet<string>;
  /** Declared outer maps that cannot be read: nothing of them is removed, wherever it is. */
  readonly unreadable?: ReadonlySet<string>;
  /** Tokens that release held removals. */
  readonly releases: readonly string[];
  /** Keys that went a moment ago, by outer map: a wave in pieces is still a wave. */
  readonly recentlyRemoved?: ReadonlyMap<string, number>;
  /** Keys of removals that were held a moment ago, by outer map. */
  readonly recentlyHeld?: ReadonlyMap<string, number>;
}

/**
 * Pure: what should be and what is in, the steps between them out.
 * - Outer maps by name; of each: the map itself, leftovers, then its keys.
 * - Replacements, inserts, edits, removals; where slots are missing, as many removals first.
 * - A removal of too much is held; none happens before the wanted side was read whole, or where it cannot be read.
 */
export function planBetween(desired: Desired, found: ObservedKernel, policy: Policy): Plan {
  return runToEnd(planning(desired, found, policy));
}

/** The same as work that can be interrupted after each key. */
export function* planning(desired: Desired, found: ObservedKernel, policy: Policy): Steps<Plan> {
  const drafts: Draft[] = [];
  for (const [name, outer] of desired.outers)
    drafts.push(yield* draftOf(name, outer, found.outers.get(name), policy));
  const farewells = found.abandoned.map(abandoned => retire(abandoned, policy));
  const all = [...drafts, ...farewells];
  return Object.freeze({
    steps: Object.freeze(all.flatMap(draft => draft.steps)),
    refused: drafts.flatMap(draft => draft.refused),
    held: all.flatMap(draft => draft.held),
    released: new Set(all.filter(draft => draft.released).map(draft => draft.outer)),
    pending: new Set(all.filter(({ held, waiting }) => held.length + waiting > 0).map(({ outer }) => outer)),
    waiting: all.reduce((sum, draft) => sum + draft.waiting, 0),
    proofs: new Map(drafts.map(draft => [draft.outer, draft.proofs])),
    evicted: drafts.reduce((sum, draft) => sum + draft.evicted, 0),
  });
}

interface Draft {
  readonly outer: string;
  readonly steps: readonly Step[];
  readonly refused: readonly OuterMapFailure[];
  readonly held: readonly HeldRemoval[];
  readonly released: boolean;
  readonly waiting: number;
  readonly proofs: readonly Proof[];
  readonly evicted: number;
}

const NOTHING = { steps: [], refused: [], held: [], released: false, waiting: 0, proofs: [], evicted: 0 };

function* draftOf(
  name: string,
  desired: DesiredOuter,
  found: ObservedOuterMap | undefined,
  policy: Policy,
): Steps<Draft> {
  if (found === undefined) return { ...NOTHING, outer: name };
  const outer = outerChanges(desired, found);
  if (outer.kind === 'refused')
    return {
      ...NOTHING,
      outer: name,
      refused: [{ outer: name, reason: outer.reason, message: outer.message }],
    };
  const { writes, proofs, evicted } = yield* keyChanges(name, desired, found);
  const undeclared = yield* removals(name, desired, found);
  const going = undeclared.filter(removal => mayGo(removal, policy));
  const braked = braking(going, { name, desired, found, policy });
  const ordered = yield* inOrder(writes, braked, desired, found);
  yield;
  return {
    outer: name,
    steps: [...outer.steps, ...pinChanges(name, found), ...ordered],
    refused: [],
    held: braked.held === undefined ? [] : [braked.held],
    released: braked.isReleased,
    waiting: undeclared.length - (braked.waits ? 0 : going.length),
    proofs,
    evicted,
  };
}

/** What is not ours may be of an OuterMap that fills the same map, and cannot be read. */
function mayGo({ ours }: Removal, { unreadable }: Policy): boolean {
  return ours || unreadable === undefined || unreadable.size === 0;
}

function isUnreadable(name: string, { unreadable }: Policy): boolean {
  return unreadable?.has(name) === true;
}

/** What may be removed of what should go. */
interface Braked {
  readonly going: readonly Removal[];
  /** Only as many as others need slots. */
  readonly waits: boolean;
  readonly held?: HeldRemoval | undefined;
  readonly isReleased: boolean;
}

interface Braking {
  readonly name: string;
  readonly desired: DesiredOuter;
  readonly found: ObservedOuterMap;
  readonly policy: Policy;
}

function braking(going: readonly Removal[], { name, desired, found, policy }: Braking): Braked {
  const limit = {
    outer: name,
    maxRemoval: desired.outerMap.spec.maxRemoval,
    present: found.entries.size,
    recent: policy.recentlyRemoved?.get(name) ?? 0,
    before: policy.recentlyHeld?.get(name) ?? 0,
  };
  if (!policy.mayRemove || isUnreadable(name, policy)) return { going: [], waits: true, isReleased: false };
  if (policy.unsettled?.has(name) === true) return { going, waits: true, isReleased: false };
  const keys = going.map(step => step.keyText);
  const held = heldRemoval(keys, limit);
  const isReleased = held !== undefined && releasesOf(desired, policy.releases).has(held.token);
  if (held !== undefined && !isReleased) return { going: [], waits: false, held, isReleased };
  return { going, waits: false, isReleased };
}

type Write = KeyChanges['writes'][number];

/** Replacements, inserts, edits, removals, each by key; but first as many removals as slots are missing for the inserts. */
function* inOrder(
  writes: readonly Write[],
  { going, waits }: Braked,
  desired: DesiredOuter,
  found: ObservedOuterMap,
): Steps<readonly Step[]> {
  yield;
  const ordered = inKeyOrder(writes);
  yield;
  const replacements = ordered.filter(write => write.verb === 'replace');
  const inserts = ordered.filter(write => write.verb === 'insert');
  const edits = ordered.filter(write => write.verb === 'edit');
  const free =
    desired.layout.outer.type === 'ArrayOfMaps'
      ? inserts.length
      : desired.layout.outer.maxEntries - found.entries.size;
  const first = Math.max(0, Math.min(going.length, inserts.length - free));
  const last = waits ? [] : going.slice(first);
  return [...going.slice(0, first), ...replacements, ...inserts, ...edits, ...last];
}

/**
 * An OuterMap that is no longer declared: Retain leaves all of it, Delete takes all that is ours, under the same brake.
 * Without a record there are but the empty directories that a crash left.
 */
function retire(abandoned: UndeclaredLedger, policy: Policy): Draft {
  const draft = { ...NOTHING, outer: abandoned.name };
  const { record, innerPins } = abandoned;
  if (isUnreadable(abandoned.name, policy)) return { ...draft, waiting: innerPins.length };
  if (record === undefined) return { ...draft, steps: [{ verb: 'letGo', outer: abandoned.name, abandoned }] };
  if (record.deletionPolicy !== 'Delete') return draft;
  if (!policy.mayRemove) return { ...draft, waiting: innerPins.length };
  const limit = {
    outer: abandoned.name,
    maxRemoval: record.maxRemoval,
    present: innerPins.length,
    recent: 0,
  };
  const held = heldRemoval(innerPins, limit);
  if (held !== undefined && !policy.releases.includes(held.token)) return { ...draft, held: [held] };
  return { ...draft, steps: [{ verb: 'letGo', outer: abandoned.name, abandoned }] };
}
