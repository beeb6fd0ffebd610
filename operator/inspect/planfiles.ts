import type { InnerMapManifest } from '../api/innermap.ts';
import { objectKey } from '../api/metadata.ts';
import type { OuterMap } from '../api/outermap.ts';
import type { AppliedOutcome, FilesRequest } from '../cli/cluster/ports.ts';
import { appliedChanges, type CountedInner } from '../core/compare/applied.ts';
import { ApiError, type Cluster, type KubeObject } from '../kube/client.ts';
import { NODES } from '../kube/resources.ts';
import { loadManifests } from '../source/folder/load.ts';
import { type Declared, declaredIn, encoded, layoutsOf } from './declared.ts';
import { writtenObjects } from './files.ts';
import { counting, listed, withCluster } from './reading.ts';

/** The changes that applying the files would make: reads the cluster, decides here, writes nothing. */
export async function planFiles({
  address,
  paths,
  namespace,
  progress,
}: FilesRequest): Promise<AppliedOutcome> {
  const { wanted } = await loadManifests(paths, { progress });
  return withCluster(address, async cluster => {
    const files = await filesOf(paths, namespace ?? cluster.namespace ?? 'default');
    const { declared, notes } = await concernedBy(cluster, files, counting(progress));
    const nodes = await listed(cluster, {
      ref: { resource: NODES },
      keep: ({ metadata: { labels = {} } }) => labels,
    });
    const layouts = layoutsOf([...declared.outerMaps, ...files.outerMaps.map(({ outerMap }) => outerMap)]);
    const innerMaps = files.innerMaps.map(
      ({ manifest, origin }): CountedInner => ({ ...encoded(manifest, layouts), origin }),
    );
    const applied = appliedChanges({
      cluster: declared,
      files: { outerMaps: files.outerMaps, innerMaps },
      nodes: nodes.kind === 'read' ? nodes.items : [{}],
      now: new Date().toISOString(),
    });
    return {
      ...applied,
      refusals: [...wanted.refusals, ...declared.refusals],
      notes: nodes.kind === 'read' ? notes : [...notes, nodes.message],
    };
  });
}

interface Files {
  readonly outerMaps: { readonly outerMap: OuterMap; readonly origin: string }[];
  readonly innerMaps: { readonly manifest: InnerMapManifest; readonly origin: string }[];
}

/** The objects of the files; InnerMaps without a namespace get the one that kubectl would give them. */
async function filesOf(paths: readonly string[], fallback: string): Promise<Files> {
  const files: Files = { outerMaps: [], innerMaps: [] };
  for await (const { origin, manifest, namespace = fallback } of writtenObjects(paths)) {
    if (manifest.kind === 'OuterMap') files.outerMaps.push({ outerMap: manifest.outerMap, origin });
    else files.innerMaps.push({ manifest: within(manifest.manifest, namespace), origin });
  }
  return files;
}

function within({ innerMap, content }: InnerMapManifest, namespace: string): InnerMapManifest {
  return { innerMap: { ...innerMap, metadata: { ...innerMap.metadata, namespace } }, content };
}

/** The objects of the files as they are now, and every InnerMap that may conflict with them. */
async function concernedBy(
  cluster: Cluster,
  { outerMaps, innerMaps }: Files,
  seen: () => void,
): Promise<{ readonly declared: Declared; readonly notes: readonly string[] }> {
  const outers = new Set<unknown>([
    ...outerMaps.map(({ outerMap }) => outerMap.metadata.name),
    ...innerMaps.map(({ manifest }) => manifest.innerMap.spec.outerMap),
  ]);
  const names = innerMaps.map(({ manifest }) => manifest.innerMap.metadata);
  const own = new Set(names.map(objectKey));
  const concerns = (object: KubeObject) =>
    outers.has((object['spec'] as { readonly outerMap?: unknown }).outerMap) ||
    own.has(objectKey(object.metadata));
  try {
    return { declared: await declaredIn(cluster, { concerns, seen }), notes: [] };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const namespaces = [...new Set(names.map(({ namespace }) => namespace))];
    const declared = await declaredIn(cluster, { concerns, seen, namespaces });
    return { declared, notes: [`Conflicts with other namespaces are not seen: ${error.message}`] };
  }
}
