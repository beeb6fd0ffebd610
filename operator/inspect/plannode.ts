import { hostname } from 'node:os';
import { dryRun } from '../agent/dryrun.ts';
import { releasesIn } from '../api/metadata.ts';
import type { ClusterPlanRequest } from '../cli/cluster/ports.ts';
import type { PlanOutcome } from '../cli/command.ts';
import { outcomeOf } from '../cli/plan/outcome.ts';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import { ApiError, type Cluster } from '../kube/client.ts';
import { NODES, nodeMapStateRef } from '../kube/resources.ts';
import { declaredIn } from './declared.ts';
import { counting, withCluster } from './reading.ts';

/** The plan of an agent on this machine's kernel as a node of the cluster. */
export async function planNode(request: ClusterPlanRequest): Promise<PlanOutcome> {
  const kernel = openKernel({ bpffs: request.bpffs });
  const { possibleCpus } = kernel;
  const name = request.node ?? hostname();
  try {
    const { node, annotated, declared } = await withCluster(request.address, async cluster => ({
      node: { name, labels: { ...(await labelsOf(cluster, name)), ...request.labels } },
      annotated: await releasesOf(cluster, name),
      declared: await declaredIn(cluster, { possibleCpus, seen: counting(request.progress) }),
    }));
    const { outerMaps, innerMaps, refusals } = declared;
    const releases = [...request.releases, ...annotated];
    const wanted = { outerMaps, innerMaps, refusals, complete: refusals.length === 0, releases };
    const { plan, desired } = await dryRun(wanted, kernel, node);
    return outcomeOf(plan, desired, refusals);
  } finally {
    kernel.close();
  }
}

/** The labels of the Node object. */
async function labelsOf(cluster: Cluster, name: string): Promise<Readonly<Record<string, string>>> {
  try {
    return (await cluster.get({ resource: NODES, name }, { attempts: 2 })).metadata.labels ?? {};
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new Error(
      `Cannot find Node ${name} in ${cluster.server}: name one that it has with --node, \`kubectl get nodes\` lists them`,
    );
  }
}

/** The releases that the node's state has; OuterMaps declare their own. A node whose agent never ran has no state. */
async function releasesOf(cluster: Cluster, node: string): Promise<readonly string[]> {
  try {
    return releasesIn((await cluster.get(nodeMapStateRef(node), { attempts: 2 })).metadata.annotations);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return [];
    throw error;
  }
}
