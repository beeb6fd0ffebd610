import { API_VERSION } from '../../api/metadata.ts';
import { type NodeMapStateStatus, wholeStatus } from '../../api/status.ts';
import type { KubeObject } from '../../kube/client.ts';

const KIND = { apiVersion: API_VERSION, kind: 'NodeMapState' };

/** The object without its status; it is deleted with its Node. */
export function nodeMapState(name: string, nodeUid: string | undefined): object {
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: nodeUid };
  const owned = nodeUid === undefined ? {} : { ownerReferences: [owner] };
  return { ...KIND, metadata: { name, ...owned } };
}

export function statusIn(object: KubeObject): NodeMapStateStatus | undefined {
  const status = object['status'] as Partial<NodeMapStateStatus> | undefined;
  return status === undefined ? undefined : wholeStatus(status);
}

export function nodeMapStateStatus(name: string, status: NodeMapStateStatus): object {
  return { ...KIND, metadata: { name }, status };
}
