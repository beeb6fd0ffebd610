import { innerMapName } from '../../api/innermap.ts';
import { RELEASE_ANNOTATION, releasesIn } from '../../api/metadata.ts';
import type { Reason } from '../../api/reason.ts';
import type { HeldEntries } from '../brake/entries.ts';
import { type RecentRemoval, sumOf } from '../brake/recent.ts';
import type { Desired, DesiredOuter } from '../desired/desired.ts';
import { joined } from '../items.ts';
import type { ObservedKernel, ObservedOuterMap, UndeclaredLedger } from '../observed.ts';
import { runToEnd, type Steps } from '../steps.ts';
import { keyChanges, type Proof, type WritesByVerb } from './keychanges.ts';
import { inKeyOrder } from './order.ts';
import { type OuterChanges, outerChanges } from './outer/outerchanges.ts';
import { pinChanges } from './outer/pinchanges.ts';
import { type Recreation, recreation } from './outer/recreation.ts';
import { counted } from './print.ts';
import { type HeldRemoval, heldRemoval, type Removal, removals } from './removals.ts';
import type { Step } from './step.ts';
import type { Untouched } from './verdict/judge.ts';

/** Why nothing of an outer map may be touched. */
export interface OuterMapFailure {
  readonly outer: string;
  readonly reason: Reason;
  readonly message: string;
}

/** The steps in order, and the decisions against steps. Frozen data: it can be printed, or applied. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly refused: readonly OuterMapFailure[];
  readonly held: readonly HeldRemoval[];
  /** Writes that are not made, because they take too many entries away. */
  readonly heldEntries: readonly HeldEntries[];
  /** Inner maps that others made and that stay, though they are not known to be as declared. */
  readonly untouched: readonly Untouched[];
  /** Outer maps with a removal that would be held without its token. */
  readonly released: ReadonlySet<string>;
  /** Outer maps with removals that this plan does not make. */
  readonly pending: ReadonlySet<string>;
  /** Removals that wait for a complete read of the wanted objects. */
  readonly waiting: number;
  /** Keys found as declared, by outer map. */
  readonly proofs: ReadonlyMap<string, readonly Proof[]>;
  readonly evicted: number;
}

/** Limits of a plan. */
export interface Policy {
  /** False before the first complete read of the wanted objects: nothing is removed. */
  readonly mayRemove: boolean;
  /** Outer maps of which nothing is removed now, except to make room. */
  readonly unsettled?: ReadonlySet<string>;
  /** Declared outer maps that cannot be read: nothing of them is removed, wherever it is. */
  readonly unreadable?: ReadonlySet<string>;
  /** Tokens that release held removals. */
  readonly releases: readonly string[];
  /** What was removed a moment ago, by outer map: many small removals are one large one. */
  readonly recentlyRemoved?: ReadonlyMap<string, readonly RecentRemoval[]>;
  /** Keys of removals that were held a moment ago, by outer map. */
  readonly recentlyHeld?: ReadonlyMap<string, number>;
}

/**
 * Pure: the steps from the observed state to the desired one.
 * - Outer maps by name; of each: the map itself, leftovers, then its keys.
 * - Replacements, inserts, claims, edits, removals; where slots are missing, as many removals first.
 * - A removal of too much is held; none happens before the wanted objects were read whole, or where they cannot be read.
 */
export function planBetween(desired: Desired, found: ObservedKernel, policy: Policy): Plan {
  return runToEnd(planning(desired, found, policy));
}

