import {
  appendFileSync,
  closeSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ManifestProblem } from '../../core/wanted.ts';
import { openForWriting } from '../../kernel/libbpf/fd/writers.ts';
import { openLibrary } from '../../kernel/libbpf/library.ts';
import type { Source } from '../source.ts';
import { entriesOf, FolderFixture, names, until } from './testing/fixture.ts';
import { innerMap, outerMap } from './testing/maps.ts';

/** No spec lasts so long. */
const FAR_MS = 3_600_000;
/** Nor so long, yet the files of a fixture's folder are older. */
const SOME_MS = 50_000;

describe('folderSource, while files are written', () => {
  const fixture = new FolderFixture();

  afterEach(() => fixture.end());

  function askKernel(): void {
    fixture.isOpenForWriting = path => openForWriting(openLibrary(), path);
  }

  /** Waits until the source has seen and judged what was written so far: it takes file after file written later. */
  async function seen(folder: string, source: Source): Promise<void> {
    for (let round = 0; round < 5; round++) {
      const name = `s${names(await source.read()).length}`;
      writeFileSync(join(folder, `${name}.yaml`), innerMap(name));
      await until(async () => names(await source.read()).includes(`a/${name}`));
    }
  }

  it('believes nothing of a file that is open for writing, however long its writer pauses', async () => {
    askKernel();
    fixture.quietMs = 20;
    const text = Array.from({ length: 20 }, (_, index) => innerMap(`m${index}`, 3)).join('---\n');
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': text });
    const { source, wanted } = await fixture.open(folder);
    const file = openSync(join(folder, 'a.yaml'), 'w');
    const half = text.indexOf('---', text.length / 2);
    for (const part of [text.slice(0, half), text.slice(half)]) {
      writeSync(file, part);
      await seen(folder, source);
      const now = await source.read();
      expect(now.innerMaps.filter(inner => wanted.innerMaps.includes(inner))).to.have.length(20);
    }
    writeSync(file, `---\n${innerMap('new')}`);
    await seen(folder, source);
    expect(names(await source.read())).to.not.include('a/new');
    closeSync(file);
    await until(async () => names(await source.read()).includes('a/new'));
  });

  it('believes nothing of a file that is open for writing at the start, and the others at once', async () => {
    askKernel();
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a'), 'b.yaml': innerMap('b') });
    const file = openSync(join(folder, 'b.yaml'), 'a');
    const { source, wanted } = await fixture.open(folder);
    expect(names(wanted)).to.deep.equal(['a/a']);
    expect(wanted.complete).to.equal(false);
    closeSync(file);
    await until(async () => (await source.read()).complete);
    expect(names(await source.read())).to.deep.equal(['a/a', 'a/b']);
  });

  it('tells that a file stays open for writing, until it is closed', async () => {
    askKernel();
    fixture.quietMs = 20;
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    const { source } = await fixture.open(folder);
    const file = openSync(join(folder, 'a.yaml'), 'a');
    writeSync(file, '\n');
    await until(async () => (await source.read()).refusals.length > 0);
    const [{ origin, message }] = (await source.read()).refusals as [ManifestProblem];
    expect(origin).to.equal(join(folder, 'a.yaml'));
    expect(message).to.match(/^Is open for writing: /);
    closeSync(file);
    await until(async () => (await source.read()).refusals.length === 0);
  });

  it('waits no longer for a file that was never read and is deleted', async () => {
    askKernel();
    fixture.quietMs = FAR_MS;
    fixture.patienceMs = 0;
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'b.yaml': innerMap('b') });
    const file = openSync(join(folder, 'b.yaml'), 'a');
    const { source, wanted } = await fixture.open(folder);
    expect(wanted.complete).to.equal(false);
    unlinkSync(join(folder, 'b.yaml'));
    await until(async () => (await source.read()).complete);
    closeSync(file);
  });

  it('tells no more of a file that was open for writing and is deleted', async () => {
    askKernel();
    fixture.quietMs = 20;
    fixture.patienceMs = 0;
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'b.yaml': innerMap('b') });
    const file = openSync(join(folder, 'b.yaml'), 'a');
    const { source } = await fixture.open(folder);
    await until(async () => (await source.read()).refusals.length > 0);
    unlinkSync(join(folder, 'b.yaml'));
    await until(async () => (await source.read()).refusals.length === 0);
    closeSync(file);
  });

  it('stays incomplete while a file that was fresh at the start is written on, where the kernel cannot be asked', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap() });
    writeFileSync(join(folder, 'a.yaml'), innerMap('a'));
    fixture.patienceMs = 0;
    fixture.quietMs = SOME_MS;
    const { source, wanted } = await fixture.open(folder);
    expect(wanted.complete).to.equal(false);
    appendFileSync(join(folder, 'a.yaml'), `---\n${innerMap('b')}`);
    await seen(folder, source);
    await until(async () => names(await source.read()).includes('a/b'));
    expect((await source.read()).complete).to.equal(false);
  });

  it('tells of a whole file that is no longer written at the start at once that it is complete', async () => {
    askKernel();
    fixture.quietMs = FAR_MS;
    const folder = fixture.folder({ 'o.yaml': outerMap() });
    writeFileSync(join(folder, 'a.yaml'), innerMap('a'));
    const { wanted } = await fixture.open(folder);
    expect(names(wanted)).to.deep.equal(['a/a']);
    expect(wanted.complete).to.equal(true);
  });

  it('takes what a fresh file declares at the start, but is incomplete, where the kernel cannot be asked', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap() });
    writeFileSync(join(folder, 'a.yaml'), innerMap('a'));
    fixture.patienceMs = 0;
    fixture.quietMs = 500;
    const { source, wanted } = await fixture.open(folder);
    expect(names(wanted)).to.deep.equal(['a/a']);
    expect(wanted.complete).to.equal(false);
    await until(async () => (await source.read()).complete);
  });

  for (const [what, text] of [
    ['entries', innerMap('a', 2)],
    ['a key', innerMap('a', 5).replace(/key: \d+/, 'key: 1')],
    ['an object', '# none\n'],
  ] as const)
    it(`holds back a file that takes ${what} away until it is quiet for seconds, though nobody has it open`, async () => {
      askKernel();
      fixture.quietMs = FAR_MS;
      const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 5) });
      const { source, wanted } = await fixture.open(folder);
      writeFileSync(join(folder, 'a.yaml'), text);
      await seen(folder, source);
      expect((await source.read()).innerMaps[0]).to.equal(wanted.innerMaps[0]);
      writeFileSync(join(folder, 'a.yaml'), innerMap('a', 6));
      await until(async () => entriesOf(await source.read(), 'a/a') === 6);
    });

  it('gives up what a deleted file declared after seconds only', async () => {
    fixture.quietMs = FAR_MS;
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    const { source } = await fixture.open(folder);
    unlinkSync(join(folder, 'a.yaml'));
    await seen(folder, source);
    expect(names(await source.read())).to.include('a/a');
  });

  it('believes a file that takes entries away once it is quiet', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 5) });
    const { source } = await fixture.open(folder);
    writeFileSync(join(folder, 'a.yaml'), innerMap('a', 2));
    await until(async () => entriesOf(await source.read(), 'a/a') === 2);
  });

  it('believes what goes from a file that others replace all the time', async () => {
    askKernel();
    fixture.quietMs = 1_000;
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 5) });
    const { source } = await fixture.open(folder);
    const replaced = setInterval(() => {
      writeFileSync(join(folder, '.a.yaml'), innerMap('a', 2));
      renameSync(join(folder, '.a.yaml'), join(folder, 'a.yaml'));
    }, 250);
    await until(async () => entriesOf(await source.read(), 'a/a') === 2).finally(() =>
      clearInterval(replaced),
    );
  });

  for (const [what, length] of [
    ['takes something away', 0],
    ['is large', 200_000],
  ] as const)
    it(`tells that a file that ${what} is written too often to be believed, until it is not`, async () => {
      askKernel();
      fixture.quietMs = 100;
      const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a', 1_000) });
      const { source } = await fixture.open(folder);
      const text = async () => innerMap('a', entriesOf(await source.read(), 'a/a') - 1) + '#'.repeat(length);
      const written = async () => writeFileSync(join(folder, 'a.yaml'), `${await text()}\n`);
      await until(async () => {
        await written();
        return (await source.read()).refusals.length > 0;
      });
      const [{ origin, message }] = (await source.read()).refusals as [ManifestProblem];
      expect(origin).to.equal(join(folder, 'a.yaml'));
      expect(message).to.match(/^Changes too often to be believed: /);
      await until(async () => (await source.read()).refusals.length === 0);
      expect(entriesOf(await source.read(), 'a/a')).to.be.lessThan(1_000);
    });

  it('tells no more that a file is open for writing once it is closed, though it cannot be read', async () => {
    askKernel();
    fixture.quietMs = 20;
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    const { source } = await fixture.open(folder);
    const isTold = async () =>
      (await source.read()).refusals.some(({ message }) => message.startsWith('Is open for writing: '));
    const file = openSync(join(folder, 'a.yaml'), 'a');
    writeSync(file, '\n');
    await until(isTold);
    writeSync(file, Buffer.of(0xff));
    closeSync(file);
    await until(async () => !(await isTold()));
  });

  it('takes nothing away while a file is written by many short writers', async () => {
    askKernel();
    const maps = Array.from({ length: 20 }, (_, index) => innerMap(`m${index}`, 3));
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': maps.join('---\n') });
    fixture.quietMs = FAR_MS;
    const { source } = await fixture.open(folder);
    writeFileSync(join(folder, 'a.yaml'), '');
    for (const map of maps) {
      appendFileSync(join(folder, 'a.yaml'), `${map}---\n`);
      await new Promise(setImmediate);
      expect(names(await source.read())).to.have.length(20);
    }
  });
});
