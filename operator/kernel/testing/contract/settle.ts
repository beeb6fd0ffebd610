import { expect } from 'chai';
import type { OpenMap, Settling } from '../../kernel.ts';
import { failureOf, HASH, type KernelFixture, u32 } from './fixture.ts';

/** The contract of settle. */
export function settleContract(fixture: () => KernelFixture): void {
  const path = (name: string) => fixture().path(name);
  const settle = (settlings: Iterable<Settling>, closing: readonly OpenMap[] = []) =>
    fixture().kernel.settle(fixture().opened.root, settlings, closing);
  const idAt = (name: string) => fixture().keep(fixture().kernel.open(path(name))).id;

  it('renames over another pin, unlinks, and closes maps; what has no pin any more goes', async () => {
    const [live, fresh, gone] = await Promise.all(
      ['live', 'fresh', 'gone'].map(name => fixture().inner(name)),
    );
    const failed = await settle(
      [{ rename: { from: 'fresh', to: 'live' } }, { unlink: 'gone' }],
      [live!, fresh!, gone!],
    );
    expect([...failed]).to.deep.equal([]);
    expect(fixture().names()).to.deep.equal(['live']);
    expect(idAt('live')).to.equal(fresh!.id);
    expect(failureOf(() => fresh!.fd)?.errno).to.equal('EBADF');
    for (const map of [live!, gone!]) expect(fixture().isGone(map.id)).to.not.equal(false);
  });

  it('unlinks one pin before it renames another', async () => {
    await fixture().inner('before');
    const fresh = await fixture().inner('fresh');
    const failed = await settle([{ unlink: 'before', rename: { from: 'fresh', to: 'after' } }]);
    expect(failed.size).to.equal(0);
    expect(fixture().names()).to.deep.equal(['after']);
    expect(idAt('after')).to.equal(fresh.id);
  });

  it('of nothing does nothing; a map that was closed stays closed', async () => {
    const map = await fixture().inner('web');
    map.close();
    expect((await settle([], [map])).size).to.equal(0);
    expect((await settle([])).size).to.equal(0);
    expect(fixture().names()).to.deep.equal(['web']);
  });

  it('a pin that is gone is no failed unlink; a rename of nothing is ENOENT at its index, the others are done', async () => {
    await fixture().inner('a');
    await fixture().inner('b');
    const failed = await settle([
      { unlink: 'nothing' },
      { rename: { from: 'nothing', to: 'c' } },
      { rename: { from: 'a', to: 'dotted.name' } },
      { unlink: 'a/below', rename: { from: 'b', to: 'c' } },
    ]);
    expect([...failed].map(([at, { errno }]) => [at, errno])).to.deep.equal([
      [1, 'ENOENT'],
      [2, 'EPERM'],
    ]);
    expect([...fixture().names()].sort()).to.deep.equal(['a', 'c']);
    expect(failed.get(1)?.message).to.contain(path('nothing')).and.contain(path('c'));
  });

  it('where the pin before cannot be unlinked, nothing is renamed', async () => {
    fixture().kernel.pins.makeDirectory(path('directory'));
    await fixture().inner('a');
    const failed = await settle([
      { unlink: 'directory', rename: { from: 'a', to: 'b' } },
      { rename: { from: 'a', to: 'directory' } },
    ]);
    expect([...failed.keys()]).to.deep.equal([0, 1]);
    expect([...fixture().names()].sort()).to.deep.equal(['a', 'directory']);
  });

  it('3,000 in their order: a name that is free by then may be taken', async () => {
    const names = Array.from({ length: 3000 }, (_, at) => `pin${at}`);
    const map = await fixture().inner('many', { pins: names.map(path) });
    // Each takes the name that the one before had
    const settlings = names.map((name, at) =>
      at === 0 ? { unlink: name } : { rename: { from: name, to: names[at - 1]! } },
    );
    expect((await settle(settlings, [map])).size).to.equal(0);
    expect(fixture().names()).to.have.length(2999);
    expect(fixture().kernel.pins.exists(path('pin2999'))).to.equal(false);
    expect((await settle(names.map(name => ({ unlink: name })))).size).to.equal(0);
    expect(fixture().isGone(map.id)).to.not.equal(false);
  });
}

/** The contract of remove where keys have pins. */
export function unpinningContract(fixture: () => KernelFixture, kind: 'HashOfMaps' | 'ArrayOfMaps'): void {
  const make = (maxEntries: number): OpenMap =>
    kind === 'HashOfMaps' ? fixture().hashOfMaps(HASH, maxEntries) : fixture().arrayOfMaps(HASH, maxEntries);

  it('the pin of a key goes with it; what cannot be unlinked is its failure, and its alone', async () => {
    const outer = make(64);
    await fixture().kernel.replace(outer, u32(1, 2, 3, 4), await fixture().inners('inner', 4));
    fixture().kernel.pins.makeDirectory(fixture().path('directory'));
    const directory = fixture().opened.root;
    const names = ['nothing', 'inner0', undefined, 'directory', 'inner3', 'inner2'];
    // The last one is beyond the end of an array
    const failed = await fixture().kernel.remove(outer, u32(9, 1, 2, 3, 4, 99), { directory, names });
    const isArray = kind === 'ArrayOfMaps';
    expect([...failed.keys()].sort()).to.deep.equal(isArray ? [3, 5] : [3]);
    expect(failed.get(3)?.message).to.contain(fixture().path('directory'));
    expect(await fixture().outerIds(outer)).to.deep.equal({});
    expect([...fixture().names()].sort()).to.deep.equal([
      'directory',
      'inner1',
      ...(isArray ? ['inner2'] : []),
    ]);
    const gone = { directory: fixture().path('none'), names: ['inner1'] };
    expect((await fixture().kernel.remove(outer, u32(2), gone)).size, 'no directory, no pin').to.equal(0);
  });

  it('5,000 keys with their pins, the pin of a key that is gone already too', async function () {
    this.timeout(60_000);
    const outer = make(6000);
    const names = Array.from({ length: 5000 }, (_, at) => `pin${at}`);
    const map = await fixture().inner('many', { pins: names.map(name => fixture().path(name)) });
    // The others have only a pin: a crash came between
    const there = u32(...names.keys()).subarray(0, 4500 * 4);
    await fixture().kernel.replace(outer, there, new Array<OpenMap>(4500).fill(map));
    map.close();
    const pins = {
      directory: fixture().opened.root,
      names: names.map((name, at) => (at === 7 ? undefined : name)),
    };
    expect((await fixture().kernel.remove(outer, u32(...names.keys()), pins)).size).to.equal(0);
    expect(await fixture().outerIds(outer)).to.deep.equal({});
    expect(fixture().names()).to.deep.equal(['pin7']);
  });
}
