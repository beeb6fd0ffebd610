import { expect } from 'chai';
import { PublisherFixture, STATE, tenants } from './testing/fixture.ts';

describe('ClusterPublisher', () => {
  let scene: PublisherFixture;

  beforeEach(async () => {
    scene = await new PublisherFixture().start();
  });

  afterEach(async () => {
    await scene.stop();
    expect(scene.clock.sleeping, 'timers left').to.equal(0);
  });

  const owned = () => {
    const { ownerReferences } = scene.states.objects.get('here')!.metadata as { ownerReferences?: unknown };
    return { ownerReferences };
  };

  const times = () => scene.writes.map(({ at }) => at);

  it('makes the object, owned by its Node, and writes its status at once', async () => {
    await scene.publish({});
    await scene.clock.run(0);
    const object = scene.states.objects.get('here')!;
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'here', uid: 'node-uid' };
    expect((object.metadata as { ownerReferences?: unknown }).ownerReferences).to.deep.equal([owner]);
    expect(object['status']).to.deep.equal(STATE);
    expect(times()).to.deep.equal([0]);
  });

  it('writes at most once a second, and then what is newest', async () => {
    for (let count = 1; count <= 25; count++) {
      await scene.publish({ outerMaps: [tenants({ innerMaps: count })] });
      await scene.clock.run(100);
    }
    await scene.clock.run(2_000);
    expect(times()).to.deep.equal([0, 1000, 2000, 3000]);
    expect(scene.writes.at(-1)?.status.outerMaps[0]?.innerMaps).to.equal(25);
    expect(scene.publisher.waitingMs).to.equal(0);
  });

  it('writes nothing when only time passed, or what is measured at each start differs', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    await scene.publish({ drift: { ...STATE.drift, lastCheck: '2026-01-01T01:00:00Z' } });
    await scene.publish({ kernel: { ...STATE.kernel, gracePeriodMs: 9 } });
    await scene.clock.run(3_600_000);
    expect(times()).to.deep.equal([0]);
  });

  it('a watermark that nobody waits for goes with the next write, and with none of its own', async () => {
    await scene.publish({}, { tenants: '100' });
    await scene.clock.run(10_000);
    await scene.publish({ outerMaps: [tenants({ programmedResourceVersion: '150' })] }, { tenants: '100' });
    await scene.clock.run(3_600_000);
    expect(times()).to.deep.equal([0]);
    const news = tenants({ programmedResourceVersion: '160', innerMaps: 2 });
    await scene.publish({ outerMaps: [news] }, { tenants: '100' });
    await scene.clock.run(0);
    expect(scene.writes.at(-1)?.status.outerMaps[0]?.programmedResourceVersion).to.equal('160');
  });

  it('a watermark waits until it has reached what is awaited', async () => {
    await scene.publish({}, { tenants: '100' });
    await scene.clock.run(10_000);
    await scene.publish({ outerMaps: [tenants({ programmedResourceVersion: '150' })] }, { tenants: '200' });
    await scene.clock.run(10_000);
    expect(times()).to.deep.equal([0]);
    await scene.publish({ outerMaps: [tenants({ programmedResourceVersion: '200' })] }, { tenants: '200' });
    await scene.clock.run(0);
    expect(times()).to.deep.equal([0, 20_000]);
  });

  it('a watermark that reaches a change goes at once, though nothing else is new', async () => {
    await scene.publish({}, { tenants: '100' });
    await scene.clock.run(5_000);
    await scene.publish({ outerMaps: [tenants({ programmedResourceVersion: '120' })] }, { tenants: '120' });
    await scene.clock.run(0);
    expect(times()).to.deep.equal([0, 5_000]);
  });

  it('a watermark that goes back, of a server that was restored, goes at once', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    await scene.publish({ outerMaps: [tenants({ programmedResourceVersion: '90' })] });
    await scene.clock.run(0);
    expect(scene.writes.at(-1)?.status.outerMaps[0]?.programmedResourceVersion).to.equal('90');
  });

  it('what was read before a stream broke off is not told afterwards, what is read then is', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    const stream = scene.restoreDetection.join(() => {});
    const waits = scene.publish({ outerMaps: [tenants({ innerMaps: 2 })] });
    stream.interrupted(scene.clock.now());
    await waits;
    await scene.clock.run(30_000);
    expect(times()).to.deep.equal([0]);
    expect(scene.publisher.waitingMs).to.equal(30_000);
    stream.confirmed();
    await scene.clock.run(0);
    expect(times()).to.deep.equal([0, 35_000]);
  });

  it('a stream that stays broken off keeps nothing from being told for more than a minute', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    const stream = scene.restoreDetection.join(() => {});
    stream.interrupted(scene.clock.now());
    await scene.clock.run(60_000);
    await scene.publish({ outerMaps: [tenants({ innerMaps: 2 })] });
    await scene.clock.run(0);
    expect(times()).to.deep.equal([0, 65_000]);
  });

  it('what a restored server has forgotten is told again, though nothing is new', async () => {
    scene.states.version = 1_000;
    await scene.publish({});
    await scene.clock.run(5_000);
    const told = scene.states.objects.get('here')!;
    await scene.publish({ outerMaps: [tenants({ innerMaps: 2 })] });
    await scene.clock.run(5_000);
    scene.server.reset();
    scene.states.restore([told], scene.states.version - 1);
    await scene.clock.run(10_000);
    const { outerMaps } = scene.states.objects.get('here')!['status'] as typeof STATE;
    expect(outerMaps).to.deep.equal([tenants({ innerMaps: 2 })]);
  });

  it('a restarted agent with nothing new writes nothing, and keeps the times of conditions', async () => {
    await scene.publish({});
    await scene.clock.run(10_000);
    await scene.restart();
    const later = [{ ...STATE.conditions[0]!, lastTransitionTime: '2026-02-02T00:00:00Z' }];
    await scene.publish({ conditions: later });
    await scene.clock.run(100_000);
    expect(scene.writes).to.have.length(1);
    await scene.publish({ conditions: later, outerMaps: [] });
    await scene.clock.run(0);
    expect(scene.writes.at(-1)?.status.conditions).to.deep.equal(STATE.conditions);
  });

  it('what somebody deletes or changes is written again', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    scene.states.delete('here');
    await scene.clock.run(1_000);
    expect(scene.states.objects.get('here')?.['status']).to.deep.equal(STATE);
    scene.states.put('here', { generation: 1, status: { ...STATE, outerMaps: [] } });
    await scene.clock.run(1_000);
    expect(scene.states.objects.get('here')?.['status']).to.deep.equal(STATE);
    expect(scene.writes).to.have.length(3);
  });

  it('tells once of tokens that somebody writes on the object, which its own writes leave there', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    let told = 0;
    scene.publisher.onRelease(() => told++);
    const status = scene.states.objects.get('here')!['status'];
    const annotations = { 'innermap.io/release-removal': 'abc, def' };
    scene.states.put('here', { generation: 1, status, metadata: { ...owned(), annotations } });
    await scene.clock.run(1_000);
    expect(scene.publisher.releases).to.deep.equal(['abc', 'def']);
    await scene.publish({ outerMaps: [] });
    await scene.clock.run(1_000);
    expect(told).to.equal(1);
    expect(scene.publisher.releases).to.deep.equal(['abc', 'def']);
  });

  it('a server that leaves empty lists out is not told again, and half a status is made whole', async () => {
    const nobody = { outerMaps: [], conditions: [] };
    await scene.publish(nobody);
    await scene.clock.run(5_000);
    const { outerMaps: _, failures: __, conditions: ___, ...left } = { ...STATE, ...nobody };
    scene.states.put('here', { generation: 1, status: left, metadata: owned() });
    await scene.clock.run(5_000);
    expect(times()).to.deep.equal([0]);
    scene.states.put('here', { generation: 1, status: { node: null }, metadata: owned() });
    await scene.clock.run(5_000);
    expect(scene.writes.at(-1)?.status).to.deep.equal({ ...STATE, ...nobody });
  });

  it('is owned anew when its Node was removed and added again', async () => {
    await scene.publish({});
    await scene.clock.run(5_000);
    await scene.publish({ node: { ...STATE.node, uid: 'other' } });
    await scene.clock.run(0);
    const { metadata } = scene.states.objects.get('here')!;
    const owners = (metadata as { ownerReferences?: { uid: string }[] }).ownerReferences;
    expect(owners?.map(({ uid }) => uid)).to.deep.equal(['other']);
  });

  it('a server with an older schema, which drops a field, is not told for ever', async () => {
    scene.drops = 'totals';
    await scene.publish({});
    await scene.clock.run(60_000);
    expect(times()).to.deep.equal([0]);
  });

  it('a refused write is tried again with pauses, and no turn waits for it', async () => {
    scene.refusal = 403;
    await scene.publish({});
    await scene.clock.run(600_000);
    expect(scene.attempts).to.be.within(20, 40);
    expect(scene.publisher.waitingMs).to.be.greaterThan(590_000);
    expect(scene.failures[0]).to.match(/403/);
    scene.refusal = undefined;
    await scene.clock.run(31_000);
    expect(scene.writes).to.have.length(1);
  });

  it('tells the last news before it closes', async () => {
    await scene.publish({});
    await scene.clock.run(100);
    await scene.publish({ outerMaps: [] });
    await scene.restart();
    expect(scene.writes.at(-1)?.status.outerMaps).to.deep.equal([]);
  });
});
