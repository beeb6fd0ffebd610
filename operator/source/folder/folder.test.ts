import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { refusalOf } from '../../testing/refusal.ts';
import { entriesOf, FolderFixture, inner, names, pause, until } from './testing/fixture.ts';
import { innerMap, outerMap } from './testing/maps.ts';

describe('folderSource', () => {
  const fixture = new FolderFixture();

  afterEach(() => {
    fixture.room = undefined;
    return fixture.end();
  });

  it('reads OuterMaps and InnerMaps from several files, whole and in bytes', async () => {
    const folder = fixture.folder({
      'b.yaml': outerMap(),
      'a.yaml': innerMap('web', 3),
      'c.json': '',
      'x.txt': 'no',
      '.h.yaml': 'no: [',
    });
    const { wanted } = await fixture.open(folder);
    expect(names(wanted)).to.deep.equal(['a/web']);
    expect(wanted.outerMaps.map(({ metadata }) => metadata.name)).to.deep.equal(['tenants']);
    expect(entriesOf(wanted, 'a/web')).to.equal(3);
    expect(wanted).to.include({ complete: true }).and.to.have.property('refusals').that.deep.equals([]);
    expect(wanted.releases).to.deep.equal(['token']);
    expect(inner(wanted, 'a/web').origin).to.equal(`${join(folder, 'a.yaml')}:1`);
  });

  it('refuses contents that together find no room, and reads them when there is some', async () => {
    fixture.room = { left: 10_000, bound: 'the memory of the test' };
    const folder = fixture.folder({
      'o.yaml': outerMap(),
      'a.yaml': innerMap('a', 500),
      'b.yaml': `${innerMap('b', 500)}---\n${innerMap('c', 500)}`,
    });
    const { source, wanted } = await fixture.open(folder);
    expect(names(wanted).map(name => entriesOf(wanted, name))).to.deep.equal([500, 500, -1]);
    expect(inner(wanted, 'a/c').content).to.deep.include({ kind: 'invalid', reason: 'TooManyEntries' });
    expect(JSON.stringify(inner(wanted, 'a/c').content)).to.contain(
      'Entries take 1 MiB: 1 MiB are left of the memory of the test: declare fewer, ',
    );
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 1));
    await until(async () => entriesOf(await source.read(), 'a/c') === 500);
  });

  it('answers the same frozen object while nothing changes', async () => {
    const { source, wanted } = await fixture.open(fixture.folder({ 'a.yaml': outerMap() }));
    expect(await source.read()).to.equal(wanted);
    expect(Object.isFrozen(wanted)).to.equal(true);
  });

  it('answers with what is read when it may take no longer, and is incomplete', async () => {
    fixture.longestMs = 0;
    const { source, wanted } = await fixture.open(
      fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 20_000) }),
    );
    expect(wanted).to.include({ complete: false }).and.to.have.property('innerMaps').that.is.empty;
    await until(async () => (await source.read()).complete);
  });

  it('is incomplete while a file has never been read, but takes the others', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a'), 'b.yaml': 'spec: [\n' });
    const { source, wanted } = await fixture.open(folder);
    expect(wanted.complete).to.equal(false);
    expect(names(wanted)).to.deep.equal(['a/a']);
    writeFileSync(join(folder, 'b.yaml'), innerMap('b'));
    await until(async () => (await source.read()).complete);
    expect(names(await source.read())).to.deep.equal(['a/a', 'a/b']);
  });

  for (const [what, text] of [
    ['objects of other groups', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n'],
    ['a saved NodeMapState', 'apiVersion: innermap.io/v1alpha1\nkind: NodeMapState\nmetadata: {name: x}\n'],
  ] as const) {
    it(`reports ${what}, and is complete all the same`, async () => {
      const { wanted } = await fixture.open(fixture.folder({ 'a.yaml': text }));
      expect(wanted.complete).to.equal(true);
      expect(wanted.refusals).to.have.length(1);
    });
  }

  it('refuses an object that two files declare, naming both places, and keeps the first', async () => {
    const folder = fixture.folder({
      'o.yaml': outerMap(),
      'a.yaml': innerMap('w', 1),
      'b.yaml': innerMap('w', 2),
    });
    const { wanted } = await fixture.open(folder);
    expect(entriesOf(wanted, 'a/w')).to.equal(1);
    const [a, b] = [join(folder, 'a.yaml'), join(folder, 'b.yaml')];
    expect(wanted.refusals).to.deep.equal([
      { origin: `${b}:1`, message: `InnerMap a/w: is declared already at ${a}:1: remove one of them` },
    ]);
  });

  it('refuses an OuterMap whose types cannot be laid out, with its place', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap('tenants', '"struct { __u32 no_semicolon }"') });
    const { wanted } = await fixture.open(folder);
    expect(wanted.outerMaps).to.deep.equal([]);
    expect(wanted.complete).to.equal(false);
    expect(wanted.refusals[0]!.origin).to.match(/o\.yaml:8:\d+$/);
  });

  it('reports wrong contents with their places, entry by entry', async () => {
    const lines = Array.from(
      { length: 12 },
      (_, index) => `  - {key: ${index}, value: ${index === 4 ? '"x"' : -index}}\n`,
    );
    const folder = fixture.folder({
      'o.yaml': outerMap(),
      'a.yaml': innerMap('a', `  entries:\n${lines.join('')}`),
    });
    const { content } = inner((await fixture.open(folder)).wanted, 'a/a');
    expect(content).to.include({ kind: 'invalid', reason: 'InvalidEntries' });
    const { message } = content as { message: string };
    expect(message)
      .to.match(/^/)
      .and.to.include(`${join(folder, 'a.yaml')}:9:21: spec.entries[1].value: -1 `);
    expect(message.match(/spec\.entries/g)).to.have.length(10);
    expect(message).to.match(/; and 1 more$/);
  });

  it('reads the same in the thread as here', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`f${index}.yaml`, innerMap(`m${index}`, index)]),
    );
    const folder = fixture.folder({
      ...files,
      'o.yaml': outerMap(),
      'bad.yaml': `${innerMap('bad')}---\na: 010\n`,
    });
    const { wanted: together } = await fixture.open(folder);
    const paths = [...Object.keys(files), 'o.yaml', 'bad.yaml'].map(name => join(folder, name));
    const one = await fixture.open(join(folder, 'o.yaml'), ...paths.slice(0, 5));
    for (const name of names(one.wanted))
      expect(inner(together, name)).to.deep.equal(inner(one.wanted, name));
    expect(together.refusals).to.have.length(1);
    expect(names(together)).to.have.length(31);
  });

  it('names the file that it may not read, that is no text, or no file', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    writeFileSync(join(folder, 'b.yaml'), new Uint8Array([0x61, 0xff, 0xfe]));
    symlinkSync('circle.yaml', join(folder, 'circle.yaml'));
    symlinkSync('/dev/null', join(folder, 'null.yaml'));
    await pause(160);
    const { wanted } = await fixture.open(folder);
    const reported = wanted.refusals.map(
      ({ origin, message }) => `${origin.slice(folder.length + 1)}: ${message}`,
    );
    expect(reported).to.deep.equal([
      'b.yaml: Cannot read as UTF-8: save it in that encoding',
      'circle.yaml: Cannot read: ELOOP, its symlinks lead in a circle',
      'null.yaml: Cannot read: it is no regular file',
    ]);
    expect(wanted.complete).to.equal(false);
  });

  it('throws when it is read after it was closed, and reports nothing any more', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap() });
    const { source } = await fixture.open(folder);
    await source.close();
    writeFileSync(join(folder, 'a.yaml'), innerMap('a'));
    await pause(50);
    expect(fixture.changes).to.equal(0);
    expect(await refusalOf(source.read())).to.equal('Cannot read the folder: closed');
  });
});
