import type { ClusterAddress, Listed } from '../cli/cluster/ports.ts';
import type { Progressed } from '../cli/command.ts';
import {
  ApiError,
  type Cluster,
  type KubeObject,
  openCluster,
  type Query,
  type ResourceRef,
} from '../kube/client.ts';
import { notReadyFor } from '../kube/readiness.ts';
import { readPages } from '../kube/watch/pages.ts';

/** Opens the cluster, and closes it whatever becomes of `use`. */
export async function withCluster<T>(
  address: ClusterAddress,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = openCluster({
    kubeconfig: address.kubeconfig ?? address.files,
    ...(address.context === undefined ? {} : { context: address.context }),
    userAgent: 'innermap',
  });
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}

export interface ListRequest<T> {
  readonly ref: ResourceRef;
  readonly query?: Query;
  /** What is kept of an object: the whole of 10,000 is never in memory. Nothing: it is passed over. */
  readonly keep: (object: KubeObject) => T | undefined;
  readonly seen?: () => void;
}

/** All objects of a place. What nobody may read is told as a value; any other failure is thrown. */
export async function listed<T>(cluster: Cluster, reading: ListRequest<T>): Promise<Listed<T>> {
  try {
    return { kind: 'read', items: await all(cluster, reading) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403)
      return { kind: 'forbidden', message: error.message };
    throw error;
  }
}

/** The same where it must be read. */
export async function all<T>(
  cluster: Cluster,
  { ref, query = {}, keep, seen }: ListRequest<T>,
): Promise<readonly T[]> {
  const items: T[] = [];
  const { signal } = new AbortController();
  await readPages({ cluster, ref, query, signal }, object => {
    const kept = keep(object);
    if (kept !== undefined) items.push(kept);
    seen?.();
  });
  return items;
}

/** Objects read so far, of nobody knows how many. */
export function counting(progress: Progressed): () => void {
  let read = 0;
  return () => {
    read++;
    if (read % 100 === 0) progress(read, 0);
  };
}

/** For how long a Node or Pod has not been Ready. */
export function readinessOf(object: KubeObject): { readonly notReadyFor?: number } {
  const milliseconds = notReadyFor(object, Date.now());
  return milliseconds === undefined ? {} : { notReadyFor: milliseconds };
}
