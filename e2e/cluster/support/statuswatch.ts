import {
  type Cluster,
  type KubeObject,
  openCluster,
  type ResourceRef,
} from '../../../operator/kube/client.ts';
import { LineSplitter } from '../../../operator/kube/watch/lines.ts';
import type { ControlPlane } from '../plane/controlplane.ts';
import { condition, type ObjectStatus } from './objectstatus.ts';

const OURS = { group: 'innermap.io', version: 'v1alpha1' };

/** An object at one moment of the server's history. */
export interface Seen {
  readonly name: string;
  readonly generation: number;
  readonly resourceVersion: string;
  /** Its Ready is True, for this very generation. */
  readonly isReady: boolean;
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

/** Sees every write of a kind's objects, one after the other, and tells each as it comes. */
export class StatusWatch {
  /** By name of the object: as it was at first, then each write. */
  readonly seen = new Map<string, Seen[]>();
  readonly #cluster: Cluster;
  readonly #ending = new AbortController();
  readonly #onSeen: (seen: Seen) => void;
  #reading: Promise<void> = Promise.resolve();

  private constructor(cluster: Cluster, onSeen: (seen: Seen) => void) {
    this.#cluster = cluster;
    this.#onSeen = onSeen;
  }

  /** Everything from now on is seen. */
  static async open(
    { kubeconfig }: Pick<ControlPlane, 'kubeconfig'>,
    plural: 'innermaps' | 'outermaps',
    onSeen: (seen: Seen) => void = () => {},
  ): Promise<StatusWatch> {
    const cluster = openCluster({ kubeconfig, userAgent: 'innermap/test' });
    const watch = new StatusWatch(cluster, onSeen);
    const place = { resource: { ...OURS, plural } };
    const { items, resourceVersion } = await cluster.page(place, { limit: 5000 });
    for (const item of items) watch.#take(item);
    watch.#reading = watch.#read(place, resourceVersion);
    return watch;
  }

  /** What has been written of an object since. */
  writesOf(name: string): readonly Seen[] {
    return (this.seen.get(name) ?? []).slice(1);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#reading;
    await this.#cluster.close();
  }

  async #read(place: ResourceRef, resourceVersion: string): Promise<void> {
    const { signal } = this.#ending;
    const lines = new LineSplitter();
    try {
      for await (const chunk of await this.#cluster.watch(place, { resourceVersion }, signal))
        for (const line of lines.push(chunk)) {
          const { type, object } = JSON.parse(Buffer.from(line).toString()) as WatchLine;
          if (type === 'ADDED' || type === 'MODIFIED') this.#tell(object);
        }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #tell(object: KubeObject): void {
    this.#onSeen(this.#take(object));
  }

  #take(object: KubeObject): Seen {
    const seen = seenOf(object);
    const all = this.seen.get(seen.name);
    if (all === undefined) this.seen.set(seen.name, [seen]);
    else all.push(seen);
    return seen;
  }
}

interface WatchLine {
  readonly type: string;
  readonly object: KubeObject;
}

function seenOf({ metadata, status }: KubeObject): Seen {
  const ready = status === undefined ? undefined : condition(status as ObjectStatus, 'Ready');
  const generation = metadata.generation ?? 0;
  return {
    name: metadata.name,
    generation,
    resourceVersion: metadata.resourceVersion ?? '',
    isReady: ready?.status === 'True' && ready.observedGeneration === generation,
    reason: ready?.reason,
    message: ready?.message,
  };
}
