import { parseInnerMap, parseOuterMap } from '../api/parse/manifest.ts';
import { type NodeMapStateStatus, wholeStatus } from '../api/status.ts';
import type {
  ClusterFacts,
  FactsRequest,
  ListedInnerMap,
  ListedNode,
  ListedNodeMapState,
  ListedOuterMap,
} from '../cli/cluster/ports.ts';
import type { KubeObject, Query } from '../kube/client.ts';
import { INNER_MAPS, NODE_MAP_STATES, NODES, OUTER_MAPS } from '../kube/resources.ts';
import { agentPods } from './pods.ts';
import { counting, listed, readinessOf, withCluster } from './reading.ts';

/** What the cluster tells, without contents: five lists beside each other. */
export async function clusterFacts({
  address,
  outerMap,
  namespace,
  progress,
}: FactsRequest): Promise<ClusterFacts> {
  const seen = counting(progress);
  const named: Query = outerMap === undefined ? {} : { fieldSelector: `metadata.name=${outerMap}` };
  const of: Query = outerMap === undefined ? {} : { fieldSelector: `spec.outerMap=${outerMap}` };
  return withCluster(address, async cluster => {
    const [outerMaps, innerMaps, states, nodes, pods] = await Promise.all([
      listed(cluster, { ref: { resource: OUTER_MAPS }, query: named, keep: outerMapFacts, seen }),
      listed(cluster, { ref: { resource: INNER_MAPS, namespace }, query: of, keep: innerMapFacts, seen }),
      listed(cluster, { ref: { resource: NODE_MAP_STATES }, keep: stateFacts, seen }),
      listed(cluster, { ref: { resource: NODES }, keep: nodeFacts, seen }),
      agentPods(cluster),
    ]);
    return { server: cluster.server, outerMaps, innerMaps, states, nodes, pods };
  });
}

/** An object that admission let through and the parser does not, older than a rule, is shown as far as it is known. */
function outerMapFacts(object: KubeObject): ListedOuterMap {
  const { metadata } = object;
  const spec = object['spec'] as { readonly type: string; readonly inner: { readonly type: string } };
  const parsed = parseOuterMap(object);
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    type: spec.type,
    inner: spec.inner.type,
    ...selectorOf(parsed.ok ? parsed.value.spec : {}),
    ...statusOf(object),
  };
}

function innerMapFacts(object: KubeObject): ListedInnerMap {
  const { metadata } = object;
  const { outerMap, key, nodeSelector } = object['spec'] as Readonly<Record<string, unknown>>;
  // Without the contents: reading a million entries would tell no more
  const spec = { outerMap, key, ...(nodeSelector === undefined ? {} : { nodeSelector }) };
  const parsed = parseInnerMap({ ...object, spec });
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    outerMap: String(outerMap),
    key: String(key),
    generation: metadata.generation ?? 0,
    resourceVersion: metadata.resourceVersion ?? '',
    ...selectorOf(parsed.ok ? parsed.value.innerMap.spec : {}),
    ...statusOf(object),
  };
}

function selectorOf<T>({ nodeSelector }: { readonly nodeSelector?: T }): { readonly nodeSelector?: T } {
  return nodeSelector === undefined ? {} : { nodeSelector };
}

/** The schema vouches for its form, but not that all of it is there. */
function statusOf<T extends object>(object: KubeObject): { readonly status?: T } {
  const { status } = object as { readonly status?: T };
  return status === undefined ? {} : { status };
}

/** An agent writes its whole status at once: one without a node is none. */
function stateFacts(object: KubeObject): ListedNodeMapState {
  const { name, resourceVersion = '' } = object.metadata;
  const status = object['status'] as Partial<NodeMapStateStatus> | undefined;
  return { name, resourceVersion, ...(status?.node === undefined ? {} : { status: wholeStatus(status) }) };
}

export function nodeFacts(object: KubeObject): ListedNode {
  const { name, uid = '', labels = {} } = object.metadata;
  const status = object['status'] as { readonly nodeInfo?: { readonly bootID?: string } } | undefined;
  return { name, uid, bootID: status?.nodeInfo?.bootID ?? '', labels, ...readinessOf(object) };
}
