import type { Failure, OuterMapState } from '../../../operator/api/status.ts';
import { labelsHash } from '../../../operator/core/report/nodereport.ts';
import type { Cluster, KubeObject, ResourceRef } from '../../../operator/kube/client.ts';

const V1 = { group: '', version: 'v1' };
const OURS = { group: 'innermap.io', version: 'v1alpha1' };

export const NAMESPACE = 'innermap-system';
export const AGENTS = 'app=innermap-agent';
export const INNER_MAPS: ResourceRef = { resource: { ...OURS, plural: 'innermaps' } };
export const OUTER_MAPS: ResourceRef = { resource: { ...OURS, plural: 'outermaps' } };

export interface NodeReport {
  readonly failures?: readonly Failure[];
  readonly failuresTotal?: number;
  readonly heldRemoval?: OuterMapState['heldRemoval'];
  /** Absent: everything up to now. */
  readonly watermark?: string;
}

/** Nodes with agents that say what a test tells them to, through the real API. */
export class Fleet {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** A Node that is Ready, with an agent's Pod that is Ready too. */
  async join(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#put(
      { resource: { ...V1, plural: 'nodes' }, name },
      { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
      { conditions: [READY], nodeInfo: { bootID: `boot-${name}` } },
    );
    const metadata = { name: `agent-${name}`, namespace: NAMESPACE, labels: { app: 'innermap-agent' } };
    const spec = { nodeName: name, containers: [{ name: 'agent', image: 'innermap' }] };
    await this.#put(
      { resource: { ...V1, plural: 'pods' }, namespace: NAMESPACE, name: metadata.name },
      { apiVersion: 'v1', kind: 'Pod', metadata, spec },
      { conditions: [READY] },
    );
  }

  /** The nodes' kernels hold all that is declared, but for what is reported. */
  async report(outer: string, nodes: readonly string[], report: NodeReport = {}): Promise<void> {
    const outerMap = await this.#cluster.get<KubeObject>({ ...OUTER_MAPS, name: outer });
    const { resourceVersion } = await this.#cluster.page(INNER_MAPS, { limit: 1 });
    const entry: OuterMapState = {
      name: outer,
      uid: outerMap.metadata.uid!,
      generation: outerMap.metadata.generation!,
      ...{ innerMaps: 1, entries: 1, bytes: 8 },
      failuresTotal: report.failuresTotal ?? report.failures?.length ?? 0,
      programmedResourceVersion: report.watermark ?? resourceVersion,
      ...(report.heldRemoval === undefined ? {} : { heldRemoval: report.heldRemoval }),
    };
    await Promise.all(nodes.map(node => this.#report(node, entry, report.failures ?? [])));
  }

  async #report(name: string, entry: OuterMapState, failures: readonly Failure[]): Promise<void> {
    const node = await this.#cluster.get<KubeObject>({ resource: { ...V1, plural: 'nodes' }, name });
    const identity = {
      ...{ name, uid: node.metadata.uid, bootID: `boot-${name}` },
      labelsHash: labelsHash(node.metadata.labels ?? {}),
    };
    await this.#put(
      { resource: { ...OURS, plural: 'nodemapstates' }, name },
      { apiVersion: 'innermap.io/v1alpha1', kind: 'NodeMapState', metadata: { name } },
      { node: identity, outerMaps: [entry], failures },
    );
  }

  async #put(place: ResourceRef, object: object, status: object): Promise<void> {
    const options = { fieldManager: 'fleet', force: true };
    await this.#cluster.apply(place, object, options);
    await this.#cluster.patch({ ...place, subresource: 'status' }, { status });
  }

  /** Another set of labels than the node's agent has decided with. */
  async label(name: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#cluster.patch({ resource: { ...V1, plural: 'nodes' }, name }, { metadata: { labels } });
  }
}

const READY = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
