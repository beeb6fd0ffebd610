import type { NodeSelector } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Reason } from '../../api/reason.ts';
import type { Condition } from '../../api/status.ts';
import type { WantedInner } from '../wanted.ts';

/** What the controller keeps of a Node. Times are milliseconds of the controller's own clock, here and below. */
export interface NodeFacts {
  readonly name: string;
  readonly uid: string;
  readonly bootID: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly labelsHash: string;
  /** Absent: its Ready condition is True. */
  readonly notReadySince?: number | undefined;
}

/** Of an agent's Pod. */
export interface PodFacts {
  readonly key: string;
  readonly node: string;
  readonly notReadySince?: number | undefined;
}

export interface ReportedFailure {
  readonly reason: Reason;
  readonly message: string;
}

/** What a node's state says of one outer map. */
export interface EntryFacts {
  readonly uid: string;
  readonly generation: number;
  /** NaN where it is absent or no number. */
  readonly watermark: number;
  readonly failuresTotal: number;
  /** Of those, the failures that are listed. */
  readonly listed: number;
  readonly held?: { readonly keys: number; readonly token: string } | undefined;
  /** A failure of the outer map itself. */
  readonly own?: ReportedFailure | undefined;
  /** By the InnerMap's key. */
  readonly inners: ReadonlyMap<string, ReportedFailure>;
}

/** Of a NodeMapState. */
export interface StateFacts {
  readonly name: string;
  readonly version: number;
  readonly uid: string;
  readonly bootID: string;
  readonly labelsHash: string;
  readonly outers: ReadonlyMap<string, EntryFacts>;
}

/** A status as it is in the cluster. */
export interface Written {
  /** Of the object that carried it. */
  readonly version: number;
  /** Canonical; empty: there is none. */
  readonly text: string;
  readonly observedGeneration?: number | undefined;
  readonly specResourceVersion?: string | undefined;
  readonly innerMapsDigest?: string | undefined;
  readonly deletionResourceVersion?: string | undefined;
  readonly accepted?: WrittenCondition | undefined;
  readonly ready?: WrittenCondition | undefined;
}

/** Of an object without a status. */
export const UNWRITTEN: Written = { version: 0, text: '' };

export type WrittenCondition = Pick<Condition, 'status' | 'reason'>;

interface ObjectFacts {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly written: Written;
  /** What cannot be read of it, though the schema let it pass. */
  readonly problem?: ReportedFailure | undefined;
}

/** Of an OuterMap. */
export interface OuterFacts extends ObjectFacts {
  /** Absent: it cannot be read. */
  readonly outerMap?: OuterMap | undefined;
}

/** Of an InnerMap: without its entries' bytes, those were looked at and let go. */
export interface InnerFacts extends ObjectFacts {
  /** `team-a/web` */
  readonly key: string;
  readonly namespace: string;
  readonly outer: string;
  readonly selector?: NodeSelector | undefined;
  /** Absent: it cannot be read. */
  readonly wanted?: WantedInner | undefined;
  /** Digest of the layout that its contents were read by. */
  readonly judgedBy?: string | undefined;
}
