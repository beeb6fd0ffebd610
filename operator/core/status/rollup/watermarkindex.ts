import type { Reason } from '../../../api/reason.ts';
import { compareText } from '../../desired/desired.ts';
import type { EntryFacts } from '../facts.ts';
import { FirstNames } from './firstnames.ts';
import type { NodeRollup } from './rollup.ts';

/** What one node's state says of an outer map, in the eyes of the controller. */
export type NodeProgress =
  /** An entry about the present. Opaque: it counts more failures than it lists. */
  | {
      readonly kind: 'reporting';
      readonly watermark: number;
      readonly opaque: boolean;
      /** Where it lists failures. */
      readonly entry?: EntryFacts;
    }
  /** An agent that has not told, or told of something that is no longer so. */
  | { readonly kind: 'absent'; readonly overdue: boolean; readonly since?: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'withoutAgent' };

/** A node whose state lists the object among its failures. */
export interface FailingNode {
  readonly rank: number;
  readonly node: string;
  readonly watermark: number;
  readonly opaque: boolean;
  readonly reason: Reason;
  readonly message: string;
}

/** What the nodes must reach. */
export interface Goal {
  readonly version: number;
  /** So long ago that whoever has not reached it is silent. */
  readonly isLate: boolean;
  /** A failure counts however far its node has come: what holds it up is what must be told. */
  readonly failsBefore?: boolean;
}

/** Nodes that are selected alike, ready for the question of thousands of inner maps: how many have come so far? */
export interface WatermarkIndex {
  readonly withoutAgent: number;
  readonly silent: Some;
  readonly absent: Some;
  readonly overdue: Some;
  /** Reporting nodes, by their watermarks. */
  readonly nodes: readonly string[];
  readonly watermarks: Float64Array;
  readonly opaque: Uint8Array;
  /** The first by name among those below each place, and among the opaque ones from it on. */
  readonly below: FirstNames;
  readonly opaqueFrom: FirstNames;
  /** Answers for objects that fail nowhere: by the number of nodes that are behind. */
  readonly answers: Map<number, NodeRollup>;
}

interface Some {
  readonly count: number;
  readonly nodes: readonly string[];
}

const NAMED = 3;
const LISTED = 5;
const NOBODY: readonly FailingNode[] = [];

/** In the order of the nodes' names. Garbage is spared: thousands of nodes, and as many crowds as there are selectors. */
export function watermarkIndexOf(
  names: readonly string[],
  standings: readonly NodeProgress[],
): WatermarkIndex {
  const ranks = byWatermark(standings);
  const watermarks = new Float64Array(ranks.length);
  const opaque = new Uint8Array(ranks.length);
  const nodes: string[] = [];
  for (const [at, rank] of ranks.entries()) {
    const { watermark, opaque: hides } = standings[rank] as Reporting;
    watermarks[at] = watermark;
    opaque[at] = Number(hides);
    nodes.push(names[rank]!);
  }
  const some = (belongs: (standing: NodeProgress) => boolean) => someOf(names, standings, belongs);
  return {
    withoutAgent: some(standing => standing.kind === 'withoutAgent').count,
    silent: some(standing => standing.kind === 'silent'),
    absent: some(standing => standing.kind === 'absent' && !standing.overdue),
    overdue: some(standing => standing.kind === 'absent' && standing.overdue),
    ...{ nodes, watermarks, opaque },
    below: FirstNames.prefixes(ranks, names),
    opaqueFrom: FirstNames.suffixes(ranks, names, opaque),
    answers: new Map(),
  };
}

type Reporting = NodeProgress & { readonly kind: 'reporting' };

/** The reporting nodes' places in the order of names, by watermark; when all is quiet they are in that order already. */
function byWatermark(standings: readonly NodeProgress[]): Uint32Array {
  const ranks = new Uint32Array(standings.length);
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  let isSorted = true;
  for (let rank = 0; rank < standings.length; rank++) {
    const standing = standings[rank]!;
    if (standing.kind !== 'reporting') continue;
    ranks[count++] = rank;
    isSorted &&= standing.watermark >= last;
    last = standing.watermark;
  }
  const reporting = ranks.subarray(0, count);
  const watermark = (rank: number) => (standings[rank] as Reporting).watermark;
  return isSorted ? reporting : reporting.sort((a, b) => watermark(a) - watermark(b) || a - b);
}

