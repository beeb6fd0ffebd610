import { type Clock, REAL_CLOCK } from '../timing/clock.ts';
import { Caller, type Sized } from './client/caller.ts';
import type { CallCount } from './client/counts.ts';
import type { KubeObject, Query, ResourceRef } from './client/resource.ts';

export type { CallCount } from './client/counts.ts';
export { ApiError } from './client/error.ts';
export type { KubeMetadata, KubeObject, Query, Resource, ResourceRef } from './client/resource.ts';

export interface ClusterOptions {
  /** A file, or several as KUBECONFIG lists them. Absent: the service account of the pod this runs in. */
  readonly kubeconfig?: string | readonly string[];
  readonly context?: string;
  readonly userAgent: string;
  /** Calls under way at once, watches aside: as many connections. Default 8. */
  readonly concurrency?: number;
  /** In front of /var/run/secrets in a pod. */
  readonly root?: string;
  readonly clock?: Clock;
}

/** What a single call may want otherwise. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Of one attempt; default 30 s. */
  readonly timeoutMs?: number;
  /** Default 5. */
  readonly attempts?: number;
  /** Goes at once, also while other calls wait for a server that is down: for leases alone. */
  readonly urgent?: boolean;
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Take fields that others manage. */
  readonly force?: boolean;
  readonly subresource?: 'status';
  /** Judge, by admission too, and write nothing; unknown fields are refused. */
  readonly dryRun?: boolean;
}

export interface ListPage {
  readonly resourceVersion: string;
  readonly items: readonly KubeObject[];
  readonly kind: string;
  readonly apiVersion: string;
  /** Of its JSON. */
  readonly length: number;
  /** Of the next page. */
  readonly continue?: string;
}

/** A cluster's API: JSON as it is, over few connections, patient with a server that is not well. */
export interface Cluster {
  readonly server: string;
  /** The context's, in a pod the pod's. */
  readonly namespace: string | undefined;
  get<T extends KubeObject>(ref: ResourceRef, options?: CallOptions): Promise<T>;
  /** All pages as one. */
  list<T extends KubeObject>(ref: ResourceRef, query?: Query, options?: CallOptions): Promise<readonly T[]>;
  page(ref: ResourceRef, query: Query, options?: CallOptions): Promise<ListPage>;
  create<T extends KubeObject>(ref: ResourceRef, object: object, options?: CallOptions): Promise<T>;
  /** PUT: fails with Conflict when the object has another resourceVersion by now. */
  replace<T extends KubeObject>(ref: ResourceRef, object: object, options?: CallOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject>(ref: ResourceRef, object: object, options: ApplyOptions): Promise<T>;
  /** JSON merge patch. */
  patch<T extends KubeObject>(ref: ResourceRef, patch: object, options?: CallOptions): Promise<T>;
  /** Of the very object where `uid` is given; one that is gone already is no error. */
  delete(ref: ResourceRef, options?: CallOptions & { readonly uid?: string }): Promise<void>;
  /** The bytes of a watch, when the server has answered that there is one. */
  watch(ref: ResourceRef, query: Query, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Every request sent, by verb and code. */
  calls(): readonly CallCount[];
  /** Ends what is under way. */
  close(): Promise<void>;
}

const PAGE = 250;

/** Throws, with what to do, when there is no usable configuration; calls nobody yet. */
export function openCluster(options: ClusterOptions): Cluster {
  const caller = new Caller({ ...options, clock: options.clock ?? REAL_CLOCK });
  const cluster: Cluster = {
    server: caller.server,
    namespace: caller.namespace,
    get: (ref, options) => caller.json({ verb: 'get', ref }, options),
    list: (ref, query, options) => listAll(cluster, { ref, query: query ?? {} }, options),
    page: async (ref, query, options) =>
      pageOf(await caller.sized<RawList>({ verb: 'list', ref, query }, options)),
    create: (ref, body, options) =>
      caller.json({ verb: 'create', ref: { ...ref, name: undefined }, body }, options),
    replace: (ref, body, options) => caller.json({ verb: 'update', ref, body }, options),
    apply: (ref, body, options) =>
      caller.json(
        { verb: 'apply', ref: at(ref, options.subresource), query: applyQuery(options), body },
        options,
      ),
    patch: (ref, body, options) => caller.json({ verb: 'patch', ref, body }, options),
    delete: (ref, options) => remove(caller, ref, options),
    watch: (ref, query, signal) =>
      caller.stream({ verb: 'watch', ref, query: { ...query, watch: true } }, signal),
    calls: () => caller.counts.all(),
    close: () => caller.close(),
  };
  return cluster;
}

function at(ref: ResourceRef, subresource: 'status' | undefined): ResourceRef {
  return subresource === undefined ? ref : { ...ref, subresource };
}

function applyQuery({ fieldManager, force, dryRun }: ApplyOptions): Query {
  const judged = dryRun === true ? { dryRun: 'All', fieldValidation: 'Strict' } : {};
  return { fieldManager, force: force === true ? true : undefined, ...judged };
}

interface RawList {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubeObject[] | null;
}

/** Items of a list do not carry their kind: readers expect it. */
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
    ...(next === undefined || next === '' ? {} : { continue: next }),
  };
}

async function listAll<T extends KubeObject>(
  cluster: Cluster,
  { ref, query }: { ref: ResourceRef; query: Query },
  options?: CallOptions,
): Promise<readonly T[]> {
  const items: KubeObject[] = [];
  let next: string | undefined;
  do {
    const page = await cluster.page(ref, { limit: PAGE, ...query, continue: next }, options);
    for (const item of page.items) items.push({ apiVersion: page.apiVersion, kind: page.kind, ...item });
    next = page.continue;
  } while (next !== undefined);
  return items as T[];
}

async function remove(caller: Caller, ref: ResourceRef, options?: CallOptions & { readonly uid?: string }) {
  const body = options?.uid === undefined ? {} : { preconditions: { uid: options.uid } };
  const asked = { kind: 'DeleteOptions', apiVersion: 'v1', ...body };
  await caller.json({ verb: 'delete', ref, body: asked, mayMiss: true }, options);
}
