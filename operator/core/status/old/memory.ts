import type { CompiledOuterMap } from '../../desired/compile.ts';
import type { Acceptance } from '../conditions.ts';
import type { InnerFacts, NodeFacts, OuterFacts, PodFacts, StateFacts, Written } from '../facts.ts';
import type { NodeRollup } from '../rollup/rollup.ts';
import type { NodeProgress, WatermarkIndex } from '../rollup/watermarkindex.ts';
import type { SetDigest } from '../setdigest.ts';
import type { ClaimGroup } from './rivals.ts';

export interface NodeRecord {
  readonly name: string;
  facts?: NodeFacts;
  /** The version of the nodes at which its Node came. */
  bornAt: number;
  readonly pods: Map<string, PodFacts>;
  /** When its last Pod went. */
  podGoneAt?: number;
  state?: StateFacts;
  /** Of the last look, for noticing that time alone changed them. */
  hasAgent: boolean;
  isSilent: boolean;
}

/** What an object of either kind is remembered with. */
interface Remembered {
  written: Written;
  verdict?: Acceptance;
  lot?: NodeRollup;
  /** Something that neither verdict nor lot show: a new generation, a status that somebody else wrote. */
  touched: boolean;
  /** Of which the answer is awaited: a schedule of its own. */
  fresh: boolean;
}

export interface InnerRecord extends Remembered {
  facts: InnerFacts;
  readonly outer: OuterRecord;
  /** What a watermark must reach, as text and as number. */
  readonly specResourceVersion: string;
  readonly goal: number;
  readonly seenAt: number;
  /** The key that it claims, in hex. */
  claimed?: string;
}

export interface Deletion {
  readonly resourceVersion: string;
  readonly goal: number;
  readonly seenAt: number;
}

/** An OuterMap, or the name of one that InnerMaps or nodes speak of. */
export interface OuterRecord extends Remembered {
  readonly name: string;
  facts?: OuterFacts;
  /** Text: why its declarations cannot be used. */
  compiled?: CompiledOuterMap | string;
  readonly inners: Map<string, InnerRecord>;
  readonly digest: SetDigest;
  acceptedInners: number;
  /** What else its status counts, as of the last look. */
  sums?: string;
  /** Whoever claims a key, by the key in hex. */
  readonly claims: Map<string, ClaimGroup>;
  readonly cohorts: Map<string, NodeGroup>;
  /** Nodes whose states list the InnerMap as failed; the empty key is the outer map itself. */
  readonly failing: Map<string, Set<NodeRecord>>;
  /** Since when nodes have had no entry about the present. */
  readonly absentSince: Map<NodeRecord, number>;
  deletion?: Deletion;
  /** Whether an InnerMap was deleted since the last look. */
  deleted: boolean;
  standings: ReadonlyMap<NodeRecord, NodeProgress>;
  /** Crowds of an older count are out of date. */
  looks: number;
  /** Something other than a watermark's advance: not even for a moment may it be overlooked. */
  stale: boolean;
  /** InnerMaps that some node has not reached yet. */
  unsettled: number;
  /** More than watermarks have changed. */
  awaited: boolean;
  /** So often a crowd was made: that takes as long as many small pieces of work. */
  crowdsMade: number;
  /** When time alone may change a lot. */
  recheckAt: number;
}

/** Nodes that are selected alike. */
export interface NodeGroup {
  /** In the order of their names. */
  members: ReadonlySet<NodeRecord>;
  /** Of the nodes that the members were chosen from. */
  nodesVersion: number;
  /** Of the OuterMap that they were chosen by. */
  generation: number;
  crowd?: WatermarkIndex;
  /** Of the OuterMap's nodes, at which the members were chosen, and at which the crowd was made. */
  look: number;
  crowdLook: number;
  /** The look at which a node that was there before became a member. */
  grewAt: number;
}
