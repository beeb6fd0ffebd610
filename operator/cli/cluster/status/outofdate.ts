import type { NodeMapStateStatus } from '../../../api/status.ts';
import { labelsHash } from '../../../core/report/nodereport.ts';
import type { AgentPod, ListedNode } from '../ports.ts';

/** What is known of the node that a state speaks of; absent parts could not be read, or are not there. */
export interface Present {
  readonly node: ListedNode | undefined;
  readonly nodesRead: boolean;
  readonly pod: AgentPod | undefined;
  readonly podsRead: boolean;
}

/** Why a state is no longer the truth; nothing where it may be. */
export function outOfDate(state: NodeMapStateStatus, present: Present): string | undefined {
  const { node, nodesRead } = present;
  if (nodesRead && node === undefined) return 'the node is gone, this is what it told last';
  if (node !== undefined) {
    if (state.node.uid !== undefined && state.node.uid !== node.uid)
      return 'the node was made anew since: its agent has not reported yet';
    if (state.node.bootID !== node.bootID)
      return 'the node was started anew since, which empties its kernel: its agent has not reported yet';
    if (state.node.labelsHash !== labelsHash(node.labels))
      return 'the node’s labels changed since: its agent has not decided anew yet';
  }
  return silence(present);
}

/** A node whose agent cannot be heard. */
export function silence({ node, pod, podsRead }: Present): string | undefined {
  if (node !== undefined && !node.ready) return 'the node is not Ready: its agent may not be heard';
  if (!podsRead) return undefined;
  if (pod === undefined) return 'no agent Pod is on the node: nobody keeps this true';
  if (!pod.ready) return `the agent Pod ${pod.namespace}/${pod.name} is not Ready: see its log`;
  return undefined;
}
