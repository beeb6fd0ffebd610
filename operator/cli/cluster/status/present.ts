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

/**
 * Whether an agent was ever heard of on the node, as far as can be read: it reported from this very Node, or its Pod is
 * Ready. The controller leaves the node out until then.
 */
export function wasHeard({ node, pod, podsRead }: Present, state: NodeMapStateStatus | undefined): boolean {
  const hasReported = state !== undefined && (node === undefined || state.node.uid === node.uid);
  return hasReported || !podsRead || (pod !== undefined && pod.notReadyFor === undefined);
}

/** Why no agent was ever heard of. */
export function absenceOf({ pod }: Present): string {
  if (pod === undefined) return 'no agent Pod is there';
  const where = `${pod.namespace}/${pod.name}`;
  return `its agent Pod ${where} has never been Ready: see \`kubectl describe pod -n ${pod.namespace} ${pod.name}\``;
}

/** Why the agent of a node may not report. */
export function silence({ node, pod, podsRead }: Present): string | undefined {
  if (isSilent(node)) return 'the node is not Ready: its agent may not be heard';
  if (!podsRead) return undefined;
  // A single look cannot tell since when; an update is without a Pod for a moment
  if (pod === undefined)
    return `no agent Pod is on the node: nobody keeps this true; a minute after it went, Ready no longer waits for the node`;
  return isSilent(pod) ? `the agent Pod ${pod.namespace}/${pod.name} is not Ready: see its log` : undefined;
}

function isSilent(object: ListedNode | AgentPod | undefined): boolean {
  return (object?.notReadyFor ?? 0) >= SILENT_AFTER;
}
