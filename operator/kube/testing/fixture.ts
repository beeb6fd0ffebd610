import { type Cluster, type KubeObject, openCluster } from '../client.ts';
import { Reflector, type ReflectorOptions, type StreamFailure } from '../reflector.ts';
import { INNER_MAPS } from '../resources.ts';
import { Store } from '../store.ts';
import { ScriptedApi } from './api.ts';
import { SimulatedClock, until } from './clock.ts';
import { type Handler, ScriptedServer } from './server.ts';

/** A server, a client and a reflector that fills a store, under simulated time. */
export class ReflectorFixture {
  readonly clock = new SimulatedClock();
  readonly api = new ScriptedApi();
  readonly server: ScriptedServer;
  readonly store = new Store<string>();
  readonly failures: StreamFailure[] = [];
  readonly transformed: string[] = [];
  cluster!: Cluster;
  reflector!: Reflector<string>;

  constructor(handler?: Handler) {
    this.server = new ScriptedServer(handler ?? this.api.handle);
  }

  async start(options: Partial<ReflectorOptions<string>> = {}): Promise<this> {
    await this.server.listen();
    const kubeconfig = this.server.kubeconfig();
    this.cluster = openCluster({ kubeconfig, userAgent: 'innermap/test', clock: this.clock });
    this.reflector = new Reflector<string>({
      cluster: this.cluster,
      ref: { resource: INNER_MAPS },
      consumer: this.store,
      transform: object => this.#transformed(object),
      failed: failure => this.failures.push(failure),
      clock: this.clock,
      ...options,
    });
    this.reflector.start();
    return this;
  }

  /** Started and synced. */
  async synced(options: Partial<ReflectorOptions<string>> = {}): Promise<this> {
    await this.start(options);
    await until('synced', () => this.reflector.hasSynced);
    return this;
  }

  /** Synced with two objects, and the watch is open. */
  async watchingTwo(options: Partial<ReflectorOptions<string>> = {}): Promise<this> {
    this.api.put('a');
    this.api.put('b');
    await this.synced(options);
    await until('watching', () => this.api.watching === 1);
    return this;
  }

  /** Whether the store is what the server has. */
  get same(): boolean {
    const there = [...this.api.objects.values()].map(contentOf).sort();
    const here = [...this.store.snapshot().values()].sort();
    return JSON.stringify(there) === JSON.stringify(here);
  }

  get watches(): number {
    return this.server.requests.filter(({ query }) => query.get('watch') === 'true').length;
  }

  async stop(): Promise<void> {
    await this.reflector?.stop();
    await this.cluster?.close();
    await this.server.close();
  }

  #transformed(object: KubeObject): string {
    this.transformed.push(object.metadata.name);
    return contentOf(object);
  }
}

/** Differs for different contents, also of an object that was made again. */
export function contentOf({ metadata, spec }: KubeObject): string {
  return `${metadata.name} ${metadata.uid} ${metadata.generation} ${JSON.stringify(spec)}`;
}
