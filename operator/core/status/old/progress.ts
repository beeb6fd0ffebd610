import type { NodeSelector } from '../../../api/metadata.ts';
import { canonicalText } from '../../canonical.ts';
import type { EntryFacts, StateFacts } from '../facts.ts';
import { type NodeProgress, type WatermarkIndex, watermarkIndexOf } from '../rollup/watermarkindex.ts';
import { isTroubled, reindex } from './failing.ts';
import type { NodeGroup, NodeRecord, OuterRecord } from './memory.ts';
import type { Nodes } from './nodes.ts';

/** Whoever has not reached a change after so long is silent; an idle watermark may be 60 s old. */
export const LATE_AFTER = 75_000;

/** To make a crowd of thousands takes as long as so many small pieces of work. */
export const CROWD_PIECES = 16;

export interface View {
  readonly nodes: Nodes;
  /** Whether a state is from before an etcd was restored. */
  isDistrusted(state: StateFacts): boolean;
}

/** The node's entry for the outer map, if it is about the present. */
export function presentEntry(node: NodeRecord, outer: OuterRecord, view: View): EntryFacts | undefined {
  const { facts, state } = node;
  const entry = state?.outers.get(outer.name);
  if (facts === undefined || state === undefined || entry === undefined) return undefined;
  const isOfNode =
    state.uid === facts.uid && state.bootID === facts.bootID && state.labelsHash === facts.labelsHash;
  const isOfOuter = entry.uid === outer.facts?.uid && entry.generation === outer.facts.generation;
  // Both from one etcd: a watermark above the state's own version is of a future that was undone.
  const isOfNow = entry.watermark <= state.version && !view.isDistrusted(state);
  return isOfNode && isOfOuter && isOfNow ? entry : undefined;
}

export function nodeProgress(node: NodeRecord, outer: OuterRecord, view: View): NodeProgress {
  if (!node.hasAgent) return { kind: 'withoutAgent' };
  if (node.isSilent) return { kind: 'silent' };
  const entry = presentEntry(node, outer, view);
  if (entry === undefined) return { kind: 'absent', overdue: false };
  return {
    kind: 'reporting',
    watermark: entry.watermark,
    opaque: entry.failuresTotal > entry.listed,
  };
}

/** Looks at every node that the OuterMap selects; crowds follow when they are asked for. */
export function lookAround(outer: OuterRecord, view: View, now: number): void {
  const { nodes } = view;
  const standings = new Map<NodeRecord, NodeProgress>();
  const declared = outer.facts?.outerMap;
  outer.recheckAt = Number.POSITIVE_INFINITY;
  for (const node of declared === undefined ? [] : nodes.selected(declared.spec.nodeSelector)) {
    const standing = nodeProgress(node, outer, view);
    standings.set(node, standing.kind === 'absent' ? absence(node, outer, now) : standing);
    if (standing.kind !== 'absent') outer.absentSince.delete(node);
  }
  outer.standings = standings;
  outer.looks++;
  outer.stale = false;
}

function absence(node: NodeRecord, outer: OuterRecord, now: number): NodeProgress {
  const since = outer.absentSince.get(node) ?? now;
  outer.absentSince.set(node, since);
  const overdue = now - since >= LATE_AFTER;
  if (!overdue) outer.recheckAt = Math.min(outer.recheckAt, since + LATE_AFTER);
  return { kind: 'absent', overdue };
}

/** The nodes that this selector chooses among those of the OuterMap, as of its last look. */
export function cohortOf(outer: OuterRecord, selector: NodeSelector | undefined, view: View): LookedAt {
  const cohort = chosenBy(outer, selector, view);
  if (cohort.crowd === undefined || cohort.crowdLook !== outer.looks) {
    const [names, standings]: [string[], NodeProgress[]] = [[], []];
    for (const node of cohort.members) {
      names.push(node.name);
      standings.push(outer.standings.get(node)!);
    }
    cohort.crowd = watermarkIndexOf(names, standings);
    cohort.crowdLook = outer.looks;
    outer.crowdsMade++;
  }
  return cohort as LookedAt;
}

/** The same for whoever asks who they are, and not how they fare. */
export function chosenBy(outer: OuterRecord, selector: NodeSelector | undefined, view: View): NodeGroup {
  const text = selectorText(selector);
  let cohort = outer.cohorts.get(text);
  if (cohort === undefined) {
    cohort = { members: new Set(), nodesVersion: -1, generation: -1, look: -1, crowdLook: -1, grewAt: -1 };
    outer.cohorts.set(text, cohort);
  }
  if (cohort.look !== outer.looks) choose(cohort, outer, { selector, nodes: view.nodes });
  cohort.look = outer.looks;
  return cohort;
}

const texts = new WeakMap<NodeSelector, string>();

/** Selectors are immutable: each is written out once. */
export function selectorText(selector: NodeSelector | undefined): string {
  if (selector === undefined) return '';
  let text = texts.get(selector);
  if (text === undefined) {
    text = canonicalText(selector);
    texts.set(selector, text);
  }
  return text;
}

type LookedAt = NodeGroup & { readonly crowd: WatermarkIndex };

function choose(
  cohort: NodeGroup,
  outer: OuterRecord,
  { selector, nodes }: { selector: NodeSelector | undefined; nodes: Nodes },
): void {
  const generation = outer.facts?.generation ?? 0;
  if (cohort.nodesVersion === nodes.version && cohort.generation === generation) return;
  const { members: before, nodesVersion: chosenAt } = cohort;
  const selected = selector === undefined ? outer.standings.keys() : nodes.selected(selector);
  const members = new Set<NodeRecord>();
  for (const node of selected) if (outer.standings.has(node)) members.add(node);
  const joins = (node: NodeRecord): boolean => !before.has(node) && node.bornAt <= chosenAt && node.hasAgent;
  if ([...members].some(joins)) cohort.grewAt = outer.looks;
  cohort.members = members;
  cohort.nodesVersion = nodes.version;
  cohort.generation = generation;
}

interface Heard {
  readonly before: EntryFacts | undefined;
  readonly after: EntryFacts | undefined;
  readonly view: View;
}

/** A node's state says something else of the outer map: how soon must that be looked at? */
export function hear(outer: OuterRecord, node: NodeRecord, { before, after, view }: Heard): void {
  reindex(outer, node, { before, after });
  if (isTroubled(before) || isTroubled(after)) outer.awaited = true;
  if (isOvertaken(outer.standings.get(node), nodeProgress(node, outer, view))) outer.stale = true;
}

/** Whether it must be looked at soon. Asked when it matters: who is behind may be found out after a watermark advanced. */
export function isAwaited({ stale, awaited, unsettled, lot }: OuterRecord): boolean {
  return stale || awaited || unsettled > 0 || (lot?.behind ?? 1) > 0;
}

/** A watermark that advances may be seen a moment later; everything else may not. */
function isOvertaken(known: NodeProgress | undefined, now: NodeProgress): boolean {
  if (known === undefined) return false;
  if (known.kind !== now.kind) return true;
  if (known.kind !== 'reporting' || now.kind !== 'reporting') return false;
  return known.opaque !== now.opaque || !(known.watermark <= now.watermark);
}
