import type { ServerResponse } from 'node:http';
import type { KubeObject } from '../client.ts';
import { json, type Received, refuse } from './server.ts';

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

interface Watcher {
  readonly response: ServerResponse;
}

export interface ScriptedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent: objects of the whole cluster. */
  readonly namespace?: string;
}

export interface Fields {
  readonly generation?: number;
  readonly spec?: unknown;
  readonly uid?: string;
  readonly status?: unknown;
  /** More of it: labels, annotations, owners. */
  readonly metadata?: object;
}

const INNER_MAP = { apiVersion: 'innermap.io/v1alpha1', kind: 'InnerMap', namespace: 'team-a' };

/** As much of an API server's storage of one kind as a watch shows of it. */
export class ScriptedApi {
  readonly #kind: ScriptedKind;
  version = 100;
  streaming = true;
  readonly objects = new Map<string, KubeObject>();
  #history: Change[] = [];
  #compacted = 0;
  readonly #watchers = new Set<Watcher>();

  constructor(kind: ScriptedKind = INNER_MAP) {
    this.#kind = kind;
  }

  put(name: string, fields: Fields = {}): KubeObject {
    const before = this.objects.get(name);
    const { apiVersion, kind, namespace } = this.#kind;
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: fields.uid ?? before?.metadata.uid ?? `uid-${name}-${this.version}`,
      generation: fields.generation ?? (before?.metadata.generation ?? 0) + 1,
      resourceVersion: String(++this.version),
      ...fields.metadata,
    };
    const object = {
      ...{ apiVersion, kind, metadata },
      spec: fields.spec ?? {},
      ...(fields.status === undefined ? {} : { status: fields.status }),
    };
    this.objects.set(name, object);
    this.#record({ version: this.version, type: before === undefined ? 'ADDED' : 'MODIFIED', object });
    return object;
  }

  delete(name: string): void {
    const before = this.objects.get(name);
    if (before === undefined) return;
    this.objects.delete(name);
    const metadata = { ...before.metadata, resourceVersion: String(++this.version) };
    this.#record({ version: this.version, type: 'DELETED', object: { ...before, metadata } });
  }

  /** Forgets how it came to what is. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.version;
  }

  /** An etcd restored from a backup: everything that came after `version` never was. */
  restore(objects: Iterable<KubeObject>, version: number): void {
    this.objects.clear();
    for (const object of objects) this.objects.set(object.metadata.name, object);
    this.version = version;
    this.#history = [];
    this.#compacted = 0;
  }

  bookmark(): void {
    for (const { response } of this.#watchers) writeBookmark(response, this.version, false);
  }

  /** Sends the bytes to all watches. */
  send(bytes: string | Uint8Array): void {
    for (const { response } of this.#watchers) response.write(bytes);
  }

  end(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  get watching(): number {
    return this.#watchers.size;
  }

  readonly handle = (received: Received, response: ServerResponse): void => {
    if (received.query.get('watch') !== 'true') this.#list(received, response);
    else if (received.query.get('sendInitialEvents') === 'true') this.#streamList(response);
    else this.#watch(Number(received.query.get('resourceVersion')), response);
  };

  #record(change: Change): void {
    this.#history.push(change);
    for (const { response } of this.#watchers) writeEvent(response, change);
  }

  #list({ query }: Received, response: ServerResponse): void {
    const limit = Number(query.get('limit') ?? 500);
    const start = Number(query.get('continue') ?? 0);
    const all = [...this.objects.values()];
    const items = all.slice(start, start + limit).map(({ metadata, spec }) => ({ metadata, spec }));
    const more = start + limit < all.length ? { continue: String(start + limit) } : {};
    json(response, 200, {
      kind: 'InnerMapList',
      apiVersion: 'innermap.io/v1alpha1',
      metadata: { resourceVersion: String(this.version), ...more },
      items,
    });
  }

  #streamList(response: ServerResponse): void {
    if (!this.streaming) {
      refuse(response, 422, 'Invalid');
      return;
    }
    this.#open(response);
    for (const object of this.objects.values()) response.write(line('ADDED', object));
    writeBookmark(response, this.version, true);
  }

  #watch(version: number, response: ServerResponse): void {
    if (version < this.#compacted) {
      refuse(response, 410, 'Expired');
      return;
    }
    this.#open(response);
    for (const change of this.#history) if (change.version > version) writeEvent(response, change);
  }

  #open(response: ServerResponse): void {
    const watcher = { response };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  }
}

export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function writeEvent(response: ServerResponse, { type, object }: Change): void {
  response.write(line(type, object));
}

export function writeBookmark(response: ServerResponse, version: number, ends: boolean): void {
  const annotations = ends ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const metadata = { resourceVersion: String(version), ...annotations };
  response.write(line('BOOKMARK', { kind: 'InnerMap', apiVersion: 'innermap.io/v1alpha1', metadata }));
}
