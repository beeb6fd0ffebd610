import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FolderFixture, until } from './testing/fixture.ts';
import { innerMap, outerMap } from './testing/maps.ts';

describe('folderSource, of an InnerMap that is refused', () => {
  const fixture = new FolderFixture();

  afterEach(() => fixture.end());

  it('tells its wrong values too, and by the types that its OuterMap has now', async () => {
    const text = innerMap(
      'web',
      '  entires: []\n  entries:\n  - {key: 1, value: 300}\n  - {key: -1, value: 1}\n',
    );
    const folder = fixture.folder({ 'a.yaml': text, 'o.yaml': outerMap() });
    const { source, wanted } = await fixture.open(folder);
    const told = ({ refusals }: typeof wanted) =>
      refusals.map(({ message }) => message.replace(/: -?\d.*/, ''));
    const [field, key] = [
      'InnerMap a/web: spec.entires: Unknown field: did you mean entries',
      'InnerMap a/web: spec.entries[1].key',
    ];
    expect(told(wanted)).to.deep.equal([field, key]);
    writeFileSync(join(folder, 'o.yaml'), outerMap('tenants', 'u8'));
    await until(async () => told(await source.read()).length === 3);
    expect(told(await source.read())).to.deep.equal([field, 'InnerMap a/web: spec.entries[0].value', key]);
  });
});
