import type { Reason } from '../../api/reason.ts';
import type { NodeMapStateStatus } from '../../api/status.ts';
import type { ManifestProblem } from '../wanted.ts';

/** One InnerMap on this node. */
export interface InnerMapReport {
  readonly namespace: string;
  readonly name: string;
  readonly generation?: number;
  readonly outerMap: string;
  /** The text form of the key: `10.1.0.7`, `port=443,proto=6`. */
  readonly key: string;
  readonly entries: number;
  readonly ready: boolean;
  readonly reason: Reason;
  readonly message: string;
}

/** One OuterMap on this node. */
export interface OuterMapReport {
  readonly name: string;
  readonly type: string;
  /** `Hash 4→16`: the template in short. */
  readonly inner: string;
  readonly pin: string;
  readonly innerMaps: number;
  /** Inner maps in the kernel that those are. Absent from earlier agents. */
  readonly distinct?: number;
  readonly entries: number;
  readonly ready: boolean;
  readonly reason: Reason;
  readonly message: string;
}

/** The counts of one turn. */
export interface TurnSummary {
  readonly number: number;
  readonly startedAt: string;
  readonly milliseconds: number;
  readonly steps: number;
  readonly inserted: number;
  readonly replaced: number;
  readonly edited: number;
  readonly removed: number;
  readonly failed: number;
  readonly driftFound: number;
  readonly driftRepaired: number;
}

/** The report of a turn: the node's state, and each object's. */
export interface Report {
  /** Where the node has the bpffs that this is about. */
  readonly bpffs: string;
  readonly state: NodeMapStateStatus;
  readonly outerMaps: readonly OuterMapReport[];
  /** Those that are not programmed; the ready ones are counted with their outer map. */
  readonly innerMaps: readonly InnerMapReport[];
  readonly refusals: readonly ManifestProblem[];
  readonly turn: TurnSummary;
  /** By outer map, the resourceVersion that somebody waits for the watermark to reach. */
  readonly awaited?: ReadonlyMap<string, string>;
  /** The epoch of the wanted objects. */
  readonly epoch?: number;
}
