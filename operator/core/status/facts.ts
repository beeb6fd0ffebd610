import type { NodeSelector } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Reason } from '../../api/reason.ts';
import type { Condition } from '../../api/status.ts';
import type { WantedInner } from '../wanted.ts';

/** The part of a Node that the controller keeps. Times in this file are milliseconds of the controller's own clock. */
export interface NodeFacts {
  readonly name: string;
  readonly uid: string;
  readonly bootID: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly labelsHash: string;
  /** Absent while the Ready condition is True. */
  readonly notReadySince?: number | undefined;
}

/** The part of an agent's Pod that the controller keeps. */
export interface PodFacts {
  readonly key: string;
  readonly node: string;
  readonly notReadySince?: number | undefined;
}

export interface ReportedFailure {
  readonly reason: Reason;
  readonly message: string;
}

/** A node's report about one outer map. */
export interface OuterReportFacts {
  readonly uid: string;
  readonly generation: number;
  /** NaN if it is absent or not a number. */
  readonly watermark: number;
  readonly failuresTotal: number;
  /** Number of failures that the report lists; it may list fewer than it counts. */
  readonly listed: number;
  readonly held?: { readonly keys: number; readonly token: string } | undefined;
  /** The failure of the outer map itself. */
  readonly own?: ReportedFailure | undefined;
  /** Failures of InnerMaps by their key, `team-a/web`. */
  readonly inners: ReadonlyMap<string, ReportedFailure>;
}

/** The part of a NodeMapState that the controller keeps. */
export interface NodeMapStateFacts {
  readonly name: string;
  readonly version: number;
  readonly uid: string;
  readonly bootID: string;
  readonly labelsHash: string;
  /** The labels that its selectors name; absent: all of them count. */
  readonly selectorLabels?: readonly string[] | undefined;
  readonly outers: ReadonlyMap<string, OuterReportFacts>;
}

/** A status as the API server stores it. */
export interface WrittenStatus {
  /** resourceVersion of the object that carried the status, as a number. */
  readonly version: number;
  /** Canonical JSON; empty if the object has no status. */
  readonly text: string;
  readonly observedGeneration?: number | undefined;
  readonly specResourceVersion?: string | undefined;
  readonly innerMapsDigest?: string | undefined;
  readonly deletionResourceVersion?: string | undefined;
  readonly accepted?: WrittenCondition | undefined;
  readonly ready?: WrittenCondition | undefined;
}

/** The status of an object that has none. */
export const UNWRITTEN: WrittenStatus = { version: 0, text: '' };

export type WrittenCondition = Pick<Condition, 'status' | 'reason'>;

interface ObjectFacts {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly written: WrittenStatus;
  /** Set if the object cannot be parsed although the schema admitted it. */
  readonly problem?: ReportedFailure | undefined;
}

/** The part of an OuterMap that the controller keeps. */
export interface OuterFacts extends ObjectFacts {
  /** Absent if the OuterMap cannot be parsed. */
  readonly outerMap?: OuterMap | undefined;
}

/** The part of an InnerMap that the controller keeps. The bytes of its entries are checked and dropped. */
export interface InnerFacts extends ObjectFacts {
  /** `team-a/web` */
  readonly key: string;
  readonly namespace: string;
  readonly outer: string;
  readonly selector?: NodeSelector | undefined;
  /** Absent if the InnerMap cannot be parsed. */
  readonly wanted?: WantedInner | undefined;
  /** Digest of the layout that encoded its contents; absent until they are encoded. */
  readonly layoutDigest?: string | undefined;
}
