import type { InnerMapManifest } from '../api/innermap.ts';
import type { OuterMap } from '../api/outermap.ts';
import { parseManifest } from '../api/parse/manifest.ts';
import type { AppliedOutcome, FilesRequest } from '../cli/cluster/ports.ts';
import { appliedChanges, type CountedInner } from '../core/compare/applied.ts';
import { ApiError, type Cluster } from '../kube/client.ts';
import { NODES } from '../kube/resources.ts';
import { loadManifests } from '../source/folder/load.ts';
import { type Declared, type DeclaredRequest, declaredIn, encoded, layoutsOf } from './declared.ts';
import { nodeFacts } from './facts.ts';
import { writtenObjects } from './files.ts';
import { counting, listed, withCluster } from './reading.ts';

/** What applying the files would change: reads the cluster, judges here, writes nothing. */
export async function planFiles({
  address,
  paths,
  namespace,
  progress,
}: FilesRequest): Promise<AppliedOutcome> {
  const { wanted } = await loadManifests(paths, { progress });
  return withCluster(address, async cluster => {
    const files = await filesOf(paths, namespace ?? cluster.namespace ?? 'default');
    const { declared, note } = await concernedBy(cluster, files, counting(progress));
    const nodes = await listed(cluster, { ref: { resource: NODES }, keep: nodeFacts });
    const layouts = layoutsOf([...declared.outerMaps, ...files.outerMaps.map(({ outerMap }) => outerMap)]);
    const innerMaps = files.innerMaps.map(
      ({ manifest, origin }): CountedInner => ({ ...encoded(manifest, layouts), origin }),
    );
    const applied = appliedChanges({
      cluster: declared,
      files: { outerMaps: files.outerMaps, innerMaps },
      nodes: nodes.kind === 'read' ? nodes.items.map(({ labels }) => labels) : [{}],
      now: new Date().toISOString(),
    });
    const notes = [...(note === undefined ? [] : [note]), ...(nodes.kind === 'read' ? [] : [nodes.message])];
    return { ...applied, refusals: [...wanted.refusals, ...declared.refusals], notes };
  });
}

interface Files {
  readonly outerMaps: readonly { readonly outerMap: OuterMap; readonly origin: string }[];
  readonly innerMaps: readonly { readonly manifest: InnerMapManifest; readonly origin: string }[];
}

/** The objects of the files; InnerMaps without a namespace are where kubectl would put them. */
async function filesOf(paths: readonly string[], fallback: string): Promise<Files> {
  const outerMaps: Files['outerMaps'][number][] = [];
  const innerMaps: Files['innerMaps'][number][] = [];
  for await (const { origin, value, namespace = fallback } of writtenObjects(paths)) {
    const parsed = parseManifest(value);
    if (!parsed.ok) continue;
    if (parsed.value.kind === 'OuterMap') outerMaps.push({ outerMap: parsed.value.outerMap, origin });
    else innerMaps.push({ manifest: within(parsed.value.manifest, namespace), origin });
  }
  return { outerMaps, innerMaps };
}

function within({ innerMap, content }: InnerMapManifest, namespace: string): InnerMapManifest {
  return { innerMap: { ...innerMap, metadata: { ...innerMap.metadata, namespace } }, content };
}

/** The objects of the files as they are now, and every InnerMap that may contend with them for a key. */
async function concernedBy(
  cluster: Cluster,
  { outerMaps, innerMaps }: Files,
  seen: () => void,
): Promise<{ readonly declared: Declared; readonly note?: string }> {
  const outers = new Set<unknown>([
    ...outerMaps.map(({ outerMap }) => outerMap.metadata.name),
    ...innerMaps.map(({ manifest }) => manifest.innerMap.spec.outerMap),
  ]);
  const names = innerMaps.map(({ manifest }) => manifest.innerMap.metadata);
  const own = new Set(names.map(({ namespace, name }) => `${namespace}/${name}`));
  const concerns: DeclaredRequest['concerns'] = ({ namespace, name, outerMap }) =>
    outers.has(outerMap) || own.has(`${namespace}/${name}`);
  try {
    return { declared: await declaredIn(cluster, { concerns, seen }) };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const namespaces = [...new Set(names.map(({ namespace }) => namespace))];
    const note = `Conflicts with other namespaces are not seen: ${error.message}`;
    return { declared: await declaredIn(cluster, { concerns, seen, namespaces }), note };
  }
}
