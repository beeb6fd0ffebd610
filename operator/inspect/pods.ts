import type { AgentPod, ClusterAddress, Listed } from '../cli/cluster/ports.ts';
import type { Cluster, KubeObject } from '../kube/client.ts';
import { PODS } from '../kube/resources.ts';
import { all, listed, readinessOf, withCluster } from './reading.ts';

const AGENTS = 'app.kubernetes.io/name=innermap-operator,app.kubernetes.io/component=agent';

/** The agents of all nodes. */
export function agentPods(cluster: Cluster): Promise<Listed<AgentPod>> {
  return listed(cluster, { ref: { resource: PODS }, query: { labelSelector: AGENTS }, keep: agentPod });
}

/** The agents on one node, the one that can answer first. */
export function agentPodsOn(
  address: ClusterAddress,
  node: string,
  namespace?: string,
): Promise<readonly AgentPod[]> {
  return withCluster(address, async cluster => {
    const query = { labelSelector: AGENTS, fieldSelector: `spec.nodeName=${node}` };
    const pods = await all(cluster, { ref: { resource: PODS, namespace }, query, keep: agentPod });
    return pods.toSorted((a, b) => (a.notReadyFor ?? -1) - (b.notReadyFor ?? -1));
  });
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
}

interface PodParts {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly Container[] };
}

/** One that is going, or was never given a node, is nobody's agent. */
function agentPod(object: KubeObject): AgentPod | undefined {
  const { metadata } = object;
  const { spec } = object as PodParts;
  const containers = spec?.containers ?? [];
  const agent = containers.find(({ name }) => name === 'agent') ?? containers[0];
  if (spec?.nodeName === undefined || metadata.deletionTimestamp !== undefined) return undefined;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    node: spec.nodeName,
    ...readinessOf(object),
    container: agent?.name ?? 'agent',
    ...bpffsOnNodeIn(agent?.args ?? []),
  };
}

/** As the chart writes it. An agent of before was not told, and its `get` has no such option. */
function bpffsOnNodeIn(args: readonly string[]): Pick<AgentPod, 'bpffsOnNode'> {
  const option = '--bpffs-on-node=';
  const given = args.find(arg => arg.startsWith(option));
  return given === undefined ? {} : { bpffsOnNode: given.slice(option.length) };
}
