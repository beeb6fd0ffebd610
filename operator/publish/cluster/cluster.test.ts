import { expect } from 'chai';
import { PublisherFixture, STATE, tenants } from './testing/fixture.ts';

describe('ClusterPublisher', () => {
  let fixture: PublisherFixture;

  beforeEach(async () => {
    fixture = await new PublisherFixture().start();
  });

  afterEach(async () => {
    await fixture.stop();
    expect(fixture.clock.sleeping, 'timers left').to.equal(0);
  });

  const owned = () => {
    const { ownerReferences } = fixture.states.objects.get('here')!.metadata as { ownerReferences?: unknown };
    return { ownerReferences };
  };

  const times = () => fixture.writes.map(({ at }) => at);

  it('makes the object, owned by its Node, and writes its status at once', async () => {
    await fixture.publish({});
    await fixture.clock.run(0);
    const object = fixture.states.objects.get('here')!;
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'here', uid: 'node-uid' };
    expect((object.metadata as { ownerReferences?: unknown }).ownerReferences).to.deep.equal([owner]);
    expect(object['status']).to.deep.equal(STATE);
    expect(times()).to.deep.equal([0]);
  });

  it('writes at most once a second, and then what is newest', async () => {
    for (let count = 1; count <= 25; count++) {
      await fixture.publish({ outerMaps: [tenants({ innerMaps: count })] });
      await fixture.clock.run(100);
    }
    await fixture.clock.run(2_000);
    expect(times()).to.deep.equal([0, 1000, 2000, 3000]);
    expect(fixture.writes.at(-1)?.status.outerMaps[0]?.innerMaps).to.equal(25);
    expect(fixture.publisher.waitingMs).to.equal(0);
  });

  it('writes nothing when only time passed, or what is measured at each start differs', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    await fixture.publish({ drift: { ...STATE.drift, lastCheck: '2026-01-01T01:00:00Z' } });
    await fixture.publish({ kernel: { ...STATE.kernel, gracePeriodMs: 9 } });
    await fixture.clock.run(3_600_000);
    expect(times()).to.deep.equal([0]);
  });

  it('a watermark that nobody waits for goes with the next write, and with none of its own', async () => {
    await fixture.publish({}, { tenants: '100' });
    await fixture.clock.run(10_000);
    await fixture.publish({ outerMaps: [tenants({ programmedResourceVersion: '150' })] }, { tenants: '100' });
    await fixture.clock.run(3_600_000);
    expect(times()).to.deep.equal([0]);
    const news = tenants({ programmedResourceVersion: '160', innerMaps: 2 });
    await fixture.publish({ outerMaps: [news] }, { tenants: '100' });
    await fixture.clock.run(0);
    expect(fixture.writes.at(-1)?.status.outerMaps[0]?.programmedResourceVersion).to.equal('160');
  });

  it('a watermark waits until it has reached what is awaited', async () => {
    await fixture.publish({}, { tenants: '100' });
    await fixture.clock.run(10_000);
    await fixture.publish({ outerMaps: [tenants({ programmedResourceVersion: '150' })] }, { tenants: '200' });
    await fixture.clock.run(10_000);
    expect(times()).to.deep.equal([0]);
    await fixture.publish({ outerMaps: [tenants({ programmedResourceVersion: '200' })] }, { tenants: '200' });
    await fixture.clock.run(0);
    expect(times()).to.deep.equal([0, 20_000]);
  });

  it('a watermark that reaches a change goes at once, though nothing else is new', async () => {
    await fixture.publish({}, { tenants: '100' });
    await fixture.clock.run(5_000);
    await fixture.publish({ outerMaps: [tenants({ programmedResourceVersion: '120' })] }, { tenants: '120' });
    await fixture.clock.run(0);
    expect(times()).to.deep.equal([0, 5_000]);
  });

  it('a watermark that goes back, of a server that was restored, goes at once', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    await fixture.publish({ outerMaps: [tenants({ programmedResourceVersion: '90' })] });
    await fixture.clock.run(0);
    expect(fixture.writes.at(-1)?.status.outerMaps[0]?.programmedResourceVersion).to.equal('90');
  });

  it('what was read before an interruption is not published after it, what is read then is', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    const stream = fixture.restoreDetection.join(() => {});
    const waits = fixture.publish({ outerMaps: [tenants({ innerMaps: 2 })] });
    stream.interrupted(fixture.clock.now());
    await waits;
    await fixture.clock.run(30_000);
    expect(times()).to.deep.equal([0]);
    expect(fixture.publisher.waitingMs).to.equal(30_000);
    stream.confirmed();
    await fixture.clock.run(0);
    expect(times()).to.deep.equal([0, 35_000]);
  });

  it('a stream that stays interrupted holds back reports for a minute and no longer', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    const stream = fixture.restoreDetection.join(() => {});
    stream.interrupted(fixture.clock.now());
    await fixture.clock.run(60_000);
    await fixture.publish({ outerMaps: [tenants({ innerMaps: 2 })] });
    await fixture.clock.run(0);
    expect(times()).to.deep.equal([0, 65_000]);
  });

  it('what a restored server has lost is written again, though nothing is new', async () => {
    fixture.states.version = 1_000;
    await fixture.publish({});
    await fixture.clock.run(5_000);
    const before = fixture.states.objects.get('here')!;
    await fixture.publish({ outerMaps: [tenants({ innerMaps: 2 })] });
    await fixture.clock.run(5_000);
    fixture.server.reset();
    fixture.states.restore([before], fixture.states.version - 1);
    await fixture.clock.run(10_000);
    const { outerMaps } = fixture.states.objects.get('here')!['status'] as typeof STATE;
    expect(outerMaps).to.deep.equal([tenants({ innerMaps: 2 })]);
  });

  it('a restarted agent with nothing new writes nothing, and keeps the times of conditions', async () => {
    await fixture.publish({});
    await fixture.clock.run(10_000);
    await fixture.restart();
    const later = [{ ...STATE.conditions[0]!, lastTransitionTime: '2026-02-02T00:00:00Z' }];
    await fixture.publish({ conditions: later });
    await fixture.clock.run(100_000);
    expect(fixture.writes).to.have.length(1);
    await fixture.publish({ conditions: later, outerMaps: [] });
    await fixture.clock.run(0);
    expect(fixture.writes.at(-1)?.status.conditions).to.deep.equal(STATE.conditions);
  });

  it('what somebody deletes or changes is written again', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    fixture.states.delete('here');
    await fixture.clock.run(1_000);
    expect(fixture.states.objects.get('here')?.['status']).to.deep.equal(STATE);
    fixture.states.put('here', { generation: 1, status: { ...STATE, outerMaps: [] } });
    await fixture.clock.run(1_000);
    expect(fixture.states.objects.get('here')?.['status']).to.deep.equal(STATE);
    expect(fixture.writes).to.have.length(3);
  });

  it('reports once tokens that somebody writes on the object, which its own writes leave there', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    let calls = 0;
    fixture.publisher.onRelease(() => calls++);
    const status = fixture.states.objects.get('here')!['status'];
    const annotations = { 'innermap.io/release-removal': 'abc, def' };
    fixture.states.put('here', { generation: 1, status, metadata: { ...owned(), annotations } });
    await fixture.clock.run(1_000);
    expect(fixture.publisher.releases).to.deep.equal(['abc', 'def']);
    await fixture.publish({ outerMaps: [] });
    await fixture.clock.run(1_000);
    expect(calls).to.equal(1);
    expect(fixture.publisher.releases).to.deep.equal(['abc', 'def']);
  });

  it('a server that leaves empty lists out gets no second write, and half a status is made whole', async () => {
    const nobody = { outerMaps: [], conditions: [] };
    await fixture.publish(nobody);
    await fixture.clock.run(5_000);
    const { outerMaps: _, failures: __, conditions: ___, ...left } = { ...STATE, ...nobody };
    fixture.states.put('here', { generation: 1, status: left, metadata: owned() });
    await fixture.clock.run(5_000);
    expect(times()).to.deep.equal([0]);
    fixture.states.put('here', { generation: 1, status: { node: null }, metadata: owned() });
    await fixture.clock.run(5_000);
    expect(fixture.writes.at(-1)?.status).to.deep.equal({ ...STATE, ...nobody });
  });

  it('is owned anew when its Node was removed and added again', async () => {
    await fixture.publish({});
    await fixture.clock.run(5_000);
    await fixture.publish({ node: { ...STATE.node, uid: 'other' } });
    await fixture.clock.run(0);
    const { metadata } = fixture.states.objects.get('here')!;
    const owners = (metadata as { ownerReferences?: { uid: string }[] }).ownerReferences;
    expect(owners?.map(({ uid }) => uid)).to.deep.equal(['other']);
  });

  it('a server with an older schema, which drops a field, does not get writes for ever', async () => {
    fixture.drops = 'totals';
    await fixture.publish({});
    await fixture.clock.run(60_000);
    expect(times()).to.deep.equal([0]);
  });

  it('a refused write is tried again with pauses, and no turn waits for it', async () => {
    fixture.refusal = 403;
    await fixture.publish({});
    await fixture.clock.run(600_000);
    expect(fixture.attempts).to.be.within(20, 40);
    expect(fixture.publisher.waitingMs).to.be.greaterThan(590_000);
    expect(fixture.failures[0]).to.match(/403/);
    fixture.refusal = undefined;
    await fixture.clock.run(31_000);
    expect(fixture.writes).to.have.length(1);
  });

  it('writes the last news before it closes', async () => {
    await fixture.publish({});
    await fixture.clock.run(100);
    await fixture.publish({ outerMaps: [] });
    await fixture.restart();
    expect(fixture.writes.at(-1)?.status.outerMaps).to.deep.equal([]);
  });
});
