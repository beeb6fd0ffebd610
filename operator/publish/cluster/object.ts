import { API_VERSION, GROUP } from '../../api/metadata.ts';
import { type NodeMapStateStatus, wholeStatus } from '../../api/status.ts';
import type { KubeObject, ResourceRef } from '../../kube/client.ts';

export const STATES: ResourceRef = {
  resource: { group: GROUP, version: 'v1alpha1', plural: 'nodemapstates' },
};

const KIND = { apiVersion: API_VERSION, kind: 'NodeMapState' };

export function placeOf(node: string): ResourceRef {
  return { ...STATES, name: node };
}

/** The object without its status: it goes when its Node does. */
export function nodeMapState(name: string, nodeUid: string | undefined): object {
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: nodeUid };
  const owned = nodeUid === undefined ? {} : { ownerReferences: [owner] };
  return { ...KIND, metadata: { name, ...owned } };
}

export function statusIn(object: KubeObject): NodeMapStateStatus | undefined {
  const told = object['status'] as Partial<NodeMapStateStatus> | undefined;
  return told === undefined ? undefined : wholeStatus(told);
}

export function nodeMapStateStatus(name: string, status: NodeMapStateStatus): object {
  return { ...KIND, metadata: { name }, status };
}
