import { join } from 'node:path';
import { expect } from 'chai';
import type { ReadOptions } from '../manifests.ts';
import { FolderFixture } from '../testing/fixture.ts';
import { innerMap, outerMap } from '../testing/maps.ts';
import type { FileResult } from './read.ts';
import { FileReader } from './reader.ts';

const OPTIONS: ReadOptions = { layouts: new Map(), prefer: 'own', possibleCpus: 2, weigh: true };

describe('Reader', () => {
  const fixture = new FolderFixture();
  let reader = new FileReader();

  afterEach(async () => {
    await reader.close();
    await fixture.end();
  });

  async function inThread(paths: readonly string[]): Promise<FileResult[]> {
    const results: FileResult[] = [];
    await reader.read(paths, OPTIONS, result => results.push(result));
    return results;
  }

  it('answers the same in the thread as here: entries, refusals, wrong contents, missing files', async () => {
    reader = new FileReader();
    const wrong = innerMap('wrong', '  entries:\n  - {key: 1, value: x}\n');
    const many = Array.from({ length: 1200 }, (_, index) => innerMap(`m${index}`, index % 3)).join('---\n');
    const files = {
      'a.yaml': innerMap('a', 100),
      'b.yaml': `${wrong}---\nb: NO\n`,
      'c.yaml': many,
      'o.yaml': outerMap(),
    };
    const folder = fixture.folder(files);
    const paths = [...Object.keys(files), 'absent.yaml'].map(name => join(folder, name));
    const here = reader.readHere(paths, OPTIONS);
    expect(await inThread(paths)).to.deep.equal(here);
    expect(here.map(({ kind }) => kind)).to.deep.equal(['read', 'read', 'read', 'read', 'missing']);
    expect(here[0]!.path).to.equal(join(folder, 'o.yaml'));
  });

  it('encodes every file by the OuterMap of another, in one go', async () => {
    reader = new FileReader();
    const folder = fixture.folder({ 'a.yaml': innerMap('a', 3), 'z.yaml': outerMap() });
    const [, a] = await inThread([join(folder, 'a.yaml'), join(folder, 'z.yaml')]);
    expect(a!.kind === 'read' && a!.reading.innerMaps[0]!.content.kind).to.equal('encoded');
  });

  it('loses no other file to the one that takes more memory than the thread may have', async function () {
    this.timeout(60_000);
    reader = new FileReader({ maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 });
    const folder = fixture.folder({
      'a.yaml': innerMap('a', 3),
      'b.yaml': innerMap('b', 400_000),
      'c.yaml': innerMap('c', 3),
      'o.yaml': outerMap(),
    });
    const results = await inThread(['a', 'b', 'c', 'o'].map(name => join(folder, `${name}.yaml`)));
    const reported = Object.fromEntries(
      results.map(({ path, kind }) => [path.slice(folder.length + 1), kind]),
    );
    expect(reported).to.deep.equal({
      'a.yaml': 'read',
      'b.yaml': 'unreadable',
      'c.yaml': 'read',
      'o.yaml': 'read',
    });
    const failed = results.find(({ kind }) => kind === 'unreadable') as { message: string };
    expect(failed.message).to.include('the reading thread failed');
  });

  it('answers when it is closed while it reads', async () => {
    reader = new FileReader();
    const folder = fixture.folder({ 'a.yaml': innerMap('a', 50_000), 'o.yaml': outerMap() });
    const reading = inThread([join(folder, 'o.yaml'), join(folder, 'a.yaml')]);
    await reader.close();
    await reading;
  });
});
