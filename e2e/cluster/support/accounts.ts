import type { ControlPlaneFixture } from '../controlplanefixture.ts';

export const NAMESPACE = 'innermap-system';
export const AGENT = 'innermap-agent';
export const CONTROLLER = 'innermap-controller';
/** What the chart puts on the agents' Pods. */
export const AGENT_LABELS = {
  'app.kubernetes.io/name': 'innermap-operator',
  'app.kubernetes.io/component': 'agent',
};

const READ = ['get', 'list', 'watch'];
const OURS = ['innermap.io'];

/** What an agent may do at all; a policy narrows it to its own node. */
export const AGENT_RULES = [
  { apiGroups: OURS, resources: ['innermaps', 'outermaps'], verbs: READ },
  { apiGroups: [''], resources: ['nodes'], verbs: READ },
  {
    apiGroups: OURS,
    resources: ['nodemapstates', 'nodemapstates/status'],
    verbs: [...READ, 'create', 'update', 'patch'],
  },
];

export const CONTROLLER_RULES = [
  { apiGroups: OURS, resources: ['innermaps', 'outermaps', 'nodemapstates'], verbs: READ },
  { apiGroups: [''], resources: ['nodes', 'pods'], verbs: READ },
  { apiGroups: OURS, resources: ['innermaps/status', 'outermaps/status'], verbs: ['patch'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

/** Both accounts with their rights, once for each control plane. */
export async function makeAccounts(fixture: ControlPlaneFixture): Promise<void> {
  await fixture.namespaces(NAMESPACE);
  for (const [name, rules] of [
    [AGENT, AGENT_RULES],
    [CONTROLLER, CONTROLLER_RULES],
  ] as const) {
    const metadata = { name, namespace: NAMESPACE };
    await fixture.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await grant(fixture, name, rules);
  }
}

async function grant(fixture: ControlPlaneFixture, name: string, rules: readonly object[]): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const apiVersion = `${group}/v1`;
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }];
  await fixture.put({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
  await fixture.put({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
}

/** Of an account as it is, bound to a Pod where one is named. */
export async function tokenOf(fixture: ControlPlaneFixture, account: string, pod?: string): Promise<string> {
  const bound = pod === undefined ? [] : ['--bound-object-kind', 'Pod', '--bound-object-name', pod];
  return (await fixture.kubectl.must(['create', 'token', account, '-n', NAMESPACE, ...bound])).trim();
}
