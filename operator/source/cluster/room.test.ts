import { expect } from 'chai';
import { CountedRoom, type Holding } from '../../core/bytes/contentroom.ts';
import { contentBytes, type Wanted } from '../../core/wanted.ts';
import { ClusterSourceFixture } from './testing/fixture.ts';

/** Remembers how full it was. */
class WatchedRoom extends CountedRoom {
  leastLeft = this.left;
  leastMayWait = this.mayWait;

  override take(more: Holding): void {
    super.take(more);
    this.leastLeft = Math.min(this.leastLeft, this.left);
    this.leastMayWait = Math.min(this.leastMayWait, this.mayWait);
  }
}

describe('clusterSource, contents that together find no room', () => {
  let fixture: ClusterSourceFixture;

  /** A few bytes of text, 20 MB encoded. */
  const table = `key,value.first\n${Array.from({ length: 20_000 }, (_, at) => `${at},1`).join('\n')}\n`;
  const kinds = (wanted: Wanted) => wanted.innerMaps.map(({ content }) => content.kind).toSorted();

  beforeEach(() => {
    fixture = new ClusterSourceFixture();
    fixture.room = new CountedRoom({ left: 45_000_000, bound: 'the memory of the test' });
    const value = 'struct { __u32 first; u8 rest[996]; }';
    fixture.node().outer('tenants', {
      inner: { type: 'Hash', maxEntries: 50_000, key: 'u32', value },
    });
    for (const [index, name] of ['a', 'b', 'c'].entries())
      fixture.inner(name, 'tenants', { key: index, table });
  });

  afterEach(async () => {
    await fixture.stop();
    expect(fixture.clock.sleeping, 'timers left').to.equal(0);
  });

  it('are refused before they are encoded, and the others are there', async () => {
    await fixture.start();
    const wanted = await fixture.reads('them', each => each.innerMaps.length === 3);
    expect(kinds(wanted)).to.deep.equal(['encoded', 'encoded', 'invalid']);
    const refused = wanted.innerMaps.map(({ content }) => content).find(({ kind }) => kind === 'invalid');
    expect(refused).to.include({
      reason: 'TooManyEntries',
      message:
        "Entries take 20 MiB: 5 MiB are left of the memory of the test: declare fewer, have that limit raised, or, where others hold the rest, have the OuterMap's owner set spec.maxNamespaceBytes",
    });
    expect(fixture.room.left).to.be.within(0, 10_000_000);
  });

  it('are read when another is gone or smaller', async () => {
    await fixture.start();
    await fixture.reads('them', each => each.innerMaps.length === 3);
    await fixture.watching('tenants');
    fixture.inner('a', 'tenants', { key: 0, entries: [] });
    const wanted = await fixture.reads('all three', each => kinds(each).join() === 'encoded,encoded,encoded');
    expect(wanted.innerMaps.map(({ content }) => contentBytes(content)).toSorted()).to.deep.equal([
      0, 20_080_000, 20_080_000,
    ]);
    fixture.inners('tenants').delete('b');
    await fixture.reads('two', each => each.innerMaps.length === 2);
    expect(fixture.room.left).to.equal(45_000_000 - 20_080_000);
  });

  it('are all read where their objects are larger than their bytes, by one list', async () => {
    const room = new WatchedRoom({ left: 4_000_000, bound: 'the memory of the test' });
    fixture.room = room;
    fixture.outer('ports', { inner: { type: 'Hash', maxEntries: 2_000, key: 'u32', value: 'u32' } });
    const entries = Array.from({ length: 2_000 }, (_, key) => ({ key, value: 1 }));
    for (let key = 0; key < 20; key += 1) fixture.inner(`p${key}`, 'ports', { key, entries });
    fixture.outerMaps.delete('tenants');
    await fixture.start();
    const wanted = await fixture.reads('them', each => each.innerMaps.length === 20);
    expect(new Set(kinds(wanted))).to.deep.equal(new Set(['encoded']));
    await fixture.source.read();
    expect([fixture.source.restarts, fixture.room.left]).to.deep.equal([0, 4_000_000 - 20 * 2_000 * 8]);
    expect([room.mayWait, room.leastLeft]).to.deep.equal([1_000_000, room.left]);
    expect(room.leastMayWait).to.be.within(0, 999_999);
  });

  it('are read one list at a time: the room of a list that begins anew is its own', async () => {
    fixture.inners('tenants').delete('b');
    fixture.inners('tenants').delete('c');
    const value = 'struct { __u32 first; u8 rest[996]; }';
    fixture.outer('others', { inner: { type: 'Hash', maxEntries: 50_000, key: 'u32', value } });
    fixture.inner('d', 'others', { key: 0, table });
    await fixture.start();
    await fixture.reads('two', each => kinds(each).join() === 'encoded,encoded');
    await fixture.watching('tenants');
    await fixture.watching('others');
    fixture.inner('c', 'tenants', { key: 1, table }).inner('e', 'others', { key: 1, table });
    await fixture.reads('two refused', each => kinds(each).join() === 'encoded,encoded,invalid,invalid');
    fixture.inners('tenants').delete('a');
    await fixture.reads('one read', each => kinds(each).join() === 'encoded,encoded,invalid');
    const { requests } = fixture.server;
    const lists = requests.filter(
      ({ path, query }) => path.endsWith('/innermaps') && query.has('sendInitialEvents'),
    );
    expect([lists.length, fixture.room.left]).to.deep.equal([3, 45_000_000 - 2 * 20_080_000]);
  });

  it('give all of it back when the OuterMap is gone', async () => {
    await fixture.start();
    await fixture.reads('them', each => each.innerMaps.length === 3);
    fixture.outerMaps.delete('tenants');
    await fixture.reads('none', each => each.innerMaps.length === 0);
    expect(fixture.room.left).to.equal(45_000_000);
  });
});
