import type { Clock } from '../timing/clock.ts';
import { Caller, type Sized } from './client/caller.ts';
import type { ConfigOptions } from './client/config.ts';
import type { CallCount } from './client/counts.ts';
import type { KubeObject, Query, ResourceRef } from './client/resource.ts';

export type { CallCount } from './client/counts.ts';
export { ApiError } from './client/error.ts';
export type { KubeMetadata, KubeObject, Query, Resource, ResourceRef } from './client/resource.ts';

export interface ClusterOptions extends ConfigOptions {
  readonly userAgent: string;
  /** Calls, and so connections, at once; watches do not count. Default 8. */
  readonly concurrency?: number;
  readonly clock?: Clock;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For one attempt; default 30 s. */
  readonly timeoutMs?: number;
  /** Default 5. */
  readonly attempts?: number;
  /** Waits neither for a free connection nor for a server that is down: for leases only. */
  readonly urgent?: boolean;
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Takes fields that others manage. */
  readonly force?: boolean;
  /** Validates, admission included, and writes nothing; unknown fields are refused. */
  readonly dryRun?: boolean;
}

export interface ListPage {
  readonly resourceVersion: string;
  readonly items: readonly KubeObject[];
  readonly kind: string;
  readonly apiVersion: string;
  /** The length of its JSON. */
  readonly length: number;
  /** Token of the next page. */
  readonly continue?: string;
}

/** The API of a cluster: plain JSON over few connections, with retries and a circuit breaker. */
export interface Cluster {
  readonly server: string;
  /** That of the context; in a pod, that of the pod. */
  readonly namespace: string | undefined;
  get<T extends KubeObject>(ref: ResourceRef, options?: CallOptions): Promise<T>;
  page(ref: ResourceRef, query: Query, options?: CallOptions): Promise<ListPage>;
  create<T extends KubeObject>(ref: ResourceRef, object: object, options?: CallOptions): Promise<T>;
  /** PUT: fails with Conflict when the object has another resourceVersion meanwhile. */
  replace<T extends KubeObject>(ref: ResourceRef, object: object, options?: CallOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject>(ref: ResourceRef, object: object, options: ApplyOptions): Promise<T>;
  /** JSON merge patch. */
  patch<T extends KubeObject>(ref: ResourceRef, patch: object, options?: CallOptions): Promise<T>;
  /** With `uid`, deletes only that very object. NotFound is no error. */
  delete(ref: ResourceRef, options?: CallOptions & { readonly uid?: string }): Promise<void>;
  /** The bytes of a watch that the server has accepted. */
  watch(ref: ResourceRef, query: Query, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Every request sent, by verb and code. */
  calls(): readonly CallCount[];
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** Throws, with what to do, when there is no usable configuration; sends nothing yet. */
export function openCluster(options: ClusterOptions): Cluster {
  const caller = new Caller(options);
  return {
    server: caller.server,
    namespace: caller.namespace,
    get: (ref, options) => caller.json({ verb: 'get', ref }, options),
    page: async (ref, query, options) =>
      pageOf(await caller.sized<RawList>({ verb: 'list', ref, query }, options)),
    create: (ref, body, options) =>
      caller.json({ verb: 'create', ref: { ...ref, name: undefined }, body }, options),
    replace: (ref, body, options) => caller.json({ verb: 'update', ref, body }, options),
    apply: (ref, body, options) =>
      caller.json({ verb: 'apply', ref, query: applyQuery(options), body }, options),
    patch: (ref, body, options) => caller.json({ verb: 'patch', ref, body }, options),
    delete: (ref, options) => caller.json({ verb: 'delete', ref, body: deleteOptions(options) }, options),
    watch: (ref, query, signal) =>
      caller.stream({ verb: 'watch', ref, query: { ...query, watch: true } }, signal),
    calls: () => caller.counts.all(),
    close: () => caller.close(),
  };
}

function applyQuery({ fieldManager, force, dryRun }: ApplyOptions): Query {
  const validation = dryRun === true ? { dryRun: 'All', fieldValidation: 'Strict' } : {};
  return { fieldManager, force: force === true ? true : undefined, ...validation };
}

interface RawList {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubeObject[] | null;
}

/** The items of a list do not carry their kind: the page does. */
function pageOf({ value: list, length }: Sized<RawList>): ListPage {
  const version = list.metadata?.resourceVersion;
  if (version === undefined || (list.items !== null && !Array.isArray(list.items)))
    throw new Error('Cannot read a list: the answer has no items or no resourceVersion');
  const next = list.metadata?.continue;
  return {
    resourceVersion: version,
    length,
    items: list.items ?? [],
    kind: (list.kind ?? '').replace(/List$/, ''),
    apiVersion: list.apiVersion ?? '',
    ...(next ? { continue: next } : {}),
  };
}

function deleteOptions(options: { readonly uid?: string } = {}) {
  const preconditions = options.uid === undefined ? undefined : { uid: options.uid };
  return { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
}
