import { objectKey } from '../../api/metadata.ts';
import type { CallOptions, Cluster, KubeObject, ListPage, Query, ResourceRef } from '../../kube/client.ts';
import { ApiError } from '../../kube/client.ts';
import { Watcher } from './watcher.ts';

interface Kind {
  readonly objects: Map<string, KubeObject>;
  readonly watchers: Set<Watcher>;
  readonly history: { readonly version: number; readonly type: string; readonly object: KubeObject }[];
}

export interface Patched {
  readonly plural: string;
  readonly key: string;
  readonly status: Readonly<Record<string, unknown>>;
}

const HISTORY = 2_000;

/** An in-process API server with the calls that the controller uses, for simulated time and thousands of nodes. */
export class SimulatedCluster implements Cluster {
  readonly server = 'simulated';
  readonly namespace = 'innermap-system';
  readonly patches: Patched[] = [];
  readonly events: Readonly<Record<string, unknown>>[] = [];
  version = 100;
  /** Returns the error of a patch that must fail. */
  refusal: ((ref: ResourceRef) => ApiError | undefined) | undefined;
  /** Called after each status write. */
  patched: ((ref: ResourceRef) => void) | undefined;
  readonly #kinds = new Map<string, Kind>();
  readonly #hanging = new Map<string, Promise<void>>();

  /** Creates or updates an object. A changed spec raises the generation. */
  put(plural: string, object: KubeObject): KubeObject {
    const { objects } = this.#kind(plural);
    const key = objectKey(object.metadata);
    const before = objects.get(key);
    const isSame = JSON.stringify(before?.['spec']) === JSON.stringify(object['spec']);
    const generation = (before?.metadata.generation ?? 0) + (isSame && before !== undefined ? 0 : 1);
    const version = ++this.version;
    const uid = object.metadata.uid ?? before?.metadata.uid ?? `uid-${plural}-${key}-${version}`;
    const metadata = {
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...object.metadata,
      ...{ uid, generation, resourceVersion: String(version) },
    };
    const status = object['status'] ?? before?.['status'];
    const stored = { ...object, metadata, ...(status === undefined ? {} : { status }) };
    objects.set(key, stored);
    this.#emit(plural, before === undefined ? 'ADDED' : 'MODIFIED', stored);
    return stored;
  }

  remove(plural: string, key: string): void {
    const { objects } = this.#kind(plural);
    const before = objects.get(key);
    if (before === undefined) return;
    objects.delete(key);
    const metadata = { ...before.metadata, resourceVersion: String(++this.version) };
    this.#emit(plural, 'DELETED', { ...before, metadata });
  }

  find(plural: string, key: string): KubeObject | undefined {
    return this.#kind(plural).objects.get(key);
  }

  objects(plural: string): Iterable<KubeObject> {
    return this.#kind(plural).objects.values();
  }

