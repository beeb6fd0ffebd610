import { firstIndex } from '../../items.ts';
import type { NodeRollup } from '../rollup.ts';
import type { NodeProgress } from './progress.ts';
import { SILENCES, type Silence } from './staleness.ts';

/** A node that lists the object among its failures. */
export interface FailingNode extends Pick<NodeRollup['failures'][number], 'reason' | 'message'> {
  readonly rank: number;
  readonly watermark: number;
}

/** The version that nodes must reach. */
export interface Goal {
  readonly version: number;
  /** The version is so old that a node that has not reached it counts as silent. */
  readonly isLate: boolean;
  /** A failure counts even below the goal, because it is what keeps the node from reaching it. */
  readonly failsBefore?: boolean;
}

/**
 * The nodes of one selector, sorted once by watermark. Counting the nodes that reached an InnerMap is then a binary
 * search, which matters for thousands of InnerMaps. Nodes are given as ranks: positions in the order of names.
 */
export class WatermarkIndex {
  readonly #nameOf: (rank: number) => string;
  readonly #byRank: readonly (NodeProgress | undefined)[];
  /** Ranks of the reporting nodes, sorted by watermark. */
  readonly #reporting: Uint32Array;
  readonly #watermarks: Float64Array;
  /** Ranks of the reporting nodes that count more failures than they list. */
  readonly #hidesFailures: ReadonlySet<number>;
  readonly #absent: NodeSample;
  /** Nodes that are silent, or absent and overdue. */
  readonly #silent: NodeSample;
  readonly #withoutAgent: NodeSample;
  /** Rollups of objects without failures, by the number of nodes behind. */
  readonly #rollups = new Map<number, NodeRollup>();