/** The same in steps: it can pause after each key. */
export function* planning(desired: Desired, found: ObservedKernel, policy: Policy): Steps<Plan> {
  const drafts: Draft[] = [];
  for (const [name, outer] of desired.outers)
    drafts.push(yield* draftOf(name, outer, found.outers.get(name), policy));
  const all = [...drafts, ...found.abandoned.map(abandoned => retire(abandoned, policy))];
  return Object.freeze({
    steps: Object.freeze(joined(all.map(draft => draft.steps))),
    refused: drafts.flatMap(draft => draft.refused),
    held: all.flatMap(draft => draft.held),
    heldEntries: drafts.flatMap(draft => draft.heldEntries),
    untouched: drafts.flatMap(draft => draft.untouched),
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
  readonly heldEntries: readonly HeldEntries[];
  readonly untouched: readonly Untouched[];
  readonly released: boolean;
  readonly waiting: number;
  readonly proofs: readonly Proof[];
  readonly evicted: number;
}

const NOTHING = {
  ...{ steps: [], refused: [], held: [], heldEntries: [], untouched: [], released: false },
  ...{ waiting: 0, proofs: [], evicted: 0 },
};

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
      steps: outer.left ?? [],
      refused: [{ outer: name, reason: outer.reason, message: outer.message }],
    };
  if (outer.kind === 'takeover') return { ...NOTHING, outer: name, steps: outer.steps };
  if (outer.kind === 'recreation')
    return recreated(yield* recreation(desired, found, outer.before), outer, {
      ...{ name, desired, found, policy },
    });
  const { writes, held, proofs, untouched, evicted } = yield* keyChanges(name, desired, found);
  const isReleased = releasedBy(desired, policy);
  for (const each of held) if (isReleased(each.held)) writes[each.write.verb].push(each.write);
  // Of keys that are there, those that need no insert are declared
  const isAllDeclared = found.entries.size === desired.inners.size - writes.insert.length;
  const undeclared = isAllDeclared ? [] : yield* removals(name, desired, found);
  // A foreign key may be of an OuterMap that fills the same map, and cannot be read
  const mayRemoveForeign = (policy.unreadable?.size ?? 0) === 0;
  const going = undeclared.filter(({ ours }) => ours || mayRemoveForeign);
  const braked = braking(going, { name, desired, found, policy });
  const ordered = yield* inOrder(writes, braked, desired, found);
  return {
    ...NOTHING,
    outer: name,
    steps: joined([outer.steps, found.settled === undefined ? pinChanges(name, found) : [], ordered]),
    held: braked.held,
    heldEntries: held.flatMap(each => (isReleased(each.held) ? [] : [each.held])),
    untouched,
    released: braked.released,
    waiting: undeclared.length - (braked.waits ? 0 : going.length),
    proofs,
    evicted,
  };
}

/** Nothing that programs find in the map before may be missing in the new one, but for what the brake lets go. */
function recreated(
  { step, lost, heldEntries, waits }: Recreation,
  { mismatch, left = [] }: Extract<OuterChanges, { kind: 'recreation' }>,
  context: Braking,
): Draft {
  const { name: outer } = context;
  const { held, released, waits: unread } = braking(lost, context);
  const isReleased = releasedBy(context.desired, context.policy);
  const losing = heldEntries.filter(each => !isReleased(each));
  const draft = { ...NOTHING, outer, held, heldEntries: losing, released, steps: left };
  const why = unread ? 'not all declarations are read' : waits;
  if (why !== undefined) return { ...draft, held: [], refused: [waitingFor(outer, mismatch, why)] };
  const [removal] = held;
  if (removal !== undefined) return { ...draft, refused: [waitingFor(outer, mismatch, lostText(removal))] };
  if (losing.length > 0) return { ...draft, refused: [waitingFor(outer, mismatch, losingText(losing))] };
  return { ...draft, steps: [...left, step] };
}

function waitingFor(outer: string, mismatch: string, why: string): OuterMapFailure {
  const message = `Layouts differ: ${mismatch}; the new map waits: ${why}`;
  return { outer, reason: 'LayoutMismatch', message };
}

function lostText({ keys, of, token }: HeldRemoval): string {
  return `${keys} of ${of} keys have no InnerMap, ${releaseText(token)}`;
}

/** Each InnerMap tells its own. */
function losingText([first, ...others]: readonly HeldEntries[]): string {
  const { inner, entries, of, token } = first!;
  const more =
    others.length === 0 ? '' : ` (and ${counted(others.length, 'InnerMap')} more, each with its own)`;
  return `InnerMap ${innerMapName(inner.innerMap)} would lose ${entries} of ${of} entries, ${releaseText(token)}${more}`;
}

