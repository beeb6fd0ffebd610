import { appendFileSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { entriesOf, FolderFixture, inner, names, pause, until, valueBytes } from './testing/fixture.ts';
import { configMap, innerMap, outerMap } from './testing/maps.ts';

describe('folderSource, when files change', () => {
  const fixture = new FolderFixture();

  afterEach(() => fixture.end());

  it('reports an edit at once and keeps what did not change by reference', async () => {
    const folder = fixture.folder({
      'o.yaml': outerMap(),
      'a.yaml': innerMap('a', 2),
      'b.yaml': `${innerMap('b')}---\n${innerMap('c')}`,
    });
    const { source, wanted } = await fixture.open(folder);
    writeFileSync(join(folder, 'b.yaml'), `${innerMap('b', 5)}---\n${innerMap('c')}`);
    await until(() => fixture.changes > 0);
    const next = await source.read();
    expect(entriesOf(next, 'a/b')).to.equal(5);
    expect(inner(next, 'a/a')).to.equal(inner(wanted, 'a/a'));
    expect(inner(next, 'a/c').innerMap).to.equal(inner(wanted, 'a/c').innerMap);
    expect(inner(next, 'a/c').content).to.equal(inner(wanted, 'a/c').content);
    expect(next.outerMaps[0]).to.equal(wanted.outerMaps[0]);
  });

  it('follows an edit of one value among as many entries', async () => {
    const text = (value: number) => innerMap('a', `  entries:\n  - {key: 1, value: ${value}}\n`);
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': text(2) });
    const { source } = await fixture.open(folder);
    writeFileSync(join(folder, 'a.yaml'), text(3));
    await until(() => fixture.changes > 0);
    const { content } = inner(await source.read(), 'a/a');
    expect(content.kind === 'encoded' && content.entries.values[0]).to.equal(3);
  });

  it('says nothing when a file is written again as it was', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 2) });
    const { source, wanted } = await fixture.open(folder);
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 2));
    await pause(250);
    expect(fixture.changes).to.equal(0);
    expect(await source.read()).to.equal(wanted);
  });

  it('encodes what was edited while the OuterMap was away, once that is back as it was', async () => {
    const folder = fixture.folder({ 'a.yaml': innerMap('a', 2) });
    const { source } = await fixture.open(folder);
    writeFileSync(join(folder, 'z.yaml'), outerMap());
    await until(async () => entriesOf(await source.read(), 'a/a') === 2);
    writeFileSync(join(folder, 'z.yaml'), '');
    await until(async () => (await source.read()).outerMaps.length === 0);
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 3));
    await until(async () => inner(await source.read(), 'a/a').content.kind === 'pending');
    writeFileSync(join(folder, 'z.yaml'), outerMap());
    await until(async () => entriesOf(await source.read(), 'a/a') === 3);
  });

  it('follows an editor that writes beside and renames over', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    const { source } = await fixture.open(folder);
    writeFileSync(join(folder, '4913'), '');
    unlinkSync(join(folder, '4913'));
    renameSync(join(folder, 'a.yaml'), join(folder, 'a.yaml~'));
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 4));
    unlinkSync(join(folder, 'a.yaml~'));
    await until(async () => entriesOf(await source.read(), 'a/a') === 4);
    expect(names(await source.read())).to.deep.equal(['a/a']);
  });

  it('follows a link that was swapped to where it leads now: an edit there is seen at once', async () => {
    const [before, now] = [
      fixture.folder({ 'a.yaml': innerMap('a', 2) }),
      fixture.folder({ 'a.yaml': innerMap('a', 3) }),
    ];
    const folder = fixture.folder({ 'o.yaml': outerMap() });
    symlinkSync(join(before, 'a.yaml'), join(folder, 'a.yaml'));
    const { source } = await fixture.open(folder);
    symlinkSync(join(now, 'a.yaml'), join(folder, 'beside'));
    renameSync(join(folder, 'beside'), join(folder, 'a.yaml'));
    await until(async () => entriesOf(await source.read(), 'a/a') === 3);
    await pause(50);
    writeFileSync(join(now, 'a.yaml'), innerMap('a', 5));
    await until(async () => entriesOf(await source.read(), 'a/a') === 5);
  });

  it('follows the swap of a ConfigMap, twice', async () => {
    const mount = configMap({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    fixture.keep(mount.folder);
    await pause(160);
    const { source } = await fixture.open(mount.folder);
    for (const count of [3, 5]) {
      mount.swap({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', count) });
      await until(async () => entriesOf(await source.read(), 'a/a') === count);
      expect((await source.read()).refusals).to.deep.equal([]);
    }
  });

  it('follows a symlink to where the file lies', async () => {
    const [elsewhere, folder] = [
      fixture.folder({ 'real.yaml': innerMap('a') }),
      fixture.folder({ 'o.yaml': outerMap() }),
    ];
    symlinkSync(join(elsewhere, 'real.yaml'), join(folder, 'a.yaml'));
    const { source } = await fixture.open(folder);
    writeFileSync(join(elsewhere, 'real.yaml'), innerMap('a', 4));
    await until(async () => entriesOf(await source.read(), 'a/a') === 4);
  });

  it('keeps what a file declared that does not parse any more, and says where it does not', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 3) });
    const { source, wanted } = await fixture.open(folder);
    writeFileSync(join(folder, 'a.yaml'), 'kind: "InnerMap\n');
    await until(() => fixture.changes > 0);
    const next = await source.read();
    expect(inner(next, 'a/a')).to.equal(inner(wanted, 'a/a'));
    expect(next.complete).to.equal(true);
    const path = join(folder, 'a.yaml');
    expect(next.refusals.map(({ origin }) => origin)).to.deep.equal([`${path}:1:7`, path]);
    expect(next.refusals[1]!.message).to.match(/^Keeps what it declared before, .*: InnerMap a\/a$/);
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 7));
    await until(async () => entriesOf(await source.read(), 'a/a') === 7);
    expect((await source.read()).refusals).to.deep.equal([]);
  });

  it('refuses one object of a file, keeps its last good version, and takes the others', async () => {
    const folder = fixture.folder({
      'o.yaml': outerMap(),
      'a.yaml': `${innerMap('a', 2)}---\n${innerMap('b', 2)}`,
    });
    const { source } = await fixture.open(folder);
    writeFileSync(
      join(folder, 'a.yaml'),
      `${innerMap('a', 2).replace('outerMap:', 'outermap:')}---\n${innerMap('b', 6)}`,
    );
    await until(async () => entriesOf(await source.read(), 'a/b') === 6);
    const wanted = await source.read();
    expect(entriesOf(wanted, 'a/a')).to.equal(2);
    expect(wanted.complete).to.equal(true);
    expect(wanted.refusals[0]!.message).to.match(/^InnerMap a\/a: spec\./);
  });

  it('gives up what a deleted file declared once no replacement came', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a'), 'b.yaml': innerMap('b') });
    const { source } = await fixture.open(folder);
    unlinkSync(join(folder, 'b.yaml'));
    await until(() => fixture.changes > 0);
    expect(names(await source.read())).to.deep.equal(['a/a', 'a/b']);
    await until(async () => names(await source.read()).length === 1);
    expect((await source.read()).complete).to.equal(true);
  });

  it('moves an object with the file that declares it, never without it', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'b.yaml': innerMap('b', 3) });
    const { source } = await fixture.open(folder);
    renameSync(join(folder, 'b.yaml'), join(folder, 'a.yaml'));
    for (let round = 0; round < 40; round++) {
      const wanted = await source.read();
      expect(names(wanted)).to.deep.equal(['a/b']);
      expect(wanted.refusals).to.deep.equal([]);
      await pause(10);
    }
    expect(inner(await source.read(), 'a/b').origin).to.equal(`${join(folder, 'a.yaml')}:1`);
  });

  it('keeps everything when the folder itself is gone, and goes on when it is back', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    const { source } = await fixture.open(folder);
    renameSync(folder, `${folder}-away`);
    fixture.keep(`${folder}-away`);
    await until(async () => (await source.read()).refusals.length > 0);
    expect(names(await source.read())).to.deep.equal(['a/a']);
    expect((await source.read()).refusals[0]!.message).to.include('it does not exist');
    await pause(200);
    expect(names(await source.read())).to.deep.equal(['a/a']);
    mkdirSync(folder);
    writeFileSync(join(folder, 'o.yaml'), outerMap());
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 9));
    await until(async () => entriesOf(await source.read(), 'a/a') === 9);
    expect((await source.read()).refusals).to.deep.equal([]);
  });

  it('is incomplete while a folder does not exist, and finds it when it appears', async () => {
    const parent = fixture.folder({});
    const { source, wanted } = await fixture.open(join(parent, 'maps'));
    expect(wanted).to.include({ complete: false });
    mkdirSync(join(parent, 'maps'));
    writeFileSync(join(parent, 'maps', 'o.yaml'), outerMap());
    await until(async () => (await source.read()).outerMaps.length === 1);
    expect(await source.read()).to.include({ complete: true });
  });

  it('encodes again when the layout of the OuterMap changes, and waits where there is none', async () => {
    const folder = fixture.folder({ 'a.yaml': innerMap('a', 2) });
    const { source, wanted } = await fixture.open(folder);
    expect(inner(wanted, 'a/a').content.kind).to.equal('pending');
    writeFileSync(join(folder, 'o.yaml'), outerMap('tenants', 'u32'));
    await until(async () => valueBytes(await source.read(), 'a/a') === 8);
    writeFileSync(join(folder, 'o.yaml'), outerMap('tenants', 'u64'));
    await until(async () => valueBytes(await source.read(), 'a/a') === 16);
  });

  it('reads a large file in the thread, after it is quiet, and sees the next edit', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'big.yaml': innerMap('big', 20_000) });
    const { source, wanted } = await fixture.open(folder);
    expect(entriesOf(wanted, 'a/big')).to.equal(20_000);
    appendFileSync(join(folder, 'big.yaml'), '  - key: 70000\n    value: 1\n');
    await until(async () => entriesOf(await source.read(), 'a/big') === 20_001);
  });
});
