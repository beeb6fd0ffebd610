import { every, type Steps } from '../steps.ts';
import { compiledOf, innerAcceptance, type KeyConflicts, keyConflicts } from './accepted.ts';
import { changeOf, isDeletionNews, isHeldNews, type OnChange, sameAcceptance } from './change.ts';
import type { Acceptance } from './conditions.ts';
import { type InnerFacts, type OuterFacts, UNWRITTEN } from './facts.ts';
import {
  type DeletionMemory,
  type InnerMemories,
  type InnerMemory,
  NO_DELETION,
  NO_INNERS,
  newest,
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
  type ProgressSeen,
} from './nodes/progress.ts';
import type { FailingNode } from './nodes/watermarkindex.ts';
import { NO_NODES } from './rollup.ts';

/** An OuterMap, or a name that InnerMaps give: what of the last turn spares the next one work. */
export interface OuterRollup {
  readonly name: string;
  readonly facts: OuterFacts | undefined;
  readonly acceptance: Acceptance | undefined;
  /** The same object while the OuterMap is. */
  readonly object: ObjectMemory;
  readonly inners: InnerMemories;
  readonly deletion: DeletionMemory;
  readonly progress: OuterProgress;
  readonly groups: NodeGroups;
  readonly conflicts: KeyConflicts;
  readonly rollups: InnerTotals;
}

/** All InnerMaps of an outer map together. */
interface InnerTotals {
  readonly accepted: number;
  /** Some node has not come so far yet. */
  readonly isBehind: boolean;
  /** When time alone makes another rollup. */
  readonly recheckAt: number;
}

/** What is there of one outer map. */
export interface OuterSeen extends ProgressSeen {
  readonly name: string;
  readonly facts: OuterFacts | undefined;
  /** Absent where there is no OuterMap. */
  readonly acceptance: Acceptance | undefined;
  readonly inners: readonly InnerFacts[];
  /** resourceVersion of the last deletion of an InnerMap that named it, as seen by this process. */
  readonly deleted: string | undefined;
  /** As of which InnerMaps were listed. */
  readonly listed: string;
}

/** To sort a group of thousands of nodes takes as long as so many small pieces of work. */
const GROUP_PIECES = 16;

/**
 * What the statuses of an OuterMap and its InnerMaps are to be made of; tells of those that are another than before.
 *
 * - What each selected node reports, if it is about the present.
 * - The nodes of each selector by their watermarks, so that an InnerMap's count is a binary search.
 * - Of each InnerMap whether it can be taken, and how far the nodes have come with it.
 * - The same of the OuterMap: its nodes must have passed the last deletion.
 *
 * Where nothing of that is another than in the last turn, the InnerMaps are not looked at.
 */
export function* rollUpOuterMap(
  seen: OuterSeen,
  before: OuterRollup | undefined,
  { now, changed }: { readonly now: number; readonly changed: OnChange },
): Steps<OuterRollup> {
  const { name, facts, acceptance } = seen;
  const progress = yield* outerProgress(facts, seen, { before: before?.progress, now });
  const inners = yield* rememberInners(seen.inners, before?.inners ?? NO_INNERS, now);
  const { digest } = inners;
  const deletion = rememberDeletion({ ...seen, outer: facts, digest }, before?.deletion ?? NO_DELETION, now);
  const object = objectMemory(facts, before);
  const next = { name, facts, acceptance, object, inners, deletion, progress };
  const isSame = before !== undefined && isUnchanged(before, next) && now < before.rollups.recheckAt;
  if (isSame) return rollUpItself({ ...before, ...next }, { grew: false, now, changed });
  const groups = new NodeGroups(progress, before?.groups);
  const areSame = before !== undefined && hasSameContenders(before, next);
  const conflicts = areSame ? before.conflicts : yield* keyConflicts(inners.facts, compiledOf(facts), groups);
  const rollups = yield* rollUpInnerMaps({ ...next, groups, conflicts }, now, changed);
  const { grew } = groups.of(undefined);
  return rollUpItself({ ...next, groups, conflicts, rollups }, { grew, now, changed });
}

type Unrolled = Omit<OuterRollup, 'rollups'>;

function isUnchanged(before: OuterRollup, next: Omit<Unrolled, 'conflicts' | 'groups'>): boolean {
  return (
    before.progress === next.progress &&
    before.inners === next.inners &&
    before.facts?.uid === next.facts?.uid &&
    before.facts?.generation === next.facts?.generation &&
    sameAcceptance(before.acceptance, next.acceptance)
  );
}

/** Conflicts of keys do not depend on what nodes report. */
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
  before.object.written = newest(facts.written, before.object.written);
  return before.object;
}

function* rollUpInnerMaps(outer: Unrolled, now: number, changed: OnChange): Steps<InnerTotals> {
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
    inner.input = input;
    if (change !== undefined) changed({ kind: 'InnerMap', id: inner.facts.key, ...change });
  }
  return { accepted, isBehind, recheckAt };
}

interface Looked {
  readonly input: StatusInput;
  readonly grew: boolean;
  readonly isLate: boolean;
}

function innerInput(inner: InnerMemory, outer: Unrolled, now: number): Looked {
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

/** The OuterMap's own status, after those of its InnerMaps. */
function rollUpItself(
  outer: OuterRollup,
  { grew, now, changed }: { readonly grew: boolean; readonly now: number; readonly changed: OnChange },
): OuterRollup {
  if (outer.facts === undefined) return outer;
  const { object, rollups } = outer;
  const deletion = outer.deletion.deletion!;
  const isLate = now - deletion.seenAt >= LATE_AFTER;
  const input = outerInput(outer, outer.facts, isLate);
  const change = changeOf(object, input, grew);
  const gates = isDeletionNews(object, deletion);
  const isUrgent = gates || isHeldNews(object, input);
  object.input = input;
  if (change !== undefined)
    changed({
      ...{ kind: 'OuterMap', id: outer.name },
      ...{ urgent: change.urgent || isUrgent, fresh: change.fresh || gates },
    });
  if (input.rollup.behind === 0) return outer;
  const recheckAt = isLate ? rollups.recheckAt : Math.min(rollups.recheckAt, deletion.seenAt + LATE_AFTER);
  return { ...outer, rollups: { ...rollups, isBehind: true, recheckAt } };
}

function outerInput(
  { object, groups, inners, rollups, deletion: { deletion }, acceptance }: OuterRollup,
  { uid, generation }: OuterFacts,
  isLate: boolean,
): StatusInput {
  const group = groups.of(undefined);
  const goal = { version: deletion!.goal, isLate, failsBefore: true };
  const rollup = group.index.rollupOf(goal, failingIn(group, ITSELF));
  return {
    ...{
      uid,
      generation,
      acceptance: acceptance!,
      rollup,
      written: object.written.text,
      deletion: deletion!,
    },
    inners: { accepted: rollups.accepted, digest: inners.digest },
  };
}

function failingIn({ progress, members }: NodeGroup, key: string): readonly FailingNode[] | undefined {
  const failing = progress.failing.get(key);
  if (failing === undefined || members === progress.ranks) return failing;
  const ranks = new Set(members);
  return failing.filter(({ rank }) => ranks.has(rank));
}
