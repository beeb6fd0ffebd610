import { present } from '../api/parse/section.ts';
import { AGENT_PODS, type AgentPod, type ClusterAddress, type Listed } from '../cli/cluster/ports.ts';
import type { Cluster, KubeObject } from '../kube/client.ts';
import { notReadyFor } from '../kube/readiness.ts';
import { PODS } from '../kube/resources.ts';
import { all, listed, withCluster } from './reading.ts';

/** The agents of all nodes. */
export function agentPods(cluster: Cluster): Promise<Listed<AgentPod>> {
  return listed(cluster, { ref: { resource: PODS }, query: { labelSelector: AGENT_PODS }, keep: agentPod });
}

/** The agents on one node, one that is Ready first. */
export function agentPodsOn(
  address: ClusterAddress,
  node: string,
  namespace?: string,
): Promise<readonly AgentPod[]> {
  return withCluster(address, async cluster => {
    const query = { labelSelector: AGENT_PODS, fieldSelector: `spec.nodeName=${node}` };
    const pods = await all(cluster, { ref: { resource: PODS, namespace }, query, keep: agentPod });
    return pods.toSorted((a, b) => (a.notReadyFor ?? -1) - (b.notReadyFor ?? -1));
  });
}

interface PodSpec {
  readonly nodeName?: string;
  readonly containers?: readonly { readonly name: string; readonly args?: readonly string[] }[];
}

/** Nothing for a Pod that is going, or is not on a node yet. */
function agentPod(object: KubeObject): AgentPod | undefined {
  const { name, namespace = '', deletionTimestamp } = object.metadata;
  const { nodeName: node, containers = [] } = (object['spec'] ?? {}) as PodSpec;
  if (node === undefined || deletionTimestamp !== undefined) return undefined;
  const agent = containers.find(each => each.name === 'agent') ?? containers[0];
  const notReady = notReadyFor(object, Date.now());
  const bpffsOnNode = bpffsOnNodeIn(agent?.args ?? []);
  return {
    ...{ namespace, name, node, container: agent?.name ?? 'agent' },
    ...present({ notReadyFor: notReady, bpffsOnNode }),
  };
}

/** As the chart writes it. An agent of an earlier chart has no such option, and neither has its `get`. */
function bpffsOnNodeIn(args: readonly string[]): string | undefined {
  const option = '--bpffs-on-node=';
  return args.find(arg => arg.startsWith(option))?.slice(option.length);
}
