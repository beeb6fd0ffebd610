/** A Node or Pod that is not Ready for so many milliseconds is silent; less is a restart. */
export const SILENT_AFTER = 60_000;

/** Who made a report, or who is there now. */
export interface NodeIdentity {
  /** Absent in reports of an agent that did not know it: they never count. */
  readonly uid?: string | undefined;
  readonly bootID: string;
  readonly labelsHash: string;
}

/** What a report says of one outer map. */
export interface ReportedIdentity {
  readonly uid?: string | undefined;
  readonly generation?: number | undefined;
  /** As number; NaN where it is absent or no number. */
  readonly watermark: number;
}

export interface OuterIdentity {
  readonly uid: string;
  readonly generation: number;
}

/** Why a report is not about the present. */
export type Staleness =
  /** The Node was deleted and made again. */
  | 'NodeRecreated'
  /** A reboot empties the kernel. */
  | 'NodeRebooted'
  /** Selectors may choose the node anew. */
  | 'LabelsChanged'
  | 'OuterMapRecreated'
  | 'OuterMapChanged'
  /** The report does not say up to which version the agent has programmed. */
  | 'WatermarkMissing'
  /** The watermark is above the version of the report itself: of a future that a restored etcd has undone. */
  | 'WatermarkUndone';

/** Whether the node is still the one that reported; nothing where it is. */
export function nodeStaleness(reported: NodeIdentity, node: NodeIdentity): Staleness | undefined {
  if (reported.uid === undefined || reported.uid !== node.uid) return 'NodeRecreated';
  if (reported.bootID !== node.bootID) return 'NodeRebooted';
  return reported.labelsHash === node.labelsHash ? undefined : 'LabelsChanged';
}

/** Whether what was reported of an outer map is about the map as it is declared now; `version` is the report's own. */
export function outerMapStaleness(
  reported: ReportedIdentity,
  outer: OuterIdentity,
  version: number,
): Staleness | undefined {
  if (reported.uid !== outer.uid) return 'OuterMapRecreated';
  if (reported.generation !== outer.generation) return 'OuterMapChanged';
  if (Number.isNaN(reported.watermark)) return 'WatermarkMissing';
  return reported.watermark <= version ? undefined : 'WatermarkUndone';
}
