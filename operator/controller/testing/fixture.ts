import type { Failure } from '../../api/status.ts';
import { labelsHash } from '../../core/report/nodereport.ts';
import type { KubeObject } from '../../kube/client.ts';
import { SimulatedClock } from '../../kube/testing/clock.ts';
import { Controller, type ControllerOptions } from '../run.ts';
import { SimulatedCluster } from './cluster.ts';

const API = 'innermap.io/v1alpha1';
const READY = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };

/** Objects of a cluster, for specs and the benchmark. */
export const OBJECTS = {
  node: (name: string, labels: Readonly<Record<string, string>> = {}): KubeObject => ({
    metadata: { name, labels },
    status: { conditions: [READY], nodeInfo: { bootID: `boot-${name}` } },
  }),
  pod: (node: string): KubeObject => ({
    metadata: { name: `agent-${node}`, namespace: 'innermap-system' },
    spec: { nodeName: node },
    status: { conditions: [READY] },
  }),
  outerMap: (name: string, spec: object = {}): KubeObject => ({
    ...{ apiVersion: API, kind: 'OuterMap', metadata: { name } },
    spec: {
      ...{ type: 'HashOfMaps', maxEntries: 65_536, key: 'u32' },
      inner: { type: 'Hash', maxEntries: 1024, key: 'u32', value: 'u32' },
      access: [{ namespaces: ['*'] }],
      ...spec,
    },
  }),
  innerMap: (name: string, spec: object = {}): KubeObject => ({
    ...{ apiVersion: API, kind: 'InnerMap', metadata: { name, namespace: 'team' } },
    spec: { outerMap: 'tenants', key: 1, ...spec },
  }),
};

export interface Reported {
  readonly failures?: readonly Failure[];
  readonly watermark?: number;
  readonly selectorLabels?: readonly string[];
}

/** The NodeMapState that a node's agent writes. */
export function stateOf(cluster: SimulatedCluster, node: string, reported: Reported = {}): KubeObject {
  const { failures = [], selectorLabels = [], watermark = cluster.version } = reported;
  const { metadata } = cluster.find('nodes', node) ?? OBJECTS.node(node);
  const outer = cluster.find('outermaps', 'tenants')?.metadata;
  const entry = {
    ...{ name: 'tenants', uid: outer?.uid, generation: outer?.generation },
    ...{ innerMaps: 1, entries: 1, bytes: 8, failuresTotal: failures.length },
    programmedResourceVersion: String(watermark),
  };
  const hash = labelsHash(metadata.labels ?? {});
  return {
    metadata: { name: node },
    status: {
      node: { name: node, uid: metadata.uid, bootID: `boot-${node}`, labelsHash: hash, selectorLabels },
      outerMaps: [entry],
      failures,
      conditions: [],
    },
  };
}

/** A controller on a simulated cluster under simulated time. */
export class ControllerFixture {
  readonly clock = new SimulatedClock();
  readonly cluster = new SimulatedCluster();
  readonly warnings: string[] = [];
  readonly codes: string[] = [];
  controller!: Controller;
  #stop = new AbortController();
  #done: Promise<'stopped' | 'lost'> | undefined;

  nodes(...names: readonly string[]): this {
    for (const name of names) {
      this.cluster.put('nodes', OBJECTS.node(name));
      this.cluster.put('pods', OBJECTS.pod(name));
    }
    return this;
  }

  outer(spec: object = {}): this {
    this.cluster.put('outermaps', OBJECTS.outerMap('tenants', spec));
    return this;
  }

  inner(name: string, spec: object = {}): this {
    this.cluster.put('innermaps', OBJECTS.innerMap(name, spec));
    return this;
  }

  report(...names: readonly string[]): this {
    for (const name of names) this.cluster.put('nodemapstates', stateOf(this.cluster, name));
    return this;
  }

  async start(options: Partial<ControllerOptions> = {}): Promise<this> {
    this.#stop = new AbortController();
    const note = (message: string, fields?: object) => {
      this.warnings.push(`${message} ${JSON.stringify(fields ?? {})}`);
    };
    this.controller = new Controller({
      ...{ cluster: this.cluster, clock: this.clock, namespace: 'innermap-system', agentSelector: '' },
      ...{ identity: 'a', leaderElection: false, relistJitterMs: 0 },
      log: { error: note, warn: note, info: () => {} },
      observer: { wrote: (kind, code) => this.codes.push(`${kind} ${code}`), folded: () => {} },
      ...options,
    });
    this.#done = this.controller.run(this.#stop.signal);
    await this.clock.run(1_500);
    return this;
  }

  async stop(): Promise<'stopped' | 'lost' | undefined> {
    this.#stop.abort();
    await this.clock.run(2_500);
    return await this.#done;
  }

  /** Number of status writes since the last call. */
  writes(plural = 'innermaps'): number {
    const count = this.cluster.patches.filter(patched => patched.plural === plural).length;
    this.cluster.patches.length = 0;
    return count;
  }

  /** `True Programmed` */
  ready(plural: string, key: string): string {
    return this.condition(plural, key, 'Ready');
  }

  condition(plural: string, key: string, wanted: string): string {
    const status = this.cluster.find(plural, key)?.['status'] as
      | { readonly conditions?: readonly { type: string; status: string; reason: string }[] }
      | undefined;
    const found = status?.conditions?.find(({ type }) => type === wanted);
    return found === undefined ? 'none' : `${found.status} ${found.reason}`;
  }
}