function releaseText(token: string): string {
  return `more than maxRemoval lets go at once; if it is meant, release them by the annotation ${RELEASE_ANNOTATION}: ${token}`;
}

function isUnreadable(name: string, { unreadable }: Policy): boolean {
  return unreadable?.has(name) === true;
}

/** The removals that may happen now. */
interface Braked<T> extends Pick<Draft, 'held' | 'released'> {
  readonly going: readonly T[];
  /** Only as many as inserts need slots. */
  readonly waits: boolean;
}

interface Braking {
  readonly name: string;
  readonly desired: DesiredOuter;
  readonly found: ObservedOuterMap;
  readonly policy: Policy;
}

function braking<T extends { readonly keyText: string }>(
  going: readonly T[],
  { name, desired, found, policy }: Braking,
): Braked<T> {
  const free = { going, waits: false, held: [], released: false };
  if (!policy.mayRemove || isUnreadable(name, policy)) return { ...free, going: [], waits: true };
  if (policy.unsettled?.has(name) === true) return { ...free, waits: true };
  const held = heldRemoval(
    going.map(step => step.keyText),
    {
      outer: name,
      maxRemoval: desired.outerMap.spec.maxRemoval,
      present: found.entries.size,
      recent: sumOf(policy.recentlyRemoved?.get(name) ?? []),
      before: policy.recentlyHeld?.get(name) ?? 0,
    },
  );
  if (held === undefined) return free;
  return tokensFor(desired, policy).includes(held.token)
    ? { ...free, released: true }
    : { ...free, going: [], held: [held] };
}

function releasedBy(desired: DesiredOuter, policy: Policy): (held: HeldEntries) => boolean {
  const tokens = tokensFor(desired, policy);
  return ({ token }) => tokens.includes(token);
}

/** The tokens that release something of this outer map. */
function tokensFor({ outerMap }: DesiredOuter, { releases }: Policy): readonly string[] {
  return [...releases, ...releasesIn(outerMap.metadata.annotations)];
}

/** Replacements, inserts, claims, edits, removals, each by key; before them as many removals as inserts lack slots. */
function* inOrder(
  writes: WritesByVerb,
  { going, waits }: Braked<Removal>,
  desired: DesiredOuter,
  found: ObservedOuterMap,
): Steps<readonly Step[]> {
  const replacements = yield* inKeyOrder(writes.replace);
  const inserts = yield* inKeyOrder(writes.insert);
  const claims = yield* inKeyOrder(writes.claim);
  const edits = yield* inKeyOrder(writes.edit);
  const { type, maxEntries } = desired.layout.outer;
  const free = type === 'ArrayOfMaps' ? inserts.length : maxEntries - found.entries.size;
  const first = Math.max(0, Math.min(going.length, inserts.length - free));
  const last = waits ? [] : going.slice(first);
  return joined<Step>([going.slice(0, first), replacements, inserts, claims, edits, last]);
}

/**
 * Retires an OuterMap that nobody declares: Retain leaves all of it, Delete removes everything of ours, under the same
 * brake. Without a record there are only the empty directories that a crash left.
 */
function retire(abandoned: UndeclaredLedger, policy: Policy): Draft {
  const draft = { ...NOTHING, outer: abandoned.name };
  const { record, innerPins } = abandoned;
  if (isUnreadable(abandoned.name, policy)) return { ...draft, waiting: innerPins.length };
  const letGo = { ...draft, steps: [{ verb: 'letGo', outer: abandoned.name, abandoned } as const] };
  if (record === undefined) return letGo;
  if (record.deletionPolicy !== 'Delete') return draft;
  if (!policy.mayRemove) return { ...draft, waiting: innerPins.length };
  const { maxRemoval } = record;
  const limit = { outer: abandoned.name, maxRemoval, present: innerPins.length, recent: 0 };
  const held = heldRemoval(innerPins, limit);
  return held === undefined || policy.releases.includes(held.token) ? letGo : { ...draft, held: [held] };
}
