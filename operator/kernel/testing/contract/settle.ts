import { expect } from 'chai';
import { failureOf, type KernelFixture } from './fixture.ts';

/** The contract of settle. */
export function settleContract(fixture: () => KernelFixture): void {
  const path = (name: string) => fixture().path(name);
  const settle: ReturnType<typeof fixture>['kernel']['settle'] = (settlings, closing) =>
    fixture().kernel.settle(settlings, closing);
  const idAt = (name: string) => fixture().keep(fixture().kernel.open(path(name))).id;

  it('renames over another pin, unlinks, and closes maps; what has no pin any more goes', async () => {
    const [live, fresh, gone] = await Promise.all(
      ['live', 'fresh', 'gone'].map(name => fixture().inner(name)),
    );
    const failed = await settle(
      [{ rename: { from: path('fresh'), to: path('live') } }, { unlink: path('gone') }],
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
    const failed = await settle([
      { unlink: path('before'), rename: { from: path('fresh'), to: path('after') } },
    ]);
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
      { unlink: path('nothing') },
      { rename: { from: path('nothing'), to: path('c') } },
      { rename: { from: path('a'), to: path('dotted.name') } },
      { unlink: path('a/below'), rename: { from: path('b'), to: path('c') } },
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
      { unlink: path('directory'), rename: { from: path('a'), to: path('b') } },
      { rename: { from: path('a'), to: path('directory') } },
    ]);
    expect([...failed.keys()]).to.deep.equal([0, 1]);
    expect([...fixture().names()].sort()).to.deep.equal(['a', 'directory']);
  });

  it('3,000 in their order: a name that is free by then may be taken', async () => {
    const names = Array.from({ length: 3000 }, (_, at) => `pin${at}`);
    const map = await fixture().inner('many', { pins: names.map(path) });
    // Each takes the name that the one before had
    const settlings = names.map((name, at) =>
      at === 0 ? { unlink: path(name) } : { rename: { from: path(name), to: path(names[at - 1]!) } },
    );
    expect((await settle(settlings, [map])).size).to.equal(0);
    expect(fixture().names()).to.have.length(2999);
    expect(fixture().kernel.pins.exists(path('pin2999'))).to.equal(false);
    expect((await settle(names.map(name => ({ unlink: path(name) })))).size).to.equal(0);
    expect(fixture().isGone(map.id)).to.not.equal(false);
  });
}
