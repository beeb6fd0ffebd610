import type { ServerResponse } from 'node:http';
import type { NodeMapStateStatus, OuterMapState } from '../../../api/status.ts';
import type { Report } from '../../../core/report/report.ts';
import { type Cluster, openCluster } from '../../../kube/client.ts';
import { ScriptedApi } from '../../../kube/testing/api.ts';
import { SimulatedClock, until } from '../../../kube/testing/clock.ts';
import { json, type Received, refuse, ScriptedServer } from '../../../kube/testing/server.ts';
import { RestoreDetection } from '../../../kube/watch/restoredetection.ts';
import { ClusterPublisher } from '../cluster.ts';

/** A server of NodeMapStates that applies what it is sent, and the publisher of the node `here`, under simulated time. */
export class PublisherFixture {
  readonly clock = new SimulatedClock();
  readonly restoreDetection = new RestoreDetection();
  readonly states = new ScriptedApi({ apiVersion: 'innermap.io/v1alpha1', kind: 'NodeMapState' });
  readonly server = new ScriptedServer((received, response) => this.#answer(received, response));
  readonly failures: string[] = [];
  /** When each status was written, and what. */
  readonly writes: { readonly at: number; readonly status: NodeMapStateStatus }[] = [];
  /** Answers this to every write. */
  refusal: number | undefined;
  attempts = 0;
  /** What the server does not know and drops. */
  drops: string | undefined;
  publisher!: ClusterPublisher;
  #cluster!: Cluster;
  #again: (() => void) | undefined;

  constructor() {
    // As an agent does, whose next turn reads anew
    this.restoreDetection.onCertain(() => this.#again?.());
  }

  async start(): Promise<this> {
    if (this.server.requests.length === 0) await this.server.listen();
    this.#cluster = openCluster({
      kubeconfig: this.server.kubeconfig(),
      userAgent: 'innermap/test',
      clock: this.clock,
    });
    this.publisher = new ClusterPublisher({
      cluster: this.#cluster,
      node: 'here',
      clock: this.clock,
      relistJitterMs: 0,
      restoreDetection: this.restoreDetection,
      failed: (_, error) => this.failures.push(error.message),
    });
    await until('watching', () => this.states.watching === 1);
    return this;
  }

  /** The agent ends, and another one starts on the same server. */
  async restart(): Promise<void> {
    await this.#end();
    await this.start();
  }

  publish(state: Partial<NodeMapStateStatus>, awaited: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#again = () => void this.publish(state, awaited);
    const { epoch } = this.restoreDetection;
    const report = { epoch, state: { ...STATE, ...state }, awaited: new Map(Object.entries(awaited)) };
    return this.publisher.publish(report as unknown as Report);
  }

  async stop(): Promise<void> {
    await this.#end();
    await this.server.close();
  }

  async #end(): Promise<void> {
    const closing = this.publisher?.close();
    await this.clock.run(3_000);
    await closing;
    await this.#cluster?.close();
  }

  #answer(received: Received, response: ServerResponse): void {
    if (received.method === 'GET') this.states.handle(received, response);
    else this.#apply(received, response);
  }

  #apply({ path, body }: Received, response: ServerResponse): void {
    this.attempts++;
    const { metadata, status } = JSON.parse(body) as { metadata: object; status?: NodeMapStateStatus };
    const known = this.states.objects.get('here');
    if (this.refusal !== undefined) refuse(response, this.refusal, 'Scripted');
    else if (!path.endsWith('/status')) json(response, 200, this.#put(metadata, known?.['status']));
    else if (known === undefined) refuse(response, 404, 'NotFound');
    else {
      this.writes.push({ at: this.clock.now(), status: status! });
      const { name: _, uid: __, generation: ___, resourceVersion: ____, ...kept } = known.metadata;
      json(response, 200, this.#put(kept, status));
    }
  }

  #put(metadata: object, status: unknown) {
    const kept = Object.entries((status ?? {}) as object).filter(([field]) => field !== this.drops);
    return this.states.put('here', { metadata, generation: 1, status: Object.fromEntries(kept) });
  }
}

export function tenants(fields: Partial<OuterMapState> = {}): OuterMapState {
  return {
    name: 'tenants',
    uid: 'u',
    generation: 1,
    innerMaps: 1,
    entries: 1,
    bytes: 8,
    failuresTotal: 0,
    programmedResourceVersion: '100',
    ...fields,
  };
}

export const STATE: NodeMapStateStatus = {
  node: { name: 'here', uid: 'node-uid', bootID: 'boot', labelsHash: 'hash' },
  totals: { innerMaps: 1, failures: 0 },
  outerMaps: [tenants()],
  failures: [],
  kernel: { release: '6.18', outerBatch: 'once', gracePeriodMs: 8, features: { replaceVisible: true } },
  drift: { lastCheck: '2026-01-01T00:00:00Z', found: 0, repaired: 0 },
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Programmed',
      message: 'The kernel holds what is declared',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
};