/** How an object fares that the nodes have when they reach the goal, but for those where it fails. */
export function rollupOf(
  crowd: WatermarkIndex,
  goal: Goal,
  failing: readonly FailingNode[] = NOBODY,
): NodeRollup {
  const behind = countBelow(crowd.watermarks, goal.version);
  const failed =
    goal.failsBefore === true ? failing : failing.filter(({ watermark }) => watermark >= goal.version);
  const early = failed.filter(({ watermark }) => !(watermark >= goal.version));
  if (failed.length > 0) return counted(crowd, { behind, isLate: goal.isLate, failed, early });
  const asked = behind * 2 + Number(goal.isLate);
  let lot = crowd.answers.get(asked);
  if (lot === undefined) {
    lot = counted(crowd, { behind, isLate: goal.isLate, failed, early });
    crowd.answers.set(asked, lot);
  }
  return lot;
}

interface Split {
  /** Reporting nodes that have not reached the goal. */
  readonly behind: number;
  readonly isLate: boolean;
  readonly failed: readonly FailingNode[];
  /** Those of them that have not reached the goal. */
  readonly early: readonly FailingNode[];
}

function counted(crowd: WatermarkIndex, { behind, isLate, failed, early }: Split): NodeRollup {
  const { silent, absent, overdue, watermarks, below, withoutAgent } = crowd;
  const reached = failed.filter(failing => !early.includes(failing));
  const hidden = hiddenOn(crowd, behind, reached);
  const told = new Set(early.map(({ node }) => node));
  const late: Some = {
    count: behind - early.length,
    nodes: below.names(behind).filter(node => !told.has(node)),
  };
  const none: Some = { count: 0, nodes: [] };
  const unknown = [silent, overdue, hidden, isLate ? late : none];
  const progressing = [absent, isLate ? none : late];
  return {
    desired: silent.count + overdue.count + absent.count + watermarks.length,
    ready: watermarks.length - behind - reached.length - hidden.count,
    failed: failed.length,
    unknown: sum(unknown),
    behind: sum(progressing),
    withoutAgent,
    behindNodes: firstNames(progressing),
    unknownNodes: firstNames(unknown),
    failures: [...failed]
      .sort((a, b) => compareText(a.node, b.node))
      .slice(0, LISTED)
      .map(({ node, reason, message }) => ({ node, reason, message })),
  };
}

/** Nodes that have come so far, but may keep silent about a failure of this object. */
function hiddenOn(
  { opaque, opaqueFrom, nodes }: WatermarkIndex,
  behind: number,
  failed: readonly FailingNode[],
): Some {
  const listed = failed.filter(failing => failing.opaque);
  const count = opaqueFrom.count(behind) - listed.length;
  if (listed.length === 0) return { count, nodes: opaqueFrom.names(behind) };
  const told = new Set(listed.map(({ node }) => node));
  const others = nodes.filter((node, at) => at >= behind && opaque[at] === 1 && !told.has(node));
  return { count, nodes: others.sort(compareText).slice(0, NAMED) };
}

/** Of sorted numbers, how many are below: all where nothing compares with the bound. */
function countBelow(sorted: Float64Array, bound: number): number {
  let from = 0;
  for (let to = sorted.length; from < to; ) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! >= bound) to = middle;
    else from = middle + 1;
  }
  return from;
}

function someOf(
  names: readonly string[],
  standings: readonly NodeProgress[],
  belongs: (standing: NodeProgress) => boolean,
): Some {
  const nodes: string[] = [];
  let count = 0;
  for (let rank = 0; rank < standings.length; rank++) {
    if (!belongs(standings[rank]!)) continue;
    count++;
    if (nodes.length < NAMED) nodes.push(names[rank]!);
  }
  return { count, nodes };
}

function sum(groups: readonly Some[]): number {
  return groups.reduce((total, { count }) => total + count, 0);
}

function firstNames(groups: readonly Some[]): readonly string[] {
  const nodes = groups.flatMap(group => group.nodes);
  return nodes.length <= 1 ? nodes : nodes.sort(compareText).slice(0, NAMED);
}
