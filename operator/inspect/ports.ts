import type { InspectPorts } from '../cli/cluster/ports.ts';

/**
 * Clusters for commands. Each module is loaded at its first call: the client library costs half a second
 * and 100 MB, which commands on a folder must not pay for.
 */
export const INSPECT: InspectPorts = {
  facts: async request => (await import('./facts.ts')).clusterFacts(request),
  planNode: async request => (await import('./plannode.ts')).planNode(request),
  planFiles: async request => (await import('./planfiles.ts')).planFiles(request),
  refusedByServer: async request => (await import('./refused.ts')).refusedByServer(request),
  agentPods: async (address, node, namespace) =>
    (await import('./pods.ts')).agentPodsOn(address, node, namespace),
  kubectl: async words => (await import('./kubectl.ts')).runKubectl(words),
};
