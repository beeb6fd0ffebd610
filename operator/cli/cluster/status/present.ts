import type { NodeMapStateStatus } from '../../../api/status.ts';
import { labelsHash } from '../../../core/report/nodereport.ts';
import { nodeStaleness, SILENT_AFTER, type Staleness } from '../../../core/status/nodes/staleness.ts';
import type { AgentPod, ListedNode } from '../ports.ts';

/** The node of a state and its agent, as they are now; absent parts could not be read, or are gone. */
export interface Present {
  readonly node: ListedNode | undefined;
  readonly nodesRead: boolean;
  readonly pod: AgentPod | undefined;
  readonly podsRead: boolean;
}

export const STALENESS: Readonly<Record<Staleness, string>> = {
  NodeRecreated: 'the node was made anew since: its agent has not reported yet',
  NodeRebooted: 'the node was started anew since, which empties its kernel: its agent has not reported yet',
  LabelsChanged: 'the node’s labels changed since: its agent has not decided anew yet',
  OuterMapRecreated: 'told of an earlier OuterMap of this name',
  OuterMapChanged: 'told of generation {reported} of the OuterMap, it is at {declared}',
  WatermarkMissing: 'its report does not say up to which version its agent has programmed',
  WatermarkUndone: 'its report is from before the API server was restored: its agent has not reported anew',
};

/** Why the report of a node is not about the present; nothing where it may be. */
export function outOfDate(state: NodeMapStateStatus, present: Present): string | undefined {
  const { node, nodesRead } = present;
  if (nodesRead && node === undefined) return 'the node is gone, this is what it told last';
  const staleness = node && nodeStaleness(state.node, { ...node, labelsHash: labelsHash(node.labels) });
  return staleness === undefined ? silence(present) : STALENESS[staleness];
}

/** Why the agent of a node may not report. */
export function silence({ node, pod, podsRead }: Present): string | undefined {
  if (isSilent(node)) return 'the node is not Ready: its agent may not be heard';
  if (!podsRead) return undefined;
  if (pod === undefined) return 'no agent Pod is on the node: nobody keeps this true';
  return isSilent(pod) ? `the agent Pod ${pod.namespace}/${pod.name} is not Ready: see its log` : undefined;
}

function isSilent(object: ListedNode | AgentPod | undefined): boolean {
  return (object?.notReadyFor ?? 0) >= SILENT_AFTER;
}
