import { CountedRoom } from '../../../core/bytes/contentroom.ts';
import type { Wanted } from '../../../core/wanted.ts';
import { type Cluster, openCluster } from '../../../kube/client.ts';
import { ScriptedApi } from '../../../kube/testing/api.ts';
import { SimulatedClock, until } from '../../../kube/testing/clock.ts';
import { type Handler, refuse, ScriptedServer } from '../../../kube/testing/server.ts';
import { RestoreDetection } from '../../../kube/watch/restoredetection.ts';
import { PATIENCE_MS } from '../../../testing/patience.ts';
import { type ClusterSource, clusterSource } from '../cluster.ts';

const OURS = 'innermap.io/v1alpha1';

/** u32 → Hash of u32 → u32, for everybody. */
const OUTER = {
  type: 'HashOfMaps',
  maxEntries: 64,
  key: 'u32',
  inner: { type: 'Hash', maxEntries: 50_000, key: 'u32', value: 'u32' },
  access: [{ namespaces: ['*'] }],
};

/** A server with three kinds, and the source of the node `here`, under simulated time. */
export class ClusterSourceFixture {
  readonly clock = new SimulatedClock();
  readonly restoreDetection = new RestoreDetection();
  readonly nodes = new ScriptedApi({ apiVersion: 'v1', kind: 'Node' });
  readonly outerMaps = new ScriptedApi({ apiVersion: OURS, kind: 'OuterMap' });
  /** The InnerMaps of each outer map, which the field selector separates. */
  readonly #innerMaps = new Map<string, ScriptedApi>();
  readonly server = new ScriptedServer((received, response) => this.#answer(received, response));
  readonly failures: string[] = [];
  /** Answers 403 for these plurals. */
  readonly forbidden = new Set<string>();
  room = new CountedRoom({ left: 2 ** 30, bound: 'the memory of the test' });
  changes = 0;
  releases: readonly string[] = [];
  source!: ClusterSource;
  #cluster!: Cluster;

  inners(outerMap: string): ScriptedApi {
    const api = this.#innerMaps.get(outerMap) ?? new ScriptedApi();
    this.#innerMaps.set(outerMap, api);
    return api;
  }

  outer(name: string, spec: object = {}, fields: object = {}): this {
    this.outerMaps.put(name, { spec: { ...OUTER, ...spec }, ...fields });
    return this;
  }

  inner(name: string, outerMap: string, spec: object): this {
    this.inners(outerMap).put(name, { spec: { outerMap, ...spec } });
    return this;
  }

  node(labels: object = {}, fields: object = {}): this {
    this.nodes.put('here', { ...fields, metadata: { labels } });
    return this;
  }

  async start(): Promise<this> {
    await this.server.listen();
    const kubeconfig = this.server.kubeconfig();
    this.#cluster = openCluster({ kubeconfig, userAgent: 'innermap/test', clock: this.clock });
    this.source = clusterSource({
      cluster: this.#cluster,
      node: 'here',
      possibleCpus: 2,
      room: this.room,
      clock: this.clock,
      relistJitterMs: 0,
      restoreDetection: this.restoreDetection,
      releases: () => this.releases,
      failed: (what, { error }) => this.failures.push(`${what}: ${error.message}`),
    });
    this.source.onChange(() => this.changes++);
    return this;
  }

  /** The wanted set as soon as the condition holds. */
  async reads(what: string, so: (wanted: Wanted) => boolean): Promise<Wanted> {
    let wanted = await this.source.read();
    const end = performance.now() + PATIENCE_MS;
    for (; !so(wanted); wanted = await this.source.read()) {
      if (performance.now() > end) throw new Error(`Waited in vain until ${what}: ${told(wanted)}`);
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    return wanted;
  }

  async watching(outerMap: string): Promise<void> {
    await until(`${outerMap} is watched`, () => this.inners(outerMap).watching === 1);
  }

  async stop(): Promise<void> {
    await this.source?.close();
    await this.#cluster?.close();
    await this.server.close();
  }

  readonly #answer: Handler = (received, response) => {
    const plural = received.path.split('/').at(-1) ?? '';
    if (this.forbidden.has(plural)) refuse(response, 403, 'Forbidden');
    else this.#api(plural, received.query.get('fieldSelector') ?? '').handle(received, response);
  };

  #api(plural: string, selector: string): ScriptedApi {
    if (plural === 'nodes') return this.nodes;
    return plural === 'outermaps' ? this.outerMaps : this.inners(selector.replace('spec.outerMap=', ''));
  }
}

/** The names of all InnerMaps, in order. */
export function namesIn({ innerMaps }: Wanted): readonly string[] {
  return innerMaps.map(({ innerMap }) => innerMap.metadata.name).toSorted();
}

/** For a reader: of bytes, how many there are. */
function told(wanted: Wanted): string {
  return JSON.stringify(wanted, (_, value) =>
    value instanceof Uint8Array ? `${value.length} bytes` : (value as unknown),
  );
}
