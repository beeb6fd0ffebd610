import { objectText } from '../api/metadata.ts';
import type { FilesRequest } from '../cli/cluster/ports.ts';
import type { ManifestProblem } from '../core/wanted.ts';
import { ApiError, type Cluster, type KubeObject } from '../kube/client.ts';
import { INNER_MAPS, outerMapRef } from '../kube/resources.ts';
import { type WrittenObject, writtenObjects } from './files.ts';
import { withCluster } from './reading.ts';

/** As kubectl apply --server-side: fields that it set before and that a file drops are judged as gone. */
const MANAGER = 'kubectl';
/** In flight; the client sends fewer at once. */
const WAVE = 64;

/** Asks the API server to apply each object without writing it: schema, rules and admission policies answer. */
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
    // The first alone: where nobody answers, one waits for it and not sixty-four
    for (let from = 0, size = 1; from < objects.length; from += size, size = WAVE) {
      const wave = objects.slice(from, from + size);
      const answers = await Promise.all(wave.map(object => refusalOf(cluster, object, fallback)));
      for (const answer of answers) if (answer !== undefined) refusals.push(answer);
      progress(Math.min(objects.length, from + size), objects.length);
    }
    return refusals;
  });
}

async function refusalOf(
  cluster: Cluster,
  { value, kind, origin, namespace }: WrittenObject,
  fallback: string,
): Promise<ManifestProblem | undefined> {
  const { metadata, status: _, ...rest } = value as unknown as KubeObject;
  const { name } = metadata;
  const ref =
    kind === 'OuterMap'
      ? outerMapRef(name)
      : { resource: INNER_MAPS, name, namespace: namespace ?? fallback };
  try {
    await cluster.apply(
      ref,
      { ...rest, metadata: authored(metadata) },
      { fieldManager: MANAGER, force: true, dryRun: true, attempts: 2 },
    );
    return undefined;
  } catch (error) {
    // Without an answer, or with one about us, nothing was judged
    if (!(error instanceof ApiError) || [0, 401, 429].includes(error.status) || error.status >= 500)
      throw error;
    const object = objectText({ kind, metadata: { ...ref, name } });
    return { origin, message: `${object}: refused by the API server: ${error.message}` };
  }
}

/** What an apply may carry: the rest of metadata is the server's own. */
function authored({ name, labels, annotations }: KubeObject['metadata']): object {
  return {
    name,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
