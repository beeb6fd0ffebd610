import { stillHold } from '../../report/selectorlabels.ts';

/** A Node or Pod that is not Ready for this many milliseconds is silent. A restart takes less. */
export const SILENT_AFTER = 60_000;

/** Identity of the node that made a report. */
export interface NodeAsReported extends NodeIdentity {
  /** The labels that its selectors name; absent: all of them count. */
  readonly selectorLabels?: readonly string[] | undefined;
}

/** The node as it is now. */
export interface NodeNow extends NodeIdentity {
  readonly labels: Readonly<Record<string, string>>;
}

interface NodeIdentity {
  /** Absent if the agent could not read it; such a report is always stale. */
  readonly uid?: string | undefined;
  readonly bootID: string;
  readonly labelsHash: string;
}

/** Identity of the outer map that a report is about. */
export interface ReportedOuterMap {
  readonly uid?: string | undefined;
  readonly generation?: number | undefined;
  /** NaN if it is absent or not a number. */
  readonly watermark: number;
}

export interface OuterIdentity {
  readonly uid: string;
  readonly generation: number;
}

/** Why nothing is known of a node, in a few words: the name of the node comes before. */
export type Silence =
  | Staleness
  | 'NodeNotReady'
  | 'AgentNotReady'
  | 'NotReported'
  | 'FailuresHidden'
  | 'Behind';

export const SILENCES: Readonly<Record<Silence, string>> = {
  NodeNotReady: 'Node not Ready',
  AgentNotReady: 'agent not Ready',
  NotReported: 'no report yet',
  FailuresHidden: 'more failures than it lists',
  Behind: 'its agent lags',
  NodeRecreated: 'Node made anew',
  NodeRebooted: 'started anew',
  LabelsChanged: 'labels changed',
  OuterMapRecreated: 'told of an earlier OuterMap',
  OuterMapChanged: 'told of an earlier generation',
  WatermarkMissing: 'report without a watermark',
  WatermarkUndone: 'report from before the API server was restored',
};

/** The reason why a report is stale. */
export type Staleness =
  /** The Node was deleted and made again. */
  | 'NodeRecreated'
  /** A reboot removes all maps from the kernel. */
  | 'NodeRebooted'
  /** Other selectors may match the node now. */
  | 'LabelsChanged'
  | 'OuterMapRecreated'
  | 'OuterMapChanged'
  /** The report does not contain the version up to which the agent has programmed. */
  | 'WatermarkMissing'
  /** The watermark is above the report's own version: it was written before etcd was restored. */
  | 'WatermarkUndone';

/** Why a report does not describe the node as it is now; undefined if it does. */
export function nodeStaleness(reported: NodeAsReported, node: NodeNow): Staleness | undefined {
  if (reported.uid === undefined || reported.uid !== node.uid) return 'NodeRecreated';
  if (reported.bootID !== node.bootID) return 'NodeRebooted';
  return decidesAlike(reported, node) ? undefined : 'LabelsChanged';
}

/** Whether every selector that the agent knew chooses as it did. */
function decidesAlike({ labelsHash, selectorLabels }: NodeAsReported, node: NodeNow): boolean {
  if (labelsHash === node.labelsHash) return true;
  return selectorLabels !== undefined && stillHold(selectorLabels, node.labels);
}

/** Why a report does not describe the declared outer map; undefined if it does. `version` is the report's own. */
export function outerMapStaleness(
  reported: ReportedOuterMap,
  outer: OuterIdentity,
  version: number,
): Staleness | undefined {
  if (reported.uid !== outer.uid) return 'OuterMapRecreated';
  if (reported.generation !== outer.generation) return 'OuterMapChanged';
  if (Number.isNaN(reported.watermark)) return 'WatermarkMissing';
  return reported.watermark <= version ? undefined : 'WatermarkUndone';
}
