import { objectText } from '../api/metadata.ts';
import { present } from '../api/parse/section.ts';
import type { FilesRequest } from '../cli/cluster/ports.ts';
import type { ManifestProblem } from '../core/wanted.ts';
import { ApiError, type Cluster, type KubeObject } from '../kube/client.ts';
import { INNER_MAPS, outerMapRef } from '../kube/resources.ts';
import { type WrittenObject, writtenObjects } from './files.ts';
import { withCluster } from './reading.ts';

/** As kubectl apply --server-side: a field that kubectl set earlier and that the file drops counts as removed. */
const MANAGER = 'kubectl';
/** Requests that wait for an answer; the client sends fewer at once. */
const WAVE = 64;

/** Applies each object as a dry run: the API server checks schema, rules and admission policies. */
export async function refusedByServer({
  address,
  paths,
  namespace,
  progress,
}: FilesRequest): Promise<readonly ManifestProblem[]> {
  const objects: WrittenObject[] = [];
  for await (const object of writtenObjects(paths)) objects.push(object);
  return withCluster(address, async cluster => {
    const fallback = namespace ?? cluster.namespace ?? 'default';
    const refusals: ManifestProblem[] = [];
    // The first alone: a server that does not answer is waited for once, not by 64 requests
    for (let from = 0, size = 1; from < objects.length; from += size, size = WAVE) {
      const wave = objects.slice(from, from + size);
      const found = await Promise.all(wave.map(object => refusalOf(cluster, object, fallback)));
      refusals.push(...found.filter(refusal => refusal !== undefined));
      progress(Math.min(objects.length, from + size), objects.length);
    }
    return refusals;
  });
}

async function refusalOf(
  cluster: Cluster,
  { value, manifest: { kind }, origin, namespace }: WrittenObject,
  fallback: string,
): Promise<ManifestProblem | undefined> {
  const { metadata, status: _, ...rest } = value as unknown as KubeObject;
  const { name, labels, annotations } = metadata;
  const inner = { resource: INNER_MAPS, name, namespace: namespace ?? fallback };
  const ref = kind === 'OuterMap' ? outerMapRef(name) : inner;
  try {
    await cluster.apply(
      ref,
      // What an apply may carry: the rest of metadata is the server's own
      { ...rest, metadata: present({ name, labels, annotations }) },
      { fieldManager: MANAGER, force: true, dryRun: true, attempts: 2 },
    );
    return undefined;
  } catch (error) {
    // Without an answer, or with one about this client, the object was not judged
    if (!(error instanceof ApiError) || [0, 401, 429].includes(error.status) || error.status >= 500)
      throw error;
    const object = objectText({ kind, metadata: { ...ref, name } });
    return { origin, message: `${object}: refused by the API server: ${error.message}` };
  }
}
