import { expect } from 'chai';
import { refused } from './testing/cluster.ts';
import { ControllerFixture, OBJECTS } from './testing/fixture.ts';

describe('Controller', () => {
  let fixture: ControllerFixture;

  afterEach(async () => {
    await fixture.stop();
    expect(fixture.clock.sleeping).to.equal(0);
  });

  async function readyFixture(): Promise<ControllerFixture> {
    fixture = await new ControllerFixture().nodes('a', 'b').outer().inner('web').start();
    fixture.report('a', 'b');
    await fixture.clock.run(3_000);
    expect(fixture.ready('innermaps', 'team/web')).to.equal('True Programmed');
    expect(fixture.ready('outermaps', 'tenants')).to.equal('True Programmed');
    fixture.writes();
    return fixture;
  }

  it('writes once if all nodes report within a second', async () => {
    await readyFixture();
    fixture.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] });
    await fixture.clock.run(300);
    fixture.report('a');
    await fixture.clock.run(300);
    fixture.report('b');
    await fixture.clock.run(20_000);
    expect(fixture.ready('innermaps', 'team/web')).to.equal('True Programmed');
    expect(fixture.writes()).to.equal(1);
  });

  it('writes nothing more for hours when nothing changes', async () => {
    await readyFixture();
    await fixture.clock.run(50_000);
    fixture.report('a', 'b');
    await fixture.clock.run(600_000);
    expect(fixture.cluster.patches).to.deep.equal([]);
  });

  it('writes nothing for a label that no selector names, though one agent never reports again', async () => {
    fixture = new ControllerFixture().nodes('a', 'b', 'c').outer();
    for (let key = 0; key < 300; key++) fixture.inner(`m${key}`, { key });
    await fixture.start();
    fixture.report('a', 'b', 'c');
    for (let second = 0; second < 10; second++) await fixture.clock.run(1_000);
    expect(fixture.ready('innermaps', 'team/m299')).to.equal('True Programmed');
    fixture.writes();
    for (const name of ['a', 'b', 'c']) {
      const { metadata, ...rest } = fixture.cluster.find('nodes', name)!;
      fixture.cluster.put('nodes', { ...rest, metadata: { ...metadata, labels: { team: 'green' } } });
      if (name !== 'c') fixture.report(name);
    }
    for (let second = 0; second < 120; second++) await fixture.clock.run(1_000);
    expect(fixture.cluster.patches).to.deep.equal([]);
  });

  it('reports nodes behind after 1, 5, 15 and 60 s, and unknown after that', async () => {
    await readyFixture();
    fixture.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] }).report('a');
    await fixture.clock.run(70_000);
    expect(fixture.ready('innermaps', 'team/web')).to.equal('False Progressing');
    expect(fixture.writes()).to.equal(1);
    await fixture.clock.run(120_000);
    expect(fixture.ready('innermaps', 'team/web')).to.equal('Unknown NodesNotReporting');
    expect(fixture.writes()).to.equal(1);
  });

  it('writes a wave of reports a few times only, however many nodes report', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `n${at}`);
    fixture = await new ControllerFixture()
      .nodes(...names)
      .outer()
      .inner('web')
      .start();
    fixture.writes();
    for (const name of names) {
      fixture.report(name);
      await fixture.clock.run(1_000);
    }
    await fixture.clock.run(2_000);
    expect(fixture.ready('innermaps', 'team/web')).to.equal('True Programmed');
    expect(fixture.writes()).to.be.at.most(4);
  });

  it('clears Ready of the OuterMap at once when an InnerMap is deleted', async () => {
    await readyFixture();
    fixture.cluster.remove('innermaps', 'team/web');
    await fixture.clock.run(0);
    expect(fixture.ready('outermaps', 'tenants')).to.equal('False Progressing');
    fixture.report('a');
    await fixture.clock.run(10_000);
    expect(fixture.ready('outermaps', 'tenants')).to.equal('False Progressing');
    fixture.report('b');
    await fixture.clock.run(200);
    expect(fixture.ready('outermaps', 'tenants')).to.equal('True Programmed');
  });

  it('rebuilds the same statuses after a restart, and writes none', async () => {
    await readyFixture();
    fixture.report('a', 'b');
    await fixture.stop();
    await fixture.start();
    await fixture.clock.run(20_000);
    expect(fixture.cluster.patches).to.deep.equal([]);
  });

  it('writes the OuterMaps’ pending statuses at the end, so that no deletion is missed', async () => {
    await readyFixture();
    fixture.inner('brief', { key: 9 });
    await fixture.clock.run(100);
    await fixture.stop();
    fixture.cluster.remove('innermaps', 'team/brief');
    await fixture.start();
    expect(fixture.ready('outermaps', 'tenants')).to.equal('False Progressing');
  });

  it('detects a deletion that happened while it was stopped', async () => {
    await readyFixture();
    await fixture.stop();
    fixture.cluster.remove('innermaps', 'team/web');
    await fixture.start();
    expect(fixture.ready('outermaps', 'tenants')).to.equal('False Progressing');
    fixture.report('a', 'b');
    await fixture.clock.run(200);
    expect(fixture.ready('outermaps', 'tenants')).to.equal('True Programmed');
  });

  for (const [far, ahead] of [
    ['so much that the restored server does not come to count as far', 1_000],
    ['so little that the restored server has counted further before a stream detects it', 0],
  ] as const)
    it(`ignores states from before a restoration of etcd, which had advanced by ${far}`, async () => {
      await readyFixture();
      const kinds = ['innermaps', 'outermaps', 'nodemapstates', 'nodes', 'pods'];
      const backup = Object.fromEntries(kinds.map(kind => [kind, [...fixture.cluster.objects(kind)]]));
      const { version } = fixture.cluster;
      fixture.cluster.version += ahead;
      fixture.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] });
      fixture.report('a', 'b');
      await fixture.clock.run(5_000);
      expect(fixture.ready('innermaps', 'team/web')).to.equal('True Programmed');
      fixture.cluster.restore(version, backup);
      fixture.cluster.version += 50;
      await fixture.clock.run(60_000);
      expect(fixture.warnings.join()).to.contain('Server was restored');
      expect(fixture.ready('innermaps', 'team/web')).to.equal('False Progressing');
      fixture.report('a', 'b');
      await fixture.clock.run(5_000);
      expect(fixture.ready('innermaps', 'team/web')).to.equal('True Programmed');
    });

  it('writes no status after a stream broke until all streams are complete again', async () => {
    await readyFixture();
    fixture.report('a', 'b');
    await fixture.clock.run(5_000);
    fixture.writes();
    fixture.cluster.hang('nodemapstates');
    fixture.cluster.cut();
    fixture.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] });
    await fixture.clock.run(50_000);
    expect(fixture.writes()).to.equal(0);
    // A stream that stays away does not block writes forever.
    await fixture.clock.run(20_000);
    expect(fixture.writes()).to.be.greaterThan(0);
    expect(fixture.ready('innermaps', 'team/web')).to.equal('False Progressing');
  });

  it('writes no status if a stream broke before all were complete for the first time', async () => {
    fixture = new ControllerFixture().nodes('a', 'b').outer().inner('web').report('a', 'b');
    const answer = fixture.cluster.hang('innermaps');
    await fixture.start();
    fixture.cluster.hang('nodemapstates');
    fixture.cluster.cut();
    await fixture.clock.run(5_000);
    answer();
    await fixture.clock.run(40_000);
    expect(fixture.writes()).to.equal(0);
    await fixture.clock.run(20_000);
    expect(fixture.writes()).to.be.greaterThan(0);
  });

  it('retries without a storm when statuses cannot be written', async () => {
    await readyFixture();
    fixture.cluster.refusal = () => refused(503, 'ServiceUnavailable');
    for (let name = 0; name < 100; name++) fixture.inner(`i${name}`, { key: 100 + name });
    await fixture.clock.run(60_000);
    expect(fixture.codes.filter(code => code.endsWith('503')).length).to.be.within(1, 250);
    fixture.cluster.refusal = undefined;
    await fixture.clock.run(60_000);
    expect(fixture.condition('innermaps', 'team/i99', 'Accepted')).to.equal('True Accepted');
  });

  it('retries later after a conflict, and at most every minute after a rejection', async () => {
    await readyFixture();
    fixture.cluster.refusal = ({ name }) => refused(name === 'late' ? 409 : 422, 'Conflict');
    fixture.inner('late', { key: 7 }).inner('bad', { key: 8 });
    await fixture.clock.run(120_000);
    expect(fixture.codes.filter(code => code === 'InnerMap 422').length).to.be.within(2, 4);
    fixture.cluster.refusal = undefined;
    await fixture.clock.run(61_000);
    for (const name of ['late', 'bad'])
      expect(fixture.condition('innermaps', `team/${name}`, 'Accepted')).to.equal('True Accepted');
  });

  it('reads large contents, and rejects an InnerMap that cannot be parsed', async () => {
    await readyFixture();
    const rows = Array.from({ length: 20_000 }, (_, row) => `${row},${row}`);
    fixture.outer({ inner: { type: 'Hash', maxEntries: 30_000, key: 'u32', value: 'u32' } });
    fixture.inner('long', { key: 5, table: ['key,value', ...rows].join('\n') });
    fixture.inner('odd', { key: 6, entries: 'none' });
    await fixture.clock.run(3_000);
    expect(fixture.condition('innermaps', 'team/long', 'Accepted')).to.equal('True Accepted');
    expect(fixture.cluster.find('innermaps', 'team/long')?.['status']).to.deep.include({ entries: 20_000 });
    expect(fixture.condition('innermaps', 'team/odd', 'Accepted')).to.equal('False InvalidEntries');
  });

  it('sends events for transitions only', async () => {
    await readyFixture();
    expect(fixture.cluster.events.map(({ reason, type }) => `${type} ${reason}`)).to.have.members([
      'Normal Programmed',
      'Normal Programmed',
    ]);
    fixture.cluster.events.length = 0;
    fixture.inner('lost', { outerMap: 'nowhere' });
    await fixture.clock.run(120_000);
    expect(fixture.cluster.events.map(({ reason, type }) => `${type} ${reason}`)).to.deep.equal([
      'Warning OuterMapNotFound',
    ]);
  });

  it('counts nodes of which nothing is known, and those that never had an agent', async () => {
    await readyFixture();
    const pod = fixture.cluster.find('pods', 'innermap-system/agent-b')!;
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }];
    fixture.cluster.put('pods', { ...pod, status: { conditions } });
    fixture.cluster.put('nodes', OBJECTS.node('windows'));
    await fixture.clock.run(90_000);
    fixture.nodes('new');
    await fixture.clock.run(5_000);
    const { nodes, nodesSilent, nodesWithoutAgent } = fixture.controller.gauges();
    expect({ nodes, nodesSilent, nodesWithoutAgent }).to.deep.equal({
      ...{ nodes: 4, nodesSilent: 1, nodesWithoutAgent: 1 },
    });
  });

  it('is ready when all streams are read, alive while it turns, and returns its gauges', async () => {
    await readyFixture();
    expect(fixture.controller.ready()).to.equal(true);
    expect(fixture.controller.alive()).to.equal(true);
    expect(fixture.controller.gauges()).to.deep.equal({
      ...{ isLeader: true, queueDepth: 0, queueOldestSeconds: 0 },
      ...{
        nodes: 2,
        nodesSilent: 0,
        nodesWithoutAgent: 0,
        outerMaps: 1,
        innerMaps: 1,
        eventsDropped: 0,
        watchRestarts: 0,
      },
    });
    await fixture.stop();
    expect(fixture.controller.ready()).to.equal(false);
  });

  it('writes nothing while another leads', async () => {
    fixture = await new ControllerFixture().nodes('a').outer().inner('web').start({ leaderElection: true });
    await fixture.clock.run(3_000);
    expect(fixture.writes()).to.equal(1);
    const other = new ControllerFixture();
    Object.assign(other, { cluster: fixture.cluster, clock: fixture.clock });
    await other.start({ leaderElection: true, identity: 'b' });
    fixture.inner('next', { key: 2 });
    await fixture.clock.run(5_000);
    expect(other.codes).to.deep.equal([]);
    expect(await other.stop()).to.equal('stopped');
  });
});