  /** `members` are ascending ranks; `byRank` holds the progress of each. */
  constructor(
    members: Uint32Array,
    byRank: readonly (NodeProgress | undefined)[],
    nameOf: (rank: number) => string,
  ) {
    this.#nameOf = nameOf;
    this.#byRank = byRank;
    const [reporting, hidesFailures, absent, silent, withoutAgent]: number[][] = [[], [], [], [], []];
    for (const rank of members) {
      const progress = byRank[rank]!;
      if (progress.kind === 'reporting') reporting!.push(rank);
      if (progress.kind === 'reporting' && progress.hidesFailures) hidesFailures!.push(rank);
      if (progress.kind === 'absent' && !progress.overdue) absent!.push(rank);
      if (progress.kind === 'silent' || (progress.kind === 'absent' && progress.overdue)) silent!.push(rank);
      if (progress.kind === 'withoutAgent') withoutAgent!.push(rank);
    }
    this.#reporting = byWatermark(Uint32Array.from(reporting!), byRank);
    this.#watermarks = new Float64Array(this.#reporting.length);
    for (const [at, rank] of this.#reporting.entries()) this.#watermarks[at] = watermarkOf(byRank[rank]!);
    this.#hidesFailures = new Set(hidesFailures);
    this.#absent = sampleOf(absent!);
    this.#silent = sampleOf(silent!);
    this.#withoutAgent = sampleOf(withoutAgent!);
  }

  /** The rollup of an object that a node has once it reaches the goal, unless the node is in `failing`. */
  rollupOf(goal: Goal, failing: readonly FailingNode[] = NO_FAILING): NodeRollup {
    const behind = countBelow(this.#watermarks, goal.version);
    const failed =
      goal.failsBefore === true ? failing : failing.filter(({ watermark }) => watermark >= goal.version);
    if (failed.length > 0) return this.#count(behind, goal, failed);
    const key = behind * 2 + Number(goal.isLate);
    let rollup = this.#rollups.get(key);
    if (rollup === undefined) {
      rollup = this.#count(behind, goal, failed);
      this.#rollups.set(key, rollup);
    }
    return rollup;
  }

  #count(behind: number, { version, isLate }: Goal, failed: readonly FailingNode[]): NodeRollup {
    const failedRanks = new Set(failed.map(({ rank }) => rank));
    const late = sampleOf(this.#reporting.subarray(0, behind), rank => !failedRanks.has(rank));
    const reached = sampleOf(this.#reporting.subarray(behind), rank => !failedRanks.has(rank));
    const isHidden = (rank: number) => this.#hidesFailures.has(rank) && !failedRanks.has(rank);
    const hidden =
      this.#hidesFailures.size === 0 ? NO_SAMPLE : sampleOf(this.#reporting.subarray(behind), isHidden);
    const unknown = isLate ? [this.#silent, hidden, late] : [this.#silent, hidden];
    const progressing = isLate ? [this.#absent] : [this.#absent, late];
    return {
      desired: this.#silent.count + this.#absent.count + this.#reporting.length,
      ready: reached.count - hidden.count,
      failed: failed.length,
      unknown: sum(unknown),
      behind: sum(progressing),
      withoutAgent: this.#withoutAgent.count,
      withoutAgentNodes: this.#firstNames([this.#withoutAgent], () => undefined),
      behindNodes: this.#firstNames(progressing, progress => delayOf(progress)),
      unknownNodes: this.#firstNames(unknown, progress => silenceOf(progress, version)),
      failures: failed
        .toSorted((a, b) => a.rank - b.rank)
        .slice(0, LISTED_FAILURES)
        .map(({ rank, reason, message }) => ({ node: this.#nameOf(rank), reason, message })),
    };
  }

  /** `worker-2 (started anew)`: with why, where there is more to say than the group does. */
  #firstNames(
    groups: readonly NodeSample[],
    whyOf: (progress: NodeProgress) => Silence | undefined,
  ): readonly string[] {
    const first = groups.flatMap(({ ranks }) => ranks).sort((a, b) => a - b);
    return first.slice(0, NAMED_NODES).map(rank => {
      const why = whyOf(this.#byRank[rank]!);
      return why === undefined ? this.#nameOf(rank) : `${this.#nameOf(rank)} (${SILENCES[why]})`;
    });
  }
}

/** Why a node is behind; undefined where it has just not come to it yet, as all nodes at first. */
function delayOf(progress: NodeProgress): Silence | undefined {
  return progress.kind === 'absent' && progress.why !== 'NotReported' ? progress.why : undefined;
}

/** Why nothing is known of a node. */
function silenceOf(progress: NodeProgress, goal: number): Silence | undefined {
  if (progress.kind === 'withoutAgent') return undefined;
  if (progress.kind !== 'reporting') return progress.why;
  return progress.watermark >= goal ? 'FailuresHidden' : 'Behind';
}

const NAMED_NODES = 3;
const LISTED_FAILURES = 5;
const NO_FAILING: readonly FailingNode[] = [];

function watermarkOf(progress: NodeProgress): number {
  return progress.kind === 'reporting' ? progress.watermark : Number.NaN;
}

/** Ranks by watermark, sorted in place. While nothing changes they are in order already, so it checks first. */
function byWatermark(ranks: Uint32Array, byRank: readonly (NodeProgress | undefined)[]): Uint32Array {
  const watermark = (rank: number) => watermarkOf(byRank[rank]!);
  const isSorted = ranks.every((rank, at) => at === 0 || watermark(rank) >= watermark(ranks[at - 1]!));
  return isSorted ? ranks : ranks.sort((a, b) => watermark(a) - watermark(b) || a - b);
}

/** Number of sorted values below the bound; all if the bound is NaN. */
function countBelow(sorted: Float64Array, bound: number): number {
  return firstIndex(sorted.length, at => sorted[at]! >= bound);
}

/** A number of nodes, and the first few of them by name. */
interface NodeSample {
  readonly count: number;
  readonly ranks: readonly number[];
}

const NO_SAMPLE: NodeSample = { count: 0, ranks: [] };

function sampleOf(among: Iterable<number>, belongs: (rank: number) => boolean = () => true): NodeSample {
  const ranks: number[] = [];
  let count = 0;
  for (const rank of among) {
    if (!belongs(rank)) continue;
    count++;
    if (ranks.length === NAMED_NODES && rank > ranks[NAMED_NODES - 1]!) continue;
    ranks.push(rank);
    ranks.sort((a, b) => a - b).splice(NAMED_NODES);
  }
  return { count, ranks };
}

function sum(groups: readonly NodeSample[]): number {
  return groups.reduce((total, { count }) => total + count, 0);
}
