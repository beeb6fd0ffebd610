import { expect } from 'chai';
import { refused } from './testing/cluster.ts';
import { ControllerFixture } from './testing/fixture.ts';

describe('Controller', () => {
  let scene: ControllerFixture;

  afterEach(async () => {
    await scene.stop();
    expect(scene.clock.sleeping).to.equal(0);
  });

  async function readyScene(): Promise<ControllerFixture> {
    scene = await new ControllerFixture().nodes('a', 'b').outer().inner('web').start();
    scene.report('a', 'b');
    await scene.clock.run(3_000);
    expect(scene.ready('innermaps', 'team/web')).to.equal('True Programmed');
    expect(scene.ready('outermaps', 'tenants')).to.equal('True Programmed');
    scene.writes();
    return scene;
  }

  it('writes a change once that all nodes answer within a second', async () => {
    await readyScene();
    scene.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] });
    await scene.clock.run(300);
    scene.report('a');
    await scene.clock.run(300);
    scene.report('b');
    await scene.clock.run(20_000);
    expect(scene.ready('innermaps', 'team/web')).to.equal('True Programmed');
    expect(scene.writes()).to.equal(1);
  });

  it('writes nothing more for hours when nothing changes', async () => {
    await readyScene();
    await scene.clock.run(50_000);
    scene.report('a', 'b');
    await scene.clock.run(600_000);
    expect(scene.cluster.patches).to.deep.equal([]);
  });

  it('tells of nodes that are behind after 1, 5, 15 and 60 s, and then calls them unknown', async () => {
    await readyScene();
    scene.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] }).report('a');
    await scene.clock.run(70_000);
    expect(scene.ready('innermaps', 'team/web')).to.equal('False Progressing');
    expect(scene.writes()).to.equal(1);
    await scene.clock.run(120_000);
    expect(scene.ready('innermaps', 'team/web')).to.equal('Unknown NodesNotReporting');
    expect(scene.writes()).to.equal(1);
  });

  it('follows a wave with few writes, however many nodes tell', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `n${at}`);
    scene = await new ControllerFixture()
      .nodes(...names)
      .outer()
      .inner('web')
      .start();
    scene.writes();
    for (const name of names) {
      scene.report(name);
      await scene.clock.run(1_000);
    }
    await scene.clock.run(2_000);
    expect(scene.ready('innermaps', 'team/web')).to.equal('True Programmed');
    expect(scene.writes()).to.be.at.most(4);
  });

  it('takes Ready from the OuterMap at once when an InnerMap is deleted', async () => {
    await readyScene();
    scene.cluster.remove('innermaps', 'team/web');
    await scene.clock.run(0);
    expect(scene.ready('outermaps', 'tenants')).to.equal('False Progressing');
    scene.report('a');
    await scene.clock.run(10_000);
    expect(scene.ready('outermaps', 'tenants')).to.equal('False Progressing');
    scene.report('b');
    await scene.clock.run(200);
    expect(scene.ready('outermaps', 'tenants')).to.equal('True Programmed');
  });

  it('rebuilds the same statuses after a restart, and writes none', async () => {
    await readyScene();
    scene.report('a', 'b');
    await scene.stop();
    await scene.start();
    await scene.clock.run(20_000);
    expect(scene.cluster.patches).to.deep.equal([]);
  });

  it('leaves OuterMaps’ statuses as they should be, so that no deletion is missed', async () => {
    await readyScene();
    scene.inner('brief', { key: 9 });
    await scene.clock.run(100);
    await scene.stop();
    scene.cluster.remove('innermaps', 'team/brief');
    await scene.start();
    expect(scene.ready('outermaps', 'tenants')).to.equal('False Progressing');
  });

  it('notices a deletion that it slept through', async () => {
    await readyScene();
    await scene.stop();
    scene.cluster.remove('innermaps', 'team/web');
    await scene.start();
    expect(scene.ready('outermaps', 'tenants')).to.equal('False Progressing');
    scene.report('a', 'b');
    await scene.clock.run(200);
    expect(scene.ready('outermaps', 'tenants')).to.equal('True Programmed');
  });

  for (const [far, ahead] of [
    ['so much that the restored server does not come to count as far', 1_000],
    ['so little that the restored server has counted further before anybody looks', 0],
  ] as const)
    it(`does not believe states of before an etcd was restored that had gone on by ${far}`, async () => {
      await readyScene();
      const kinds = ['innermaps', 'outermaps', 'nodemapstates', 'nodes', 'pods'];
      const backup = Object.fromEntries(kinds.map(kind => [kind, [...scene.cluster.objects(kind)]]));
      const { version } = scene.cluster;
      scene.cluster.version += ahead;
      scene.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] });
      scene.report('a', 'b');
      await scene.clock.run(5_000);
      expect(scene.ready('innermaps', 'team/web')).to.equal('True Programmed');
      scene.cluster.restore(version, backup);
      scene.cluster.version += 50;
      await scene.clock.run(60_000);
      expect(scene.warnings.join()).to.contain('Server was restored');
      expect(scene.ready('innermaps', 'team/web')).to.equal('False Progressing');
      scene.report('a', 'b');
      await scene.clock.run(5_000);
      expect(scene.ready('innermaps', 'team/web')).to.equal('True Programmed');
    });

  it('writes no status from the moment on at which a stream broke until all are there again', async () => {
    await readyScene();
    scene.report('a', 'b');
    await scene.clock.run(5_000);
    scene.writes();
    scene.cluster.hang('nodemapstates');
    scene.cluster.cut();
    scene.inner('web', { key: 1, entries: [{ key: 1, value: 1 }] });
    await scene.clock.run(50_000);
    expect(scene.writes()).to.equal(0);
    // One that stays away holds nobody up for ever
    await scene.clock.run(20_000);
    expect(scene.writes()).to.be.greaterThan(0);
    expect(scene.ready('innermaps', 'team/web')).to.equal('False Progressing');
  });

  it('writes no status either where a stream broke before all had been there for the first time', async () => {
    scene = new ControllerFixture().nodes('a', 'b').outer().inner('web').report('a', 'b');
    const answer = scene.cluster.hang('innermaps');
    await scene.start();
    scene.cluster.hang('nodemapstates');
    scene.cluster.cut();
    await scene.clock.run(5_000);
    answer();
    await scene.clock.run(40_000);
    expect(scene.writes()).to.equal(0);
    await scene.clock.run(20_000);
    expect(scene.writes()).to.be.greaterThan(0);
  });

  it('comes back without a storm when statuses cannot be written', async () => {
    await readyScene();
    scene.cluster.refusal = () => refused(503, 'ServiceUnavailable');
    for (let name = 0; name < 100; name++) scene.inner(`i${name}`, { key: 100 + name });
    await scene.clock.run(60_000);
    expect(scene.codes.filter(code => code.endsWith('503')).length).to.be.within(1, 250);
    scene.cluster.refusal = undefined;
    await scene.clock.run(60_000);
    expect(scene.condition('innermaps', 'team/i99', 'Accepted')).to.equal('True Accepted');
  });

  it('asks again later where an object was overtaken, and at most every minute where it is refused', async () => {
    await readyScene();
    scene.cluster.refusal = ({ name }) => refused(name === 'late' ? 409 : 422, 'Conflict');
    scene.inner('late', { key: 7 }).inner('bad', { key: 8 });
    await scene.clock.run(120_000);
    expect(scene.codes.filter(code => code === 'InnerMap 422').length).to.be.within(2, 4);
    scene.cluster.refusal = undefined;
    await scene.clock.run(61_000);
    for (const name of ['late', 'bad'])
      expect(scene.condition('innermaps', `team/${name}`, 'Accepted')).to.equal('True Accepted');
  });

  it('reads contents that are long, and tells of an InnerMap that cannot be read', async () => {
    await readyScene();
    const rows = Array.from({ length: 20_000 }, (_, row) => `${row},${row}`);
    scene.outer({ inner: { type: 'Hash', maxEntries: 30_000, key: 'u32', value: 'u32' } });
    scene.inner('long', { key: 5, table: ['key,value', ...rows].join('\n') });
    scene.inner('odd', { key: 6, entries: 'none' });
    await scene.clock.run(3_000);
    expect(scene.condition('innermaps', 'team/long', 'Accepted')).to.equal('True Accepted');
    expect(scene.cluster.find('innermaps', 'team/long')?.['status']).to.deep.include({ entries: 20_000 });
    expect(scene.condition('innermaps', 'team/odd', 'Accepted')).to.equal('False InvalidEntries');
  });

  it('tells people of transitions, and of nothing that stays', async () => {
    await readyScene();
    expect(scene.cluster.events.map(({ reason, type }) => `${type} ${reason}`)).to.have.members([
      'Normal Programmed',
      'Normal Programmed',
    ]);
    scene.cluster.events.length = 0;
    scene.inner('lost', { outerMap: 'nowhere' });
    await scene.clock.run(120_000);
    expect(scene.cluster.events.map(({ reason, type }) => `${type} ${reason}`)).to.deep.equal([
      'Warning OuterMapNotFound',
    ]);
  });

  it('is ready when everything is read, alive while it turns, and tells its sizes', async () => {
    await readyScene();
    expect(scene.controller.ready()).to.equal(true);
    expect(scene.controller.alive()).to.equal(true);
    expect(scene.controller.gauges()).to.deep.equal({
      ...{ isLeader: true, queueDepth: 0, queueOldestSeconds: 0 },
      ...{ nodes: 2, outerMaps: 1, innerMaps: 1, eventsDropped: 0, watchRestarts: 0 },
    });
    await scene.stop();
    expect(scene.controller.ready()).to.equal(false);
  });

  it('writes nothing while another leads', async () => {
    scene = await new ControllerFixture().nodes('a').outer().inner('web').start({ leaderElection: true });
    await scene.clock.run(3_000);
    expect(scene.writes()).to.equal(1);
    const other = new ControllerFixture();
    Object.assign(other, { cluster: scene.cluster, clock: scene.clock });
    await other.start({ leaderElection: true, identity: 'b' });
    scene.inner('next', { key: 2 });
    await scene.clock.run(5_000);
    expect(other.codes).to.deep.equal([]);
    expect(await other.stop()).to.equal('stopped');
  });
});
