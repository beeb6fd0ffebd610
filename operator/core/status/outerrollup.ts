import { every, type Steps } from '../steps.ts';
import { compiledOf, innerAcceptance, type KeyConflicts, keyConflicts } from './accepted.ts';
import { changeOf, isNewlyHeld, isReadyStale, type OnChange, sameAcceptance } from './change.ts';
import type { Acceptance } from './conditions.ts';
import { type InnerFacts, type OuterFacts, UNWRITTEN } from './facts.ts';
import {
  type DeletionMemory,
  type InnerMemories,
  type InnerMemory,
  NO_DELETION,
  NO_INNERS,
  newerStatus,
  type ObjectMemory,
  rememberDeletion,
  rememberInners,
  type StatusInput,
} from './memory.ts';
import { type NodeGroup, NodeGroups } from './nodes/nodegroup.ts';
import {
  ITSELF,
  LATE_AFTER,
  type OuterProgress,
  outerProgress,
  type ProgressSnapshot,
} from './nodes/progress.ts';
import type { FailingNode } from './nodes/watermarkindex.ts';
import { NO_NODES } from './rollup.ts';

/** The last turn's result for one outer map, for reuse. Without an OuterMap it covers the InnerMaps of that name. */
export interface OuterRollup {
  readonly name: string;
  readonly facts: OuterFacts | undefined;
  readonly acceptance: Acceptance | undefined;
  /** Keeps its identity while the OuterMap's uid stays the same. */
  readonly object: ObjectMemory;
  readonly inners: InnerMemories;
  readonly deletion: DeletionMemory;
  readonly progress: OuterProgress;
  readonly groups: NodeGroups;
  readonly conflicts: KeyConflicts;
  readonly totals: InnerMapTotals;
}

/** Totals over all InnerMaps of an outer map. */
interface InnerMapTotals {
  readonly accepted: number;
  /** A node still has to reach a change. */
  readonly isBehind: boolean;
  /** When the rollup changes even if nothing else does; milliseconds. */
  readonly recheckAt: number;
}

/** The part of a snapshot that concerns one outer map. */
export interface OuterSnapshot extends ProgressSnapshot {
  readonly name: string;
  readonly facts: OuterFacts | undefined;
  /** Absent if there is no OuterMap of this name. */
  readonly acceptance: Acceptance | undefined;
  readonly inners: readonly InnerFacts[];
  /** resourceVersion of the last deletion of an InnerMap that named it; undefined if this process saw none. */
  readonly deleted: string | undefined;
  /** resourceVersion of the last list of InnerMaps. */
  readonly listed: string;
}

/** Sorting a group of thousands of nodes costs as much as this many InnerMaps. */
const GROUP_PIECES = 16;

/**
 * Computes the status inputs of an OuterMap and its InnerMaps, and passes each changed one to `changed`.
 *
 * - Read what each selected node reports, and drop stale reports.
 * - Sort the nodes of each selector by watermark: counting the ready nodes of an InnerMap is then a binary search.
 * - Decide for each InnerMap whether it is accepted, and count the nodes that have reached it.
 * - Do the same for the OuterMap: its nodes must have passed the last deletion.
 *
 * If none of this changed since the last turn, the InnerMaps are skipped.
 */
export function* rollUpOuterMap(
  snapshot: OuterSnapshot,
  before: OuterRollup | undefined,
  { now, changed }: { readonly now: number; readonly changed: OnChange },
): Steps<OuterRollup> {
  const { name, facts, acceptance } = snapshot;
  const progress = yield* outerProgress(facts, snapshot, { before: before?.progress, now });
  const inners = yield* rememberInners(snapshot.inners, before?.inners ?? NO_INNERS, now);
  const { digest } = inners;
  const deletion = rememberDeletion(
    { ...snapshot, outer: facts, digest },
    before?.deletion ?? NO_DELETION,
    now,
  );
  const object = objectMemory(facts, before);
  const next = { name, facts, acceptance, object, inners, deletion, progress };
  const isSame = before !== undefined && isUnchanged(before, next) && now < before.totals.recheckAt;
  if (isSame) return rollUpItself({ ...before, ...next }, { grew: false, now, changed });
  const groups = new NodeGroups(progress, before?.groups);
  const areSame = before !== undefined && hasSameContenders(before, next);
  const conflicts = areSame ? before.conflicts : yield* keyConflicts(inners.facts, compiledOf(facts), groups);
  const totals = yield* rollUpInnerMaps({ ...next, groups, conflicts }, now, changed);
  const { grew } = groups.of(undefined);
  return rollUpItself({ ...next, groups, conflicts, totals }, { grew, now, changed });
}

type Unrolled = Omit<OuterRollup, 'totals'>;

function isUnchanged(before: OuterRollup, next: Omit<Unrolled, 'conflicts' | 'groups'>): boolean {
  return (
    before.progress === next.progress &&
    before.inners === next.inners &&
    before.facts?.uid === next.facts?.uid &&
    before.facts?.generation === next.facts?.generation &&
    sameAcceptance(before.acceptance, next.acceptance)
  );
}

