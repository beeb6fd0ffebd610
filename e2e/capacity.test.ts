import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { validationProblems } from '../operator/cli/validate/findings.ts';
import { loadManifests } from '../operator/source/folder/load.ts';
import { fileText, innerMap, outerMap } from './agent/support/manifests.ts';

describe('validate, of what a kernel will not hold', () => {
  it('warns at the object: InnerMaps beyond maxEntries, entries near that of an LRU map', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'innermap-capacity-'));
    const lru = { type: 'LRUHash', maxEntries: 4, key: 'u32', value: 'u32' };
    const place = (key: number) => ({ outerMap: 'cache', key });
    const objects = [
      outerMap('cache', { maxEntries: 1, inner: lru }),
      innerMap('a/full', place(1), { 1: 1, 2: 2, 3: 3, 4: 4 }),
      innerMap('a/small', place(2), { 1: 1 }),
    ];
    writeFileSync(join(folder, 'a.json'), fileText(objects));
    const problems = validationProblems(await loadManifests([folder]));
    rmSync(folder, { recursive: true });
    expect(problems.map(({ severity, message }) => `${severity} ${message.split(':', 1)[0]}`)).to.deep.equal([
      'warning OuterMap cache',
      'warning InnerMap a/full',
    ]);
    expect(problems[1]!.origin).to.match(/a\.json:\d+$/);
  });
});
