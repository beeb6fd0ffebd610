import { sameItems } from '../../items.ts';
import { heldOnNodeText } from '../../report/failures.ts';
import { every, type Steps } from '../../steps.ts';
import type { NodeMapStateFacts, OuterFacts, OuterReportFacts, ReportedFailure } from '../facts.ts';
import type { NodeSet, NodeStatus } from './nodeset.ts';
import type { RestoreGuard } from './restore.ts';
import { nodeStaleness, outerMapStaleness, type Silence } from './staleness.ts';
import type { FailingNode } from './watermarkindex.ts';

/** A node that has not reached a change after this many milliseconds is silent. An idle watermark may be 60 s old. */
export const LATE_AFTER = 75_000;

/** Key of the outer map itself in `failing`. Keys of InnerMaps contain a slash, so they differ from it. */
export const ITSELF = '';

/** The progress of one node with an outer map. */
export type NodeProgress =
  | {
      readonly kind: 'reporting';
      readonly watermark: number;
      /** The report counts more failures than it lists. */
      readonly hidesFailures: boolean;
      /** Present if the report lists failures. */
      readonly entry?: OuterReportFacts;
    }
  /** The agent has no current report; overdue after LATE_AFTER. */
  | {
      readonly kind: 'absent';
      readonly why: Silence;
      readonly since: number;
      readonly overdue: boolean;
    }
  | { readonly kind: 'silent'; readonly why: Silence }
  | { readonly kind: 'withoutAgent' };

/** Reports of an OuterMap's nodes about it. It keeps its identity while the nodes' progress stays the same. */
export interface OuterProgress {
  /** The last input that led to this progress. */
  from: ProgressInput;
  nodes: NodeSet;
  /** Ranks of the selected nodes. */
  readonly ranks: Uint32Array;
  /** Progress by rank; undefined for nodes that are not selected. */
  readonly byRank: readonly (NodeProgress | undefined)[];
  /** Nodes that list an object as failed, by the InnerMap's key or ITSELF. */
  readonly failing: ReadonlyMap<string, readonly FailingNode[]>;
  /** When the progress changes even if nothing else does; milliseconds. */
  readonly recheckAt: number;
}

/** Input of a progress. While it is the same, and `recheckAt` is ahead, the progress is too. */
interface ProgressInput {
  readonly states: ReadonlyMap<string, NodeMapStateFacts>;
  readonly guardVersion: number;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
}

export interface ProgressSnapshot {
  readonly nodes: NodeSet;
  readonly states: ReadonlyMap<string, NodeMapStateFacts>;
  readonly guard: RestoreGuard;
}

export function* outerProgress(
  outer: OuterFacts | undefined,
  snapshot: ProgressSnapshot,
  { before, now }: { readonly before: OuterProgress | undefined; readonly now: number },
): Steps<OuterProgress> {
  const { nodes, states, guard } = snapshot;
  const from = { states, guardVersion: guard.version, uid: outer?.uid, generation: outer?.generation };
  if (before?.nodes === nodes && sameInput(before.from, from) && now < before.recheckAt) return before;
  const spec = outer?.outerMap?.spec;
  const ranks = spec === undefined ? NO_RANKS : nodes.labels.selected(spec.nodeSelector);
  const byRank: (NodeProgress | undefined)[] = new Array(nodes.all.length);
  const lastOf = lastProgress(before, nodes);
  let isSame = before?.nodes.labels === nodes.labels && before.ranks === ranks;
  let recheckAt = Number.POSITIVE_INFINITY;
  const due = every();
  for (const rank of ranks) {
    if (due()) yield;
    const node = nodes.all[rank]!;
    const last = lastOf(node, rank);
    const progress = reused(last, progressOf(node, presentEntry(node, outer!, snapshot), { last, now }));
    byRank[rank] = progress;
    isSame &&= progress === last;
    if (progress.kind === 'absent' && !progress.overdue)
      recheckAt = Math.min(recheckAt, progress.since + LATE_AFTER);
  }
  if (isSame) return Object.assign(before!, { from, nodes });
  return { from, nodes, ranks, byRank, failing: failingNodes(ranks, byRank), recheckAt };
}

const NO_RANKS = new Uint32Array(0);

/** Looks up a node's last progress by rank, or by name if the ranks changed. */
function lastProgress(before: OuterProgress | undefined, nodes: NodeSet) {
  if (before === undefined) return () => undefined;
  if (before.nodes.labels === nodes.labels) return (_: NodeStatus, rank: number) => before.byRank[rank];
  const byName = new Map(before.nodes.all.map(({ facts }, rank) => [facts.name, before.byRank[rank]]));
  return ({ facts }: NodeStatus) => byName.get(facts.name);
}

