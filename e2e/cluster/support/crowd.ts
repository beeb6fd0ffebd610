import { openCluster } from '../../../operator/kube/client.ts';
import type { ControlPlane } from '../plane/controlplane.ts';

const INNER_MAPS = { group: 'innermap.io', version: 'v1alpha1', plural: 'innermaps' };
const AT_ONCE = 16;

interface Declared {
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** Thousands of InnerMaps, declared as fast as the server takes them; the resourceVersion of the last one. */
export async function declareCrowd(
  { kubeconfig }: Pick<ControlPlane, 'kubeconfig'>,
  manifests: readonly object[],
): Promise<number> {
  let last = 0;
  const cluster = openCluster({ kubeconfig, userAgent: 'innermap/test', concurrency: AT_ONCE });
  const waiting = [...manifests];
  const declare = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { name, namespace } = (next as Declared).metadata;
      const { metadata } = await cluster.apply({ resource: INNER_MAPS, namespace, name }, next, {
        fieldManager: 'test',
        force: true,
      });
      last = Math.max(last, Number(metadata.resourceVersion));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, declare));
    return last;
  } finally {
    await cluster.close();
  }
}
