import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { entriesOf, FolderFixture, names, until } from './testing/fixture.ts';
import { innerMap, outerMap } from './testing/maps.ts';

const NOBODY = 65534;

describe('folderSource, without rights', () => {
  const fixture = new FolderFixture();

  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });

  afterEach(async () => {
    process.seteuid!(0);
    await fixture.end();
  });

  for (const [mode, what] of [
    [0o000, 'all rights'],
    [0o600, 'the right to enter it'],
    [0o300, 'the right to list it'],
  ] as const)
    it(`keeps everything while the folder has lost ${what}, says so, and goes on when it has them again`, async () => {
      const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
      chownSync(folder, NOBODY, NOBODY);
      process.seteuid!(NOBODY);
      const { source } = await fixture.open(folder);
      chmodSync(folder, mode);
      await until(async () => (await source.read()).refusals.length > 0);
      const wanted = await source.read();
      expect(names(wanted)).to.deep.equal(['a/a']);
      expect(wanted.refusals[0]!.message).to.include('EACCES, permission denied');
      chmodSync(folder, 0o700);
      process.seteuid!(0);
      writeFileSync(join(folder, 'a.yaml'), innerMap('a', 9));
      process.seteuid!(NOBODY);
      await until(async () => entriesOf(await source.read(), 'a/a') === 9);
      expect((await source.read()).refusals).to.deep.equal([]);
    });
});