function sameInput(a: ProgressInput, b: ProgressInput): boolean {
  return (
    a.states === b.states &&
    a.guardVersion === b.guardVersion &&
    a.uid === b.uid &&
    a.generation === b.generation
  );
}

/** The node's report about the outer map; why there is none about the present. */
function presentEntry(
  { facts }: NodeStatus,
  outer: OuterFacts,
  { states, guard }: ProgressSnapshot,
): OuterReportFacts | Silence {
  const state = states.get(facts.name);
  const entry = state?.outers.get(outer.name);
  if (state === undefined) return 'NotReported';
  if (guard.covers(state)) return 'WatermarkUndone';
  const staleness = nodeStaleness(state, facts);
  if (staleness !== undefined) return staleness;
  if (entry === undefined) return 'NotReported';
  return outerMapStaleness(entry, outer, state.version) ?? entry;
}

function progressOf(
  { hasAgent, silence }: NodeStatus,
  entry: OuterReportFacts | Silence,
  { last, now }: { readonly last: NodeProgress | undefined; readonly now: number },
): NodeProgress {
  if (!hasAgent) return WITHOUT_AGENT;
  if (silence !== undefined) return SILENT[silence];
  if (typeof entry === 'string') return absence(entry, last, now);
  const hidesFailures = entry.failuresTotal > entry.listed;
  return {
    kind: 'reporting',
    watermark: entry.watermark,
    hidesFailures,
    ...(hasFailures(entry) ? { entry } : {}),
  };
}

function absence(why: Silence, last: NodeProgress | undefined, now: number): NodeProgress {
  const since = last?.kind === 'absent' ? last.since : now;
  const overdue = now - since >= LATE_AFTER;
  const isSame = last?.kind === 'absent' && last.overdue === overdue && last.why === why;
  return isSame ? last : { kind: 'absent', why, since, overdue };
}

const WITHOUT_AGENT: NodeProgress = { kind: 'withoutAgent' };
const SILENT = {
  NodeNotReady: { kind: 'silent', why: 'NodeNotReady' },
  AgentNotReady: { kind: 'silent', why: 'AgentNotReady' },
} as const;

function reused(last: NodeProgress | undefined, next: NodeProgress): NodeProgress {
  if (last?.kind !== 'reporting' || next.kind !== 'reporting') return next;
  const isSame =
    Object.is(last.watermark, next.watermark) &&
    last.hidesFailures === next.hidesFailures &&
    last.entry === next.entry;
  return isSame ? last : next;
}

function failingNodes(
  ranks: Uint32Array,
  byRank: readonly (NodeProgress | undefined)[],
): ReadonlyMap<string, readonly FailingNode[]> {
  const failing = new Map<string, FailingNode[]>();
  for (const rank of ranks) {
    const progress = byRank[rank]!;
    if (progress.kind !== 'reporting' || progress.entry === undefined) continue;
    const { watermark, entry } = progress;
    for (const [name, failure] of failuresOf(entry)) {
      const node = { rank, watermark, ...failure };
      const nodes = failing.get(name);
      if (nodes === undefined) failing.set(name, [node]);
      else nodes.push(node);
    }
  }
  return failing;
}

function hasFailures(entry: OuterReportFacts): boolean {
  return entry.held !== undefined || entry.own !== undefined || entry.inners.size > 0;
}

function* failuresOf({ held, own, inners }: OuterReportFacts): Iterable<readonly [string, ReportedFailure]> {
  const itself =
    held === undefined || own?.reason === 'RemovalHeld'
      ? own
      : ({ reason: 'RemovalHeld', message: heldOnNodeText(held) } as const);
  if (itself !== undefined) yield [ITSELF, itself];
  yield* inners;
}

/** Whether two reports of a node differ only by higher watermarks. */
export function onlyWatermarksAdvanced(
  before: NodeMapStateFacts | undefined,
  after: NodeMapStateFacts | undefined,
): boolean {
  if (before === undefined || after === undefined || !isSameNode(before, after)) return false;
  if (before.outers.size !== after.outers.size) return false;
  return [...after.outers].every(([name, entry]) => {
    const last = before.outers.get(name);
    return last !== undefined && isAdvance(last, entry) && !hasFailures(last) && !hasFailures(entry);
  });
}

function isSameNode(before: NodeMapStateFacts, after: NodeMapStateFacts): boolean {
  const { uid, bootID, labelsHash, selectorLabels = [] } = before;
  const isSame = uid === after.uid && bootID === after.bootID && labelsHash === after.labelsHash;
  return isSame && sameItems(selectorLabels, after.selectorLabels ?? []);
}

function isAdvance(before: OuterReportFacts, after: OuterReportFacts): boolean {
  return (
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.failuresTotal === after.failuresTotal &&
    before.watermark <= after.watermark
  );
}
