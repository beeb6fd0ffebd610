import { expect } from 'chai';
import { CountedRoom } from '../../core/bytes/contentroom.ts';
import { contentBytes, type Wanted } from '../../core/wanted.ts';
import { ClusterSourceFixture } from './testing/fixture.ts';

describe('clusterSource, a namespace that declares more than maxNamespaceBytes', () => {
  let fixture: ClusterSourceFixture;

  beforeEach(() => {
    fixture = new ClusterSourceFixture();
    fixture.room = new CountedRoom({ left: 50_000_000, bound: 'the memory of the test' });
    limit(12_000_000);
  });

  afterEach(async () => {
    await fixture.stop();
    expect(fixture.clock.sleeping, 'timers left').to.equal(0);
  });

  function limit(maxNamespaceBytes: number): void {
    const value = 'struct { __u32 first; u8 rest[996]; }';
    const inner = { type: 'Hash', maxEntries: 50_000, key: 'u32', value };
    fixture.node().outer('tenants', { inner, maxNamespaceBytes });
  }

  /** An InnerMap whose entries take about so many megabytes, made in that year. */
  function declare(name: string, megabytes: number, year: number): void {
    const lines = Array.from({ length: megabytes * 1_000 }, (_, at) => `${at},1`);
    const [namespace] = name.split('-');
    fixture.inners('tenants').put(name, {
      metadata: { namespace, creationTimestamp: `${year}-01-01T00:00:00Z` },
      spec: { outerMap: 'tenants', key: year, table: `key,value.first\n${lines.join('\n')}\n` },
    });
  }

  const megabytes = (wanted: Wanted) =>
    wanted.innerMaps
      .map(({ innerMap, content }) => `${innerMap.metadata.name}:${Math.round(contentBytes(content) / 1e6)}`)
      .toSorted()
      .join(' ');
  const reads = (expected: string) => fixture.reads(expected, each => megabytes(each) === expected);
  const lists = () =>
    fixture.server.requests.filter(
      ({ path, query }) => path.endsWith('/innermaps') && query.has('sendInitialEvents'),
    ).length;

  it('keeps its oldest, twice the bound together, and leaves the rest of the room to others', async () => {
    for (const [at, name] of ['flood-a', 'flood-b', 'flood-c', 'flood-d'].entries())
      declare(name, 20, 2030 - at);
    declare('other-a', 20, 2031);
    await fixture.start();
    const wanted = await reads('flood-a:0 flood-b:0 flood-c:0 flood-d:20 other-a:20');
    await fixture.source.read();
    expect([lists(), fixture.room.left]).to.deep.equal([1, 50_000_000 - 2 * 20_080_000]);
    const [refused] = wanted.innerMaps.filter(({ innerMap }) => innerMap.metadata.name === 'flood-a');
    expect(refused?.content).to.include({
      reason: 'TooManyEntries',
      message:
        "Entries take 20 MiB: 4 MiB are left of the 23 MiB that InnerMaps of namespace flood may declare, twice spec.maxNamespaceBytes: declare fewer, or let the OuterMap's owner raise it",
    });
  });

  it('an older one takes the place of younger ones, also when it comes later', async () => {
    declare('flood-b', 12, 2027);
    declare('flood-c', 9, 2026);
    await fixture.start();
    await reads('flood-b:12 flood-c:9');
    await fixture.watching('tenants');
    declare('flood-a', 10, 2025);
    await reads('flood-a:10 flood-b:0 flood-c:9');
    declare('flood-a', 1, 2025);
    await reads('flood-a:1 flood-b:12 flood-c:9');
    fixture.inners('tenants').delete('flood-c');
    await reads('flood-a:1 flood-b:12');
    expect(fixture.room.left).to.equal(50_000_000 - 13 * 1_004_000);
  });

  it('what finds room beside those that found none is listed once', async () => {
    declare('flood-a', 20, 2026);
    declare('flood-b', 10, 2027);
    declare('flood-c', 10, 2025);
    await fixture.start();
    await reads('flood-a:0 flood-b:10 flood-c:10');
    for (let turn = 0; turn < 5; turn += 1) await fixture.source.read();
    expect([lists(), fixture.room.left]).to.deep.equal([2, 50_000_000 - 20 * 1_004_000]);
  });

  it('follows the bound', async () => {
    declare('flood-a', 20, 2025);
    declare('flood-b', 20, 2026);
    await fixture.start();
    await reads('flood-a:20 flood-b:0');
    limit(30_000_000);
    await reads('flood-a:20 flood-b:20');
    limit(12_000_000);
    await reads('flood-a:20 flood-b:0');
    expect(fixture.room.left).to.equal(50_000_000 - 20_080_000);
  });
});
