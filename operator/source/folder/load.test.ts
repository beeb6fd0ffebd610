import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generateManifests } from '../../../bench/manifests.ts';
import { growth } from '../../testing/cost.ts';
import { loopDuring } from '../../testing/loop.ts';
import { loadManifests } from './load.ts';
import { FolderFixture, inner, pause } from './testing/fixture.ts';
import { innerMap, newFolder, outerMap } from './testing/maps.ts';

describe('loadManifests', () => {
  const fixture = new FolderFixture();

  afterEach(() => fixture.end());

  it('reads single files and folders together, and weighs the objects', async () => {
    const folder = fixture.folder({ 'o.yaml': outerMap(), 'a.yaml': innerMap('a') });
    const other = fixture.folder({ 'b.yaml': innerMap('b', 4), 'c.yaml': innerMap('c') });
    const { wanted, files, sizes } = await loadManifests([
      folder,
      join(other, 'b.yaml'),
      join(other, 'b.yaml'),
    ]);
    expect(files).to.equal(3);
    expect(wanted.innerMaps).to.have.length(2);
    const heavy = sizes.find(({ object }) => object === 'InnerMap a/b')!;
    expect(heavy.origin).to.equal(`${join(other, 'b.yaml')}:1`);
    expect(heavy.bytes).to.be.within(200, 300);
  });

  it('says of a path that does not exist that it does not, and is incomplete', async () => {
    const { wanted } = await loadManifests(['/nowhere/maps']);
    expect(wanted.complete).to.equal(false);
    expect(wanted.refusals[0]!.message).to.match(/^Cannot read \/nowhere\/maps: ENOENT, it does not exist/);
  });

  it('reads 250 files with 560,000 prefixes, half lists and half tables, without holding up the event loop', async function () {
    this.timeout(60_000);
    const folder = fixture.keep(newFolder());
    const generated = generateManifests(folder, { files: 250, entries: 560_000, largest: 75_000 });
    await pause(160);
    const progress: number[] = [];
    const { result, took, stall } = await loopDuring(() =>
      loadManifests([folder], { progress: (done, total) => progress.push(done / total) }),
    );
    const { wanted } = result;
    const megabytes = process.memoryUsage().rss / 1e6;
    console.log(
      `      ${(generated.bytes / 1e6).toFixed(1)} MB in ${took.toFixed(0)} ms, longest stall ${stall.toFixed(1)} ms, RSS ${megabytes.toFixed(0)} MB`,
    );
    let entries = 0;
    for (const { content } of wanted.innerMaps)
      if (content.kind === 'encoded') entries += content.entries.count;
    expect({ entries, complete: wanted.complete, refusals: wanted.refusals }).to.deep.equal({
      entries: 560_000,
      complete: true,
      refusals: [],
    });
    expect(progress.at(-1)).to.equal(1);
    expect(stall, 'the longest stall').to.be.below(took / 3);
    rmSync(folder, { recursive: true });
  });

  it('reads four times as many files at no more than four times the cost', async function () {
    this.timeout(60_000);
    const loaded = (files: number) => {
      const folder = fixture.keep(newFolder());
      generateManifests(folder, { files, entries: files * 20 });
      return async () => expect((await loadManifests([folder])).wanted.innerMaps).to.have.length(files);
    };
    // Below what the helper allows: the thread that reads starts once
    expect(await growth(1000, loaded, { runs: 2 })).to.be.below(4.5);
  });

  it('encodes lists and tables of the same entries to the same bytes', async () => {
    const [lists, tables] = [fixture.keep(newFolder()), fixture.keep(newFolder())];
    generateManifests(lists, { files: 2, entries: 3000, largest: 2000, shape: 'list' });
    generateManifests(tables, { files: 2, entries: 3000, largest: 2000, shape: 'table' });
    await pause(160);
    const [list, table] = [(await loadManifests([lists])).wanted, (await loadManifests([tables])).wanted];
    expect(list.innerMaps).to.have.length(2);
    for (const name of ['bench/map-00000', 'bench/map-00001']) {
      expect(inner(list, name).content).to.deep.equal(inner(table, name).content);
    }
  });
});
