import type { InspectPorts } from '../cli/cluster/ports.ts';

/**
 * Clusters for commands that look at one. Each is loaded when it is called: the client library costs half a second
 * and 100 MB, which commands on a folder must not pay for.
 */
export const INSPECT: InspectPorts = {
  facts: async asked => (await import('./facts.ts')).clusterFacts(asked),
  planNode: async asked => (await import('./plannode.ts')).planNode(asked),
  planFiles: async asked => (await import('./planfiles.ts')).planFiles(asked),
  refusedByServer: async asked => (await import('./refused.ts')).refusedByServer(asked),
  agentPods: async (address, node, namespace) =>
    (await import('./pods.ts')).agentPodsOn(address, node, namespace),
  kubectl: async words => (await import('./kubectl.ts')).runKubectl(words),
};
