import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '../../e2e/cluster/plane/controlplane.ts';
import { REPOSITORY } from '../../e2e/crdschema.ts';
import { type Cluster, openCluster } from '../../operator/kube/client.ts';
import { OUTER_NAME } from './declared.ts';

const API_VERSION = 'innermap.io/v1alpha1';
const OURS = { group: 'innermap.io', version: 'v1alpha1' };
export const INNER_MAPS = { resource: { ...OURS, plural: 'innermaps' } };
export const OUTER_MAPS = { resource: { ...OURS, plural: 'outermaps' } };
export const STATES = { resource: { ...OURS, plural: 'nodemapstates' } };
export const NODES = { resource: { group: '', version: 'v1', plural: 'nodes' } };
const NAMESPACES = { resource: { group: '', version: 'v1', plural: 'namespaces' } };
const ACCOUNTS = { resource: { group: '', version: 'v1', plural: 'serviceaccounts' } };
const PODS = { resource: { group: '', version: 'v1', plural: 'pods' } };
const SYSTEM = 'innermap-system';
/** Requests under way: more than two cores answer faster. */
const AT_ONCE = 32;
const VALUES_OF_A_MAP = 10_000;

export interface Shape {
  readonly maps: number;
  readonly entries: number;
}

/** A real API server with our kinds, and the administrator's way to it. */
export interface Api {
  readonly controlPlane: ControlPlane;
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

export async function startApi(): Promise<Api> {
  const controlPlane = await startControlPlane();
  const crds = ['outermap', 'innermap', 'nodemapstate'].map(name => join(REPOSITORY, 'crds', `${name}.yaml`));
  const { kubectl, kubeconfig } = controlPlane;
  await kubectl.must(['apply', '--server-side', ...crds.flatMap(file => ['-f', file])]);
  await kubectl.must(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  const cluster = openCluster({ kubeconfig, userAgent: 'innermap-bench', concurrency: AT_ONCE });
  return {
    controlPlane,
    cluster,
    stop: async () => {
      await cluster.close();
      await controlPlane.stop();
    },
  };
}

/** A Node as its kubelet would tell of it. */
export async function makeNode({ cluster }: Api, name: string): Promise<void> {
  await cluster.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: {} } });
  const bootID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const status = { nodeInfo: { bootID }, conditions: [{ type: 'Ready', status: 'True' }] };
  await cluster.patch({ ...NODES, name, subresource: 'status' }, { status });
}

/** The agent's Pod on a node, as the DaemonSet would have it: the controller counts nodes that have one. */
export async function makeAgentPod({ cluster }: Api, node: string): Promise<void> {
  await cluster.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM } });
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: SYSTEM },
  };
  await cluster.create({ ...ACCOUNTS, namespace: SYSTEM }, account);
  const labels = {
    'app.kubernetes.io/name': 'innermap-operator',
    'app.kubernetes.io/component': 'agent',
  };
  const metadata = { name: 'agent', namespace: SYSTEM, labels };
  const spec = { nodeName: node, containers: [{ name: 'agent', image: 'innermap' }] };
  await cluster.create({ ...PODS, namespace: SYSTEM }, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await cluster.patch({ ...PODS, namespace: SYSTEM, name: 'agent', subresource: 'status' }, { status });
}

export async function makeOuterMap({ cluster }: Api, { maps, entries }: Shape): Promise<void> {
  const spec = {
    type: 'HashOfMaps',
    maxEntries: maps,
    key: 'u32',
    inner: { type: 'Hash', maxEntries: entries, key: 'u32', value: 'u32' },
    pin: OUTER_NAME,
    access: [{ namespaces: ['*'] }],
  };
  await cluster.create(OUTER_MAPS, {
    apiVersion: API_VERSION,
    kind: 'OuterMap',
    metadata: { name: OUTER_NAME },
    spec,
  });
}

export async function makeInnerMaps({ cluster }: Api, shape: Shape): Promise<void> {
  const place = { ...INNER_MAPS, namespace: 'default' };
  await inParallel(shape.maps, key => cluster.create(place, innerMap(key, shape.entries)));
}

/** No two inner maps have equal contents, which would be one map in the kernel; versions end below `VALUES_OF_A_MAP`. */
export function entriesOf(map: number, count: number, version = 0): readonly object[] {
  const first = map * VALUES_OF_A_MAP + version;
  return Array.from({ length: count }, (_, key) => ({ key, value: first + key }));
}

export function nameOf(key: number): string {
  return `map-${String(key).padStart(5, '0')}`;
}

/** Calls `work` for each number below `count`, some at once. */
export async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function innerMap(key: number, entries: number): object {
  const metadata = { name: nameOf(key), namespace: 'default' };
  const spec = { outerMap: OUTER_NAME, key, entries: entriesOf(key, entries) };
  return { apiVersion: API_VERSION, kind: 'InnerMap', metadata, spec };
}
