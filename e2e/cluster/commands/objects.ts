const API = 'innermap.io/v1alpha1';
const NOW = '2026-11-20T10:00:00Z';

/** An object, and what its status is to say. */
export interface ObjectStatus {
  readonly object: object;
  readonly status: object;
}

export function outerMap(name: string, spec: object = {}): object {
  return {
    apiVersion: API,
    kind: 'OuterMap',
    metadata: { name },
    spec: {
      type: 'HashOfMaps',
      maxEntries: 16,
      key: 'ipv4',
      inner: { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32' },
      access: [{ namespaces: ['team-a', 'team-b'] }],
      ...spec,
    },
  };
}

export const TENANTS = outerMap('tenants');

/** `team-a/web` with u32 entries in `tenants`. */
export function innerMap(path: string, key: string, entries: readonly (readonly [number, number])[]): object {
  const [namespace, name] = path.split('/');
  const list = entries.map(([entryKey, value]) => ({ key: entryKey, value }));
  return {
    apiVersion: API,
    kind: 'InnerMap',
    metadata: { name, namespace },
    spec: { outerMap: 'tenants', key, entries: list },
  };
}

/** A Node that is Ready, as its kubelet would tell. */
export function nodeWith(name: string, labels: Readonly<Record<string, string>>): ObjectStatus {
  return {
    object: { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
    status: {
      nodeInfo: { bootID: `boot-${name}` },
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: NOW }],
    },
  };
}

/** A Pod of the agent that is Ready. */
export function podOn(node: string, namespace: string): ObjectStatus {
  const labels = {
    'app.kubernetes.io/name': 'innermap-operator',
    'app.kubernetes.io/component': 'agent',
  };
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `agent-${node}`, namespace, labels },
      spec: {
        nodeName: node,
        automountServiceAccountToken: false,
        containers: [{ name: 'agent', image: 'innermap-operator:test' }],
      },
    },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: NOW }] },
  };
}

export interface StateParts {
  /** Of the Node. */
  readonly uid?: string;
  readonly labels: string;
  readonly bootID?: string;
  readonly outerMaps: readonly object[];
  readonly failures?: readonly object[];
}

/** What an agent told. */
export function stateOf(
  name: string,
  { uid, labels, bootID = `boot-${name}`, ...parts }: StateParts,
): ObjectStatus {
  const { outerMaps, failures = [] } = parts;
  return {
    object: { apiVersion: API, kind: 'NodeMapState', metadata: { name } },
    status: {
      node: { name, uid, bootID, labelsHash: labels },
      totals: { innerMaps: 1, failures: failures.length },
      outerMaps,
      failures,
      kernel: { release: '6.18.0', outerBatch: 'once', gracePeriodMs: 8, features: {} },
      drift: { found: 0, repaired: 0 },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Programmed', message: '', lastTransitionTime: NOW },
      ],
    },
  };
}
