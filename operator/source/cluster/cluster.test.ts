import { expect } from 'chai';
import { until } from '../../kube/testing/clock.ts';
import { ClusterSourceFixture, namesIn } from './testing/fixture.ts';

describe('clusterSource', () => {
  let fixture: ClusterSourceFixture;

  beforeEach(() => {
    fixture = new ClusterSourceFixture();
  });

  afterEach(async () => {
    await fixture.stop();
    expect(fixture.clock.sleeping, 'timers left').to.equal(0);
  });

  /** One OuterMap with one InnerMap, read and watched. */
  async function reading() {
    fixture
      .node()
      .outer('tenants')
      .inner('web', 'tenants', { key: 1, entries: [{ key: 2, value: 3 }] });
    await fixture.start();
    const wanted = await fixture.reads('all of it', each => each.innerMaps.length === 1);
    await fixture.watching('tenants');
    return wanted;
  }

  it('answers the whole set as bytes, how far it goes, and the node', async () => {
    const wanted = await reading();
    expect(wanted).to.include({ complete: true });
    expect(wanted.unsettled).to.deep.equal(new Set());
    expect(wanted.outerMaps.map(({ metadata }) => metadata.name)).to.deep.equal(['tenants']);
    const { content } = wanted.innerMaps[0]!;
    expect(content).to.deep.include({
      kind: 'encoded',
      entries: { count: 1, keys: Uint8Array.of(2, 0, 0, 0), values: Uint8Array.of(3, 0, 0, 0) },
    });
    expect(wanted.watermarks).to.deep.equal(new Map([['tenants', { seen: '101', awaited: '101' }]]));
    expect(wanted.node?.uid).to.equal('uid-here-100');
    expect(fixture.source.hasSynced).to.equal(true);
  });

  it('answers the same sets while contents are the same: status writes and heartbeats are no change', async () => {
    const before = await reading();
    const { changes } = fixture;
    fixture.inners('tenants').put('web', { generation: 1, status: { entries: 1 } });
    fixture.outer('tenants', {}, { generation: 1, status: { innerMaps: 1 } });
    fixture.node({}, { generation: 1, status: { heartbeat: 1 } });
    const after = await fixture.reads(
      'the watermark',
      each => each.watermarks?.get('tenants')?.seen === '102',
    );
    expect(after.innerMaps).to.equal(before.innerMaps);
    expect(after.outerMaps).to.equal(before.outerMaps);
    expect(after.node).to.equal(before.node);
    expect(after.watermarks?.get('tenants')?.awaited).to.equal('101');
    expect(fixture.changes).to.equal(changes);
  });

  it('a bookmark moves the watermark and is no change', async () => {
    await reading();
    const { changes } = fixture;
    fixture.inners('tenants').version = 500;
    fixture.inners('tenants').bookmark();
    const { watermarks } = await fixture.reads(
      '500',
      each => each.watermarks?.get('tenants')?.seen === '500',
    );
    expect(watermarks?.get('tenants')?.awaited).to.equal('101');
    expect(fixture.changes).to.equal(changes);
  });

  it('what a status waits for is awaited, and reported once', async () => {
    await reading();
    const { changes } = fixture;
    const waits = { specResourceVersion: '102' };
    fixture.inners('tenants').put('web', { generation: 1, status: {} });
    fixture.inners('tenants').put('web', { generation: 1, status: waits });
    fixture.inners('tenants').put('web', { generation: 1, status: { ...waits, entries: 1 } });
    const mark = await fixture.reads('it', each => each.watermarks?.get('tenants')?.seen === '104');
    expect(mark.watermarks?.get('tenants')?.awaited).to.equal('102');
    fixture.outer('tenants', {}, { generation: 1, status: { deletionResourceVersion: '300' } });
    await until('the reports', () => fixture.changes === changes + 2);
    expect((await fixture.source.read()).watermarks?.get('tenants')?.awaited).to.equal('102');
    fixture.inners('tenants').version = 300;
    fixture.inners('tenants').bookmark();
    await fixture.reads('300', each => each.watermarks?.get('tenants')?.awaited === '300');
  });

  it('an edit and a deletion are changes, up to their own resourceVersion', async () => {
    await reading();
    fixture.inner('db', 'tenants', { key: 9 });
    const two = await fixture.reads('two', each => each.innerMaps.length === 2);
    expect(two.watermarks?.get('tenants')).to.deep.equal({ seen: '102', awaited: '102' });
    fixture.inners('tenants').delete('web');
    const one = await fixture.reads('one', each => each.innerMaps.length === 1);
    expect(namesIn(one)).to.deep.equal(['db']);
    expect(one.watermarks?.get('tenants')).to.deep.equal({ seen: '103', awaited: '103' });
  });

  it('is unsettled from a deletion on until none has come for a moment, at most two seconds', async () => {
    fixture.node().outer('tenants');
    for (let key = 0; key < 40; key++) fixture.inner(`m${key}`, 'tenants', { key });
    await fixture.start();
    await fixture.reads('all', each => each.innerMaps.length === 40);
    await fixture.watching('tenants');
    let settledAfter = 0;
    for (let key = 0; key < 30 && settledAfter === 0; key++) {
      fixture.inners('tenants').delete(`m${key}`);
      const { unsettled } = await fixture.reads('fewer', each => each.innerMaps.length === 39 - key);
      expect([...(unsettled ?? [])]).to.deep.equal(['tenants']);
      await fixture.clock.run(200);
      if (((await fixture.source.read()).unsettled?.size ?? 0) === 0) settledAfter = (key + 1) * 200;
    }
    expect(settledAfter).to.equal(2000);
    const { changes } = fixture;
    fixture.inners('tenants').delete('m39');
    await fixture.reads('gone', each => !namesIn(each).includes('m39'));
    await fixture.clock.run(260);
    expect((await fixture.source.read()).unsettled).to.deep.equal(new Set());
    expect(fixture.changes).to.equal(changes + 2);
  });

  it('waits longer for a wave of many deletions, which is judged as a whole', async () => {
    fixture.node().outer('tenants');
    for (let key = 0; key < 200; key++) fixture.inner(`m${key}`, 'tenants', { key });
    await fixture.start();
    await fixture.reads('all', each => each.innerMaps.length === 200);
    await fixture.watching('tenants');
    for (let key = 0; key < 200; key++) {
      fixture.inners('tenants').delete(`m${key}`);
      await fixture.clock.run(50);
    }
    const { unsettled } = await fixture.reads('none', each => each.innerMaps.length === 0);
    expect([...(unsettled ?? [])]).to.deep.equal(['tenants']);
    await fixture.clock.run(250);
    expect((await fixture.source.read()).unsettled).to.deep.equal(new Set());
  });

  it('follows the node’s labels: what no longer selects it is not streamed', async () => {
    fixture.node({ zone: 'a' });
    fixture.outer('tenants', { nodeSelector: { matchLabels: { zone: 'a' } } });
    fixture.outer('others', { nodeSelector: { matchLabels: { zone: 'b' } } });
    fixture.inner('web', 'tenants', { key: 1 }).inner('db', 'others', { key: 2 });
    await fixture.start();
    expect(namesIn(await fixture.reads('web', each => each.innerMaps.length === 1))).to.deep.equal(['web']);
    fixture.node({ zone: 'b' });
    const wanted = await fixture.reads('db', each => namesIn(each)[0] === 'db' && each.unsettled?.size === 0);
    expect(wanted.node?.labels).to.deep.equal({ zone: 'b' });
    await until('the old stream has ended', () => fixture.inners('tenants').watching === 0);
  });

  it('an OuterMap that comes later is unsettled until its InnerMaps were read whole', async () => {
    await reading();
    fixture.forbidden.add('innermaps');
    fixture.outer('later').inner('x', 'later', { key: 1 });
    const wanted = await fixture.reads('it', each => each.outerMaps.length === 2);
    expect(wanted.unsettled).to.deep.equal(new Set(['later']));
    expect(wanted.watermarks?.has('later')).to.equal(false);
    expect(wanted.complete).to.equal(true);
    fixture.forbidden.clear();
    await fixture.clock.run(5_000);
    await fixture.reads('its InnerMaps', each => each.unsettled?.size === 0 && each.innerMaps.length === 2);
  });

  it('an OuterMap made again with another layout has its InnerMaps encoded anew', async () => {
    await reading();
    fixture.outerMaps.delete('tenants');
    await fixture.reads('none', each => each.outerMaps.length === 0);
    fixture.outer('tenants', { inner: { type: 'Hash', maxEntries: 8, key: 'u32', value: 'u64' } });
    const { innerMaps } = await fixture.reads('again', each => each.innerMaps.length === 1);
    const { content } = innerMaps[0]!;
    expect(content.kind === 'encoded' && content.entries.values.length).to.equal(8);
  });

  it('without the Node nothing is complete, and it says what to do', async () => {
    fixture.outer('tenants').inner('web', 'tenants', { key: 1 });
    await fixture.start();
    const read = fixture.source.read();
    await fixture.clock.run(10_001);
    const wanted = await read;
    expect(wanted).to.deep.include({ complete: false, innerMaps: [] });
    expect(wanted.refusals[0]).to.deep.equal({
      origin: 'Node here',
      message: 'is not in the cluster: name the node that this agent runs on with --node',
    });
    fixture.node();
    await fixture.reads('all', each => each.complete && each.innerMaps.length === 1);
  });

  it('what is forbidden is incomplete, never empty', async () => {
    fixture.node().outer('tenants').inner('web', 'tenants', { key: 1 });
    fixture.forbidden.add('outermaps');
    await fixture.start();
    const read = fixture.source.read();
    await fixture.clock.run(10_001);
    expect(await read).to.deep.include({ complete: false, outerMaps: [] });
    expect(fixture.failures[0]).to.match(/^outermaps: .*403 Forbidden/);
  });

  it('a Node that goes while its agent runs keeps its labels, and nothing is removed', async () => {
    const before = await reading();
    fixture.nodes.delete('here');
    const wanted = await fixture.reads('incomplete', each => !each.complete);
    expect(wanted.innerMaps).to.equal(before.innerMaps);
    expect(wanted.node).to.equal(before.node);
  });

  it('an InnerMap whose entries cannot be read keeps name and key and says why', async () => {
    await reading();
    fixture.inner('web', 'tenants', { key: 1, entries: [{ key: null, value: 3 }] });
    const { innerMaps } = await fixture.reads('it', each => each.innerMaps[0]?.content.kind === 'invalid');
    expect(innerMaps[0]!.innerMap.spec.key).to.equal(1);
    expect(innerMaps[0]!.content).to.deep.include({
      reason: 'InvalidEntries',
      message: "spec.entries[0].key: Missing: the entry's key",
    });
  });

  it('an OuterMap that cannot be read stays what it was, and is named; the others are complete', async () => {
    const before = await reading();
    fixture.outer('tenants', { type: 'Heap' });
    const wanted = await fixture.reads('it', each => each.unreadable?.has('tenants') === true);
    expect(wanted.complete).to.equal(true);
    expect(wanted.outerMaps).to.deep.equal(before.outerMaps);
    expect(wanted.refusals[0]).to.deep.include({ origin: 'OuterMap tenants' });
    fixture.outerMaps.delete('tenants');
    await fixture.reads('none', each => each.unreadable?.size === 0 && each.outerMaps.length === 0);
  });

  it('an OuterMap that never could be read keeps nobody waiting at the start', async () => {
    fixture.node().outer('tenants').outer('heap', { type: 'Heap' }).inner('web', 'tenants', { key: 1 });
    await fixture.start();
    const wanted = await fixture.reads('web', each => each.innerMaps.length === 1);
    expect(wanted).to.deep.include({ complete: true, unreadable: new Set(['heap']) });
    expect(fixture.source.hasSynced).to.equal(true);
  });

  it('an annotation that releases a removal is a new OuterMap', async () => {
    const before = await reading();
    fixture.outer(
      'tenants',
      {},
      { generation: 1, metadata: { annotations: { 'innermap.io/release-removal': 't' } } },
    );
    const wanted = await fixture.reads('it', each => each.outerMaps[0] !== before.outerMaps[0]);
    expect(wanted.outerMaps[0]!.metadata.annotations).to.deep.equal({ 'innermap.io/release-removal': 't' });
    expect(wanted.innerMaps).to.deep.equal(before.innerMaps);
  });

  it('tokens for this node are in the set, and their change is reported', async () => {
    await reading();
    const { changes } = fixture;
    fixture.releases = ['abc'];
    fixture.source.changed();
    expect(fixture.changes).to.equal(changes + 1);
    expect((await fixture.source.read()).releases).to.deep.equal(['abc']);
  });

  it('a large table is encoded after its arrival; set and watermark are of one moment', async () => {
    fixture.node().outer('tenants');
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at},${at}`).join('\n');
    fixture.inner('big', 'tenants', { key: 1, table: `key,value\n${rows}\n` });
    await fixture.start();
    const wanted = await fixture.reads('it', each => each.innerMaps.length === 1);
    const { content } = wanted.innerMaps[0]!;
    expect(content.kind === 'encoded' && content.entries.count).to.equal(20_000);
    expect((await fixture.source.read()).innerMaps).to.equal(wanted.innerMaps);
  });

  it('what arrives while contents are encoded is no part of the watermark until it is one of the set', async () => {
    await reading();
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at},${at}`).join('\n');
    for (let round = 0; round < 10; round++) {
      const { changes } = fixture;
      fixture.inner('big', 'tenants', { key: 2, table: `key,value\n${rows}\n${20_000 + round},1\n` });
      await until('it arrived', () => fixture.changes > changes);
      const answer = fixture.source.read();
      fixture.inner(`late-${round}`, 'tenants', { key: 10 + round });
      const { innerMaps, watermarks } = await answer;
      const versions = innerMaps.map(({ innerMap }) => Number(innerMap.metadata.resourceVersion));
      expect(Number(watermarks?.get('tenants')?.seen)).to.equal(Math.max(...versions));
      await fixture.reads('the late one', each => namesIn(each).includes(`late-${round}`));
    }
  });
});
