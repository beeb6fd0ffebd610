import { hostname } from 'node:os';
import { dryRun } from '../agent/dryrun.ts';
import { releasesIn } from '../api/metadata.ts';
import type { ClusterPlanRequest } from '../cli/cluster/ports.ts';
import type { PlanOutcome } from '../cli/command.ts';
import { outcomeOf } from '../cli/plan/outcome.ts';
import type { Node } from '../core/desired/desired.ts';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import { ApiError, type Cluster } from '../kube/client.ts';
import { NODES, nodeMapStateRef } from '../kube/resources.ts';
import { declaredIn } from './declared.ts';
import { counting, withCluster } from './reading.ts';

/** What an agent on this machine's kernel would do as a node of the cluster. */
export async function planNode(asked: ClusterPlanRequest): Promise<PlanOutcome> {
  const kernel = openKernel({ bpffs: asked.bpffs });
  try {
    const { possibleCpus } = kernel;
    const { node, given, declared } = await withCluster(asked.address, async cluster => ({
      node: await nodeIn(cluster, asked),
      given: await releasesGiven(cluster, asked),
      declared: await declaredIn(cluster, { possibleCpus, seen: counting(asked.progress) }),
    }));
    const { outerMaps, innerMaps, refusals } = declared;
    const releases = [...asked.releases, ...given];
    const wanted = { outerMaps, innerMaps, refusals, complete: refusals.length === 0, releases };
    const { plan, desired } = await dryRun(wanted, kernel, node);
    return outcomeOf(plan, desired, refusals);
  } finally {
    kernel.close();
  }
}

/** With the labels of its Node object, and those given over them. */
async function nodeIn(cluster: Cluster, asked: ClusterPlanRequest): Promise<Node> {
  const name = asked.node ?? hostname();
  try {
    const { metadata } = await cluster.get({ resource: NODES, name }, { attempts: 2 });
    return { name, labels: { ...metadata.labels, ...asked.labels } };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new Error(
      `Cannot find Node ${name} in ${cluster.server}: name one that it has with --node, \`kubectl get nodes\` lists them`,
    );
  }
}

/** By the node's state; those of OuterMaps are among what they declare. A node whose agent never ran has none. */
async function releasesGiven(
  cluster: Cluster,
  { node = hostname() }: ClusterPlanRequest,
): Promise<readonly string[]> {
  try {
    const { metadata } = await cluster.get(nodeMapStateRef(node), { attempts: 2 });
    return releasesIn(metadata.annotations);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return [];
    throw error;
  }
}
