import { expect } from 'chai';
import { hex } from '../../../core/bytes/hex.ts';
import { kindsIn } from '../../pins.ts';
import type { KernelFixture } from './fixture.ts';

/** What is below a directory. */
export function listingContract(fixture: () => KernelFixture): void {
  const pins = () => fixture().kernel.pins;

  it('list and kinds: nothing is below a symlink', () => {
    pins().makeDirectory(fixture().path('a/b'));
    pins().writeRecord(fixture().path('link'), fixture().path('a'));
    expect(pins().list(fixture().path('link'))).to.deep.equal([]);
    expect([...pins().kinds(fixture().path('link'))]).to.deep.equal([]);
  });

  it('kinds: pins, directories and links; none of what is not there', async () => {
    pins().makeDirectory(fixture().path('a/directory'));
    pins().writeRecord(fixture().path('a/record'), 'text');
    await fixture().inner('pin', { pins: [fixture().path('a/pin')] });
    expect([...pins().kinds(fixture().path('a'))].sort()).to.deep.equal([
      ['directory', 'directory'],
      ['pin', 'pin'],
      ['record', 'link'],
    ]);
    expect([...pins().kinds(fixture().path('nothing'))]).to.deep.equal([]);
  });

  it('listing: what kinds says, of thousands of bytes too; the same bytes until a name comes, goes or changes', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `${'n'.repeat(60)}${at}é`);
    for (const name of names) pins().makeDirectory(fixture().path(`a/${name}`));
    const map = await fixture().inner('web', { pins: [fixture().path('a/pin')] });
    pins().writeRecord(fixture().path('a/record'), 'text');
    const read = async () => {
      const listing = await pins().listing(fixture().path('a'));
      expect(new Map(kindsIn(listing))).to.deep.equal(pins().kinds(fixture().path('a')));
      return hex(listing);
    };
    const first = await read();
    expect(pins().kinds(fixture().path('a')).size).to.equal(302);
    expect(await read()).to.equal(first);
    const changes = [
      () => pins().unlink(fixture().path('a/record')),
      () => pins().pin(map, fixture().path('a/second'), 0o600),
      () => pins().rename(fixture().path('a/second'), fixture().path('a/third')),
    ];
    const seen = [first];
    for (const change of changes) {
      change();
      seen.push(await read());
    }
    expect(new Set(seen).size).to.equal(4);
  });

  it('listing: nothing where nothing is, below a symlink and below a pin', async () => {
    await fixture().inner('pin');
    pins().makeDirectory(fixture().path('a/b'));
    pins().writeRecord(fixture().path('link'), fixture().path('a'));
    for (const path of ['nothing', 'nothing/below', 'link', 'pin'])
      expect(await pins().listing(fixture().path(path))).to.have.length(0);
  });
}