/** Whether the key conflicts of the last turn still hold. They do not depend on the nodes' reports. */
function hasSameContenders(
  before: OuterRollup,
  { facts, inners, progress }: Pick<OuterRollup, 'facts' | 'inners' | 'progress'>,
): boolean {
  return (
    before.inners === inners &&
    before.facts?.outerMap === facts?.outerMap &&
    before.progress.ranks === progress.ranks &&
    before.progress.nodes.labels === progress.nodes.labels
  );
}

function objectMemory(facts: OuterFacts | undefined, before: OuterRollup | undefined): ObjectMemory {
  if (facts === undefined || before?.facts?.uid !== facts.uid)
    return { written: facts?.written ?? UNWRITTEN };
  before.object.written = newerStatus(facts.written, before.object.written);
  return before.object;
}

function* rollUpInnerMaps(outer: Unrolled, now: number, changed: OnChange): Steps<InnerMapTotals> {
  const { inners, progress, groups } = outer;
  let accepted = 0;
  let isBehind = false;
  let { recheckAt } = progress;
  const due = every();
  let made = groups.made;
  for (const inner of inners.byKey.values()) {
    if (due(1 + (groups.made - made) * GROUP_PIECES)) yield;
    made = groups.made;
    const { input, grew, isLate } = innerInput(inner, outer, now);
    accepted += Number(input.acceptance.accepted === 'True');
    if (input.rollup.behind > 0) isBehind = true;
    if (input.rollup.behind > 0 && !isLate) recheckAt = Math.min(recheckAt, inner.seenAt + LATE_AFTER);
    const change = changeOf(inner, input, grew);
    if (change === undefined) continue;
    inner.input = input;
    changed({ kind: 'InnerMap', id: inner.facts.key, ...change });
  }
  return { accepted, isBehind, recheckAt };
}

interface InnerResult {
  readonly input: StatusInput;
  readonly grew: boolean;
  readonly isLate: boolean;
}

function innerInput(inner: InnerMemory, outer: Unrolled, now: number): InnerResult {
  const { facts, goal, seenAt, written } = inner;
  const acceptance = innerAcceptance(facts, outer, outer.conflicts);
  const isLate = now - seenAt >= LATE_AFTER;
  const common = { uid: facts.uid, generation: facts.generation, acceptance, written: written.text };
  if (outer.facts === undefined) return { input: { ...common, rollup: NO_NODES }, grew: false, isLate };
  const group = outer.groups.of(facts.selector);
  const failing = failingIn(group, facts.key);
  const rollup = group.index.rollupOf({ version: goal, isLate }, failing);
  return { input: { ...common, rollup }, grew: group.grew, isLate };
}

/** Computes the OuterMap's own status input, which needs the totals of its InnerMaps. */
function rollUpItself(
  outer: OuterRollup,
  { grew, now, changed }: { readonly grew: boolean; readonly now: number; readonly changed: OnChange },
): OuterRollup {
  if (outer.facts === undefined) return outer;
  const { object, totals } = outer;
  const deletion = outer.deletion.deletion!;
  const isLate = now - deletion.seenAt >= LATE_AFTER;
  const input = outerInput(outer, outer.facts, isLate);
  const change = changeOf(object, input, grew);
  const isStale = isReadyStale(object, deletion);
  const isUrgent = isStale || isNewlyHeld(object, input);
  object.input = input;
  if (change !== undefined)
    changed({
      ...{ kind: 'OuterMap', id: outer.name },
      ...{ urgent: change.urgent || isUrgent, fresh: change.fresh || isStale },
    });
  if (input.rollup.behind === 0) return outer;
  const recheckAt = isLate ? totals.recheckAt : Math.min(totals.recheckAt, deletion.seenAt + LATE_AFTER);
  return { ...outer, totals: { ...totals, isBehind: true, recheckAt } };
}

function outerInput(
  { object, groups, inners, totals, deletion: { deletion }, acceptance }: OuterRollup,
  { uid, generation }: OuterFacts,
  isLate: boolean,
): StatusInput {
  const group = groups.of(undefined);
  const goal = { version: deletion!.goal, isLate, failsBefore: true };
  const rollup = group.index.rollupOf(goal, failingIn(group, ITSELF));
  return {
    ...{ uid, generation, acceptance: acceptance!, rollup },
    ...{ written: object.written.text, deletion: deletion! },
    inners: { accepted: totals.accepted, digest: inners.digest },
  };
}

function failingIn({ progress, members }: NodeGroup, key: string): readonly FailingNode[] | undefined {
  const failing = progress.failing.get(key);
  if (failing === undefined || members === progress.ranks) return failing;
  const ranks = new Set(members);
  return failing.filter(({ rank }) => ranks.has(rank));
}