  /** Restores the objects of an older version, as from a backup of etcd. */
  restore(version: number, objects: Readonly<Record<string, readonly KubeObject[]>>): void {
    this.version = version;
    for (const [plural, kind] of this.#kinds) {
      kind.objects.clear();
      kind.history.length = 0;
      for (const object of objects[plural] ?? []) kind.objects.set(objectKey(object.metadata), object);
      for (const watcher of kind.watchers) {
        watcher.push('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
        watcher.end();
      }
      kind.watchers.clear();
    }
  }

  /** Ends every watch. */
  cut(): void {
    for (const { watchers } of this.#kinds.values()) {
      for (const watcher of watchers) watcher.end();
      watchers.clear();
    }
  }

  /** Blocks watches and lists of a resource until the returned function is called. */
  hang(plural: string): () => void {
    let answer = (): void => {};
    this.#hanging.set(plural, new Promise(resolve => (answer = resolve)));
    return () => {
      this.#hanging.delete(plural);
      answer();
    };
  }

  async watch(ref: ResourceRef, query: Query, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    await this.#answering(ref, signal);
    const kind = this.#kind(ref.resource.plural);
    const watcher = new Watcher();
    if (query['sendInitialEvents'] === true) {
      for (const object of kind.objects.values()) watcher.push('ADDED', object);
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      watcher.push('BOOKMARK', { metadata: { resourceVersion: String(this.version), annotations } });
    } else
      for (const { version, type, object } of kind.history)
        if (version > Number(query['resourceVersion'])) watcher.push(type, object);
    kind.watchers.add(watcher);
    signal.addEventListener('abort', () => {
      kind.watchers.delete(watcher);
      watcher.end();
    });
    return watcher;
  }

  async page(ref: ResourceRef, query: Query, { signal }: CallOptions = {}): Promise<ListPage> {
    await this.#answering(ref, signal);
    const outer = String(query['fieldSelector'] ?? '').replace('spec.outerMap=', '');
    const items = [...this.#kind(ref.resource.plural).objects.values()].filter(
      object => outer === '' || (object['spec'] as { readonly outerMap?: string }).outerMap === outer,
    );
    const length = 1_000 * items.length;
    return { resourceVersion: String(this.version), items, kind: '', apiVersion: '', length };
  }

  async get<T extends KubeObject>(ref: ResourceRef): Promise<T> {
    return this.#must(ref) as T;
  }

  async create<T extends KubeObject>(ref: ResourceRef, object: object): Promise<T> {
    const { plural } = ref.resource;
    if (plural === 'events') this.events.push(object as Readonly<Record<string, unknown>>);
    return this.put(plural, object as KubeObject) as T;
  }

  async replace<T extends KubeObject>(ref: ResourceRef, object: object): Promise<T> {
    const stored = this.#must(ref);
    const { resourceVersion } = (object as KubeObject).metadata;
    if (resourceVersion !== stored.metadata.resourceVersion) throw refused(409, 'Conflict');
    return this.put(ref.resource.plural, object as KubeObject) as T;
  }

  async apply<T extends KubeObject>(ref: ResourceRef, object: object): Promise<T> {
    return this.put(ref.resource.plural, object as KubeObject) as T;
  }

  async patch<T extends KubeObject>(ref: ResourceRef, patch: object): Promise<T> {
    await new Promise(resume => setImmediate(resume));
    const refusal = this.refusal?.(ref);
    if (refusal !== undefined) throw refusal;
    const stored = this.#must(ref);
    const { metadata, status } = patch as Partial<KubeObject> & { readonly status: Patched['status'] };
    // The real server does not compare the uid here.
    const expected = metadata?.resourceVersion;
    if (expected !== undefined && expected !== stored.metadata.resourceVersion)
      throw refused(409, 'Conflict');
    const { plural } = ref.resource;
    // Patches of events only raise their count, which no spec reads.
    if (plural === 'events') return stored as T;
    this.patches.push({ plural, key: objectKey(stored.metadata), status });
    const updated = this.put(plural, { ...stored, status: merged(stored['status'], status) });
    this.patched?.(ref);
    return updated as T;
  }

  async delete(ref: ResourceRef): Promise<void> {
    this.remove(ref.resource.plural, keyOf(ref));
  }

  calls() {
    return [];
  }

  async close(): Promise<void> {
    for (const { watchers } of this.#kinds.values()) for (const watcher of watchers) watcher.end();
  }

  #kind(plural: string): Kind {
    let kind = this.#kinds.get(plural);
    if (kind === undefined) {
      kind = { objects: new Map(), watchers: new Set(), history: [] };
      this.#kinds.set(plural, kind);
    }
    return kind;
  }

  async #answering({ resource }: ResourceRef, signal: AbortSignal | undefined): Promise<void> {
    const answered = this.#hanging.get(resource.plural);
    if (answered === undefined) return;
    const aborted = new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve()));
    await Promise.race([answered, aborted]);
    signal?.throwIfAborted();
  }

  #must(ref: ResourceRef): KubeObject {
    const found = this.find(ref.resource.plural, keyOf(ref));
    if (found === undefined) throw refused(404, 'NotFound');
    return found;
  }

  #emit(plural: string, type: string, object: KubeObject): void {
    const { watchers, history } = this.#kind(plural);
    history.push({ version: this.version, type, object });
    if (history.length > HISTORY) history.shift();
    for (const watcher of watchers) watcher.push(type, object);
  }
}

export function refused(status: number, reason: string): ApiError {
  return new ApiError(`Cannot patch: ${status} ${reason}`, { status, reason });
}

function keyOf({ namespace, name = '' }: ResourceRef): string {
  return objectKey(namespace === undefined ? { name } : { namespace, name });
}

function merged(stored: unknown, patch: Patched['status']): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = { ...(stored as object | undefined) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (typeof value === 'object' && !Array.isArray(value))
      result[name] = merged(result[name], value as Patched['status']);
    else result[name] = value;
  }
  return result;
}
