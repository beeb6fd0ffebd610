import { present } from '../api/parse/section.ts';
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
import { readPages } from '../kube/watch/pages.ts';

/** Opens the cluster, and closes it after `use`, also when that fails. */
export async function withCluster<T>(
  address: ClusterAddress,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = openCluster({
    kubeconfig: address.kubeconfig ?? address.files,
    ...present({ context: address.context }),
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
  /** Returns the parts to keep of an object: 10,000 whole ones are never in memory. Undefined leaves it out. */
  readonly keep: (object: KubeObject) => T | undefined;
  readonly seen?: () => void;
}

/** All objects of a place. A list that the user may not read is a value; any other failure is thrown. */
export async function listed<T>(cluster: Cluster, reading: ListRequest<T>): Promise<Listed<T>> {
  try {
    return { kind: 'read', items: await all(cluster, reading) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403)
      return { kind: 'forbidden', message: error.message };
    throw error;
  }
}

/** The same, where a list that may not be read is an error. */
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

/** Counts the objects read so far; their total is not known. */
export function counting(progress: Progressed): () => void {
  let read = 0;
  return () => {
    read++;
    if (read % 100 === 0) progress(read, 0);
  };
}
