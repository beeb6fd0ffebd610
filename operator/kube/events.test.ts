import { expect } from 'chai';
import { type Cluster, openCluster } from './client.ts';
import { type EventRecord, Events } from './events.ts';
import { SimulatedClock, until } from './testing/clock.ts';
import { json, refuse, ScriptedServer } from './testing/server.ts';

const WEB: EventRecord = {
  regarding: {
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'InnerMap',
    namespace: 'team-a',
    name: 'web',
    uid: 'u1',
  },
  type: 'Warning',
  reason: 'KeyConflict',
  action: 'Accept',
  note: 'team-b/web has the key',
};

describe('Events', () => {
  let server: ScriptedServer;
  let clock: SimulatedClock;
  let cluster: Cluster;
  let events: Events;
  const failures: Error[] = [];

  beforeEach(async () => {
    clock = new SimulatedClock();
    server = await new ScriptedServer(({ body }, response) => json(response, 201, JSON.parse(body))).listen();
    cluster = openCluster({ kubeconfig: server.kubeconfig(), userAgent: 'innermap/test', clock });
    failures.length = 0;
    events = new Events({
      cluster,
      clock,
      controller: 'innermap.io/controller',
      instance: 'controller-0',
      failed: error => failures.push(error),
    });
  });
  afterEach(async () => {
    await events.stop();
    await cluster.close();
    await server.close();
    expect(clock.sleeping).to.equal(0);
  });

  const sent = () => server.requests.map(({ method, body }) => ({ method, ...JSON.parse(body) }));

  it('writes the fields of events.k8s.io/v1', async () => {
    events.record(WEB);
    await clock.run(10);
    expect(server.requests[0]!.path).to.equal('/apis/events.k8s.io/v1/namespaces/team-a/events');
    const { metadata, ...event } = sent()[0]!;
    expect(metadata.namespace).to.equal('team-a');
    expect(metadata.name).to.match(/^web\.[0-9a-f]{16}$/);
    expect(event).to.deep.equal({
      method: 'POST',
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'innermap.io/controller',
      reportingInstance: 'controller-0',
      ...WEB,
    });
  });

  it('of cluster-scoped objects goes to default', async () => {
    events.record({
      ...WEB,
      regarding: { apiVersion: 'innermap.io/v1alpha1', kind: 'OuterMap', name: 'tenants' },
    });
    await clock.run(10);
    expect(sent()[0]!.metadata.namespace).to.equal('default');
  });

  it('a hundred repetitions are one event and one count', async () => {
    for (let time = 0; time < 100; time++) events.record(WEB);
    await clock.run(31_000);
    expect(sent().map(({ method }) => method)).to.deep.equal(['POST', 'PATCH']);
    expect(sent()[1]!.series).to.deep.equal({ count: 100, lastObservedTime: '2026-01-01T00:00:00.000000Z' });
    expect(server.requests[1]!.path).to.equal(
      `/apis/events.k8s.io/v1/namespaces/team-a/events/${sent()[0]!.metadata.name}`,
    );
  });

  it('what comes again after six quiet minutes is a new event', async () => {
    events.record(WEB);
    await clock.run(361_000);
    events.record(WEB);
    await clock.run(10);
    expect(sent().map(({ method }) => method)).to.deep.equal(['POST', 'POST']);
  });

  it('an object with many events is limited', async () => {
    for (let time = 0; time < 50; time++) events.record({ ...WEB, note: `note ${time}` });
    await until('written', () => server.requests.length === 10);
    expect(events.dropped).to.equal(40);
    await clock.run(60_000);
    events.record({ ...WEB, note: 'later' });
    await until('written', () => server.requests.length === 11);
  });

  it('ten thousand objects at once are a hundred events', async () => {
    for (let n = 0; n < 10_000; n++) events.record({ ...WEB, regarding: { ...WEB.regarding, uid: `u${n}` } });
    await clock.run(100);
    await clock.run(100);
    await events.stop();
    expect(server.requests).to.have.length(100);
    expect(events.dropped).to.equal(9_900);
  });

  it('long notes are cut by bytes, not through a character', async () => {
    events.record({ ...WEB, note: 'ü'.repeat(1_000), reason: 'R'.repeat(200) });
    await clock.run(10);
    expect(Buffer.byteLength(sent()[0]!.note)).to.equal(1_024);
    expect(sent()[0]!.note).not.to.contain('\ufffd');
    expect(sent()[0]!.reason).to.have.length(128);
  });

  it('a refusal is reported and counted, and throws nowhere', async () => {
    server.handler = (_, response) => refuse(response, 403, 'Forbidden');
    events.record(WEB);
    await clock.run(100);
    expect(failures).to.have.length(1);
    expect(events.dropped).to.equal(1);
  });

  it('stop writes counts that were not written yet', async () => {
    events.record(WEB);
    events.record(WEB);
    await clock.run(10);
    await events.stop();
    expect(sent().map(({ method }) => method)).to.deep.equal(['POST', 'PATCH']);
    events.record(WEB);
    expect(server.requests).to.have.length(2);
  });

  it('stop does not wait for a server that is away', async () => {
    server.handler = () => {};
    for (let n = 0; n < 20; n++) events.record({ ...WEB, regarding: { ...WEB.regarding, uid: `u${n}` } });
    await clock.run(10);
    let stopped = false;
    const stopping = events.stop().then(() => {
      stopped = true;
    });
    await clock.run(2_100);
    await stopping;
    expect(stopped).to.equal(true);
    expect(server.requests.length).to.equal(1);
  });
});
