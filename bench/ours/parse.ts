import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '../../operator/api/parse/manifest.ts';
import { encodeContent } from '../../operator/core/codec/content.ts';
import { outerLayout } from '../../operator/core/layout/outer.ts';
import type { WantedInner } from '../../operator/core/wanted.ts';
import { loadManifests } from '../../operator/source/folder/load.ts';
import { CHANGED, EVERYTHING, openAgent } from './agent.ts';
import { declaredOuter, OUTER_NAME, type Shape, wantedOf } from './declared.ts';
import { innerText, listText, outerText } from './folders.ts';
import { seen } from './seen.ts';
import type { Sizes, Work } from './work.ts';

/** Objects as an API server sends them, one text each, to all in the kernel. */
export const json: Work = async ({ bpffs }, sizes) => {
  const shape = shapeOf(sizes);
  const outer = declaredOuter(shape);
  const layout = outerLayout(outer);
  if (!layout.ok) throw new Error('Cannot lay out the outer map');
  const texts = Array.from({ length: shape.maps }, (_, key) => jsonText(key, shape.entries));
  const read = (text: string): WantedInner => {
    const parsed = parseManifest(JSON.parse(text));
    if (!parsed.ok || parsed.value.kind !== 'InnerMap') throw new Error('Cannot parse an InnerMap');
    const { innerMap, content } = parsed.value.manifest;
    const encoded = encodeContent(content, layout.value, { maxEntries: shape.entries, possibleCpus: 1 });
    if (encoded.kind === 'invalid') throw new Error(encoded.message);
    return {
      innerMap,
      content: { kind: 'encoded', entries: encoded.entries, layoutDigest: layout.value.digest },
    };
  };
  const agent = await openAgent(bpffs);
  await agent.turn(wantedOf([outer], []), EVERYTHING);
  const answer = await seen(async () => {
    const inners: WantedInner[] = [];
    for (const text of texts) {
      inners.push(read(text));
      // As from a socket: the next object is another event.
      await new Promise(resolve => setImmediate(resolve));
    }
    await agent.turn(wantedOf([outer], inners), CHANGED);
  });
  agent.close();
  return answer;
};

/** A folder of YAML lists to all in the kernel. */
export const yaml: Work = async ({ directory, bpffs }, sizes) => {
  const shape = shapeOf(sizes);
  const manifests = join(directory, 'manifests');
  mkdirSync(manifests);
  writeFileSync(join(manifests, '0-outer.yaml'), outerText(shape));
  for (let key = 0; key < shape.maps; key++) {
    const list = listText(shape.entries, key * shape.entries);
    writeFileSync(join(manifests, `map-${key}.yaml`), innerText(key, list));
  }
  const agent = await openAgent(bpffs);
  const answer = await seen(async () => {
    const { wanted } = await loadManifests([manifests], {
      possibleCpus: agent.kernel.possibleCpus,
      releases: [],
    });
    if (wanted.innerMaps.length !== shape.maps)
      throw new Error(`Cannot compare: ${wanted.innerMaps.length} InnerMaps were read`);
    await agent.turn(wanted, EVERYTHING);
  });
  agent.close();
  return answer;
};

function shapeOf(sizes: Sizes): Shape {
  return { maps: sizes['maps'] ?? 1_000, entries: sizes['entries'] ?? 1_000 };
}

function jsonText(key: number, count: number): string {
  const entries = Array.from({ length: count }, (_, at) => ({ key: at, value: key * count + at }));
  return JSON.stringify({
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'InnerMap',
    metadata: {
      name: `map-${key}`,
      namespace: 'default',
      uid: `${key}`,
      generation: 1,
      resourceVersion: `${key}`,
    },
    spec: { outerMap: OUTER_NAME, key, entries },
  });
}
