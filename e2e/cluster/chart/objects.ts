import { join } from 'node:path';
import { CHART } from '../../../charts/generated.ts';
import { REPOSITORY } from '../../crdschema.ts';
import type { PodSpec, Rendered } from './helm.ts';

export const FOLDER = join(REPOSITORY, CHART);
/** Not the one that crds/ names: what depends on it must follow the release. */
export const NAMESPACE = 'ebpf';

export const CRDS = [
  'CustomResourceDefinition/innermaps.innermap.io',
  'CustomResourceDefinition/nodemapstates.innermap.io',
  'CustomResourceDefinition/outermaps.innermap.io',
];
/** With accessPolicy. */
export const ACCESS = [
  'ValidatingAdmissionPolicy/innermap-access.innermap.io',
  'ValidatingAdmissionPolicyBinding/innermap-access.innermap.io',
];
/** Whatever the values are. */
export const LEAST = [
  'ClusterRole/innermap-agent',
  'ClusterRole/innermap-controller',
  'ClusterRoleBinding/innermap-agent',
  'ClusterRoleBinding/innermap-controller',
  'DaemonSet/innermap-agent',
  'Deployment/innermap-controller',
  'Role/innermap-controller',
  'RoleBinding/innermap-controller',
  'ServiceAccount/innermap-agent',
  'ServiceAccount/innermap-controller',
  'ValidatingAdmissionPolicy/nodemapstates.innermap.io',
  'ValidatingAdmissionPolicyBinding/nodemapstates.innermap.io',
];

export function podIn(object: Rendered | undefined): PodSpec {
  const pod = object?.spec?.template?.spec;
  if (pod === undefined) throw new Error('Cannot find a pod: there is no such object');
  return pod;
}
