import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { type InnerMapManifest, innerMapName } from '../operator/api/innermap.ts';
import type { OuterMap } from '../operator/api/outermap.ts';
import { type Manifest, parseManifest } from '../operator/api/parse/manifest.ts';
import type { Parsed } from '../operator/api/problem.ts';
import { accessOf, denial } from '../operator/core/access/access.ts';
import { encodeContent } from '../operator/core/codec/content.ts';
import { keyBytes, keyText } from '../operator/core/codec/keytext.ts';
import { innerSpec, outerLayout } from '../operator/core/layout/outer.ts';
import { REPOSITORY, SAMPLES } from './crdschema.ts';

const FOLDERS = { examples: join(REPOSITORY, 'examples'), 'crds/samples': SAMPLES };

for (const [name, folder] of Object.entries(FOLDERS)) {
  describe(`${name}: what a newcomer applies`, () => {
    const manifests = manifestsIn(folder);
    const outerMaps = manifests.flatMap(manifest =>
      manifest.kind === 'OuterMap' ? [manifest.outerMap] : [],
    );
    const innerMaps = manifests.flatMap(manifest =>
      manifest.kind === 'InnerMap' ? [manifest.manifest] : [],
    );

    it('has outer maps of both types, and inner maps', () => {
      expect(new Set(outerMaps.map(({ spec }) => spec.type))).to.have.keys('ArrayOfMaps', 'HashOfMaps');
      expect(innerMaps.length).to.be.at.least(5);
    });

    for (const outerMap of outerMaps) {
      it(`OuterMap ${outerMap.metadata.name} has a layout and readable access rules`, () => {
        const layout = taken(outerLayout(outerMap));
        taken(accessOf(outerMap, layout.outerKey));
      });
    }

    for (const manifest of innerMaps) {
      it(`InnerMap ${innerMapName(manifest.innerMap)} is allowed, fits and encodes`, () =>
        check(manifest, outerMaps));
    }

    it('gives no key of an outer map to two InnerMaps', () => {
      const keys = innerMaps.map(({ innerMap }) => `${innerMap.spec.outerMap} ${innerMap.spec.key}`);
      expect(new Set(keys).size).to.equal(keys.length);
    });
  });
}

function manifestsIn(folder: string): readonly Manifest[] {
  const files = readdirSync(folder).filter(name => /^(?!invalid-|valid-nodemapstate).*\.yaml$/.test(name));
  return files.flatMap(name => {
    const documents = parseAllDocuments(readFileSync(join(folder, name), 'utf8'), { schema: 'yaml-1.1' });
    return [...documents].map(document => taken(parseManifest(document.toJS())));
  });
}

function check({ innerMap, content }: InnerMapManifest, outerMaps: readonly OuterMap[]): void {
  const { spec, metadata } = innerMap;
  const outerMap = outerMaps.find(candidate => candidate.metadata.name === spec.outerMap);
  if (outerMap === undefined)
    throw new Error(`Cannot find OuterMap ${spec.outerMap}: it is not in the folder`);
  const layout = taken(outerLayout(outerMap));
  const access = taken(accessOf(outerMap, layout.outerKey));
  const key = keyBytes(layout.outerKey, spec.key);
  if (!key.ok) throw new Error(key.message);
  const refusal = denial(access, metadata.namespace, keyText(layout.outerKey, key.bytes));
  expect(access.mayDeclare(metadata.namespace, key.bytes), refusal).to.equal(true);
  const { maxEntries } = taken(innerSpec(layout, innerMap));
  expect(encodeContent(content, layout, { maxEntries, possibleCpus: 2 })).to.have.property('kind', 'encoded');
}

function taken<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}
