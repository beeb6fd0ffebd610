import { parseInnerMap, parseOuterMap } from '../api/parse/manifest.ts';
import { present } from '../api/parse/section.ts';
import {
  type InnerMapStatus,
  type NodeMapStateStatus,
  type OuterMapStatus,
  wholeStatus,
} from '../api/status.ts';
import type {
  ClusterFacts,
  FactsRequest,
  ListedInnerMap,
  ListedNode,
  ListedNodeMapState,
  ListedOuterMap,
} from '../cli/cluster/ports.ts';
import type { KubeObject } from '../kube/client.ts';
import { notReadyFor } from '../kube/readiness.ts';
import { INNER_MAPS, NODE_MAP_STATES, NODES, OUTER_MAPS } from '../kube/resources.ts';
import { agentPods } from './pods.ts';
import { counting, listed, withCluster } from './reading.ts';

/** The objects of a cluster without contents: five lists beside each other. */
export async function clusterFacts({
  address,
  outerMap,
  namespace,
  progress,
}: FactsRequest): Promise<ClusterFacts> {
  const seen = counting(progress);
  const named = outerMap === undefined ? {} : { fieldSelector: `metadata.name=${outerMap}` };
  const of = outerMap === undefined ? {} : { fieldSelector: `spec.outerMap=${outerMap}` };
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

/** An object that is older than a rule of the parser is shown as far as it is known. Its status may be partial. */
function outerMapFacts(object: KubeObject): ListedOuterMap {
  const { name, uid = '', generation = 0 } = object.metadata;
  const { spec, status } = object as unknown as {
    readonly spec: { readonly type: string; readonly inner: { readonly type: string } };
    readonly status?: Partial<OuterMapStatus>;
  };
  const parsed = parseOuterMap(object);
  const nodeSelector = parsed.ok ? parsed.value.spec.nodeSelector : undefined;
  return {
    name,
    uid,
    generation,
    type: spec.type,
    inner: spec.inner.type,
    ...present({ nodeSelector, status }),
  };
}

function innerMapFacts(object: KubeObject): ListedInnerMap {
  const { namespace = '', name, generation = 0, resourceVersion = '' } = object.metadata;
  const { spec, status } = object as unknown as {
    readonly spec: Readonly<Record<string, unknown>>;
    readonly status?: Partial<InnerMapStatus>;
  };
  const { outerMap, key, nodeSelector: selector } = spec;
  // Without the contents: reading a million entries takes long, and nothing of them is shown
  const parsed = parseInnerMap({ ...object, spec: present({ outerMap, key, nodeSelector: selector }) });
  const nodeSelector = parsed.ok ? parsed.value.innerMap.spec.nodeSelector : undefined;
  return {
    ...{ namespace, name, outerMap: String(outerMap), key: String(key), generation, resourceVersion },
    ...present({ nodeSelector, status }),
  };
}

/** An agent writes its whole status at once: one without a node is none. */
function stateFacts(object: KubeObject): ListedNodeMapState {
  const { name, resourceVersion = '' } = object.metadata;
  const status = object['status'] as Partial<NodeMapStateStatus> | undefined;
  return { name, resourceVersion, ...(status?.node === undefined ? {} : { status: wholeStatus(status) }) };
}

function nodeFacts(object: KubeObject): ListedNode {
  const { name, uid = '', labels = {} } = object.metadata;
  const status = object['status'] as { readonly nodeInfo?: { readonly bootID?: string } } | undefined;
  const bootID = status?.nodeInfo?.bootID ?? '';
  return { name, uid, bootID, labels, ...present({ notReadyFor: notReadyFor(object, Date.now()) }) };
}
