import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { InnerMapStatus, OuterMapStatus } from '../../../operator/api/status.ts';
import { Controller } from '../../../operator/controller/run.ts';
import { ApiError, type Cluster, type KubeObject, openCluster } from '../../../operator/kube/client.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { eventually, innerMap, outerMap, reasonOf, statusOf, tableOf } from './declared.ts';
import { AGENTS, Fleet, INNER_MAPS, NAMESPACE, OUTER_MAPS } from './fleet.ts';

const SILENT = { error: () => {}, warn: () => {}, info: () => {} };

interface Running {
  readonly writes: string[];
  stop(): Promise<'stopped' | 'lost'>;
}

describeCluster('controller on a real API server', fixture => {
  let cluster: Cluster;
  let fleet: Fleet;
  let running: Running[] = [];

  before(async function () {
    this.timeout(120_000);
    await fixture.install();
    await fixture.namespaces(NAMESPACE, 'team-a', 'team-b');
    await fixture.kubectl.run(['create', 'serviceaccount', 'default', '-n', NAMESPACE]);
    await fixture.kubectl.run(['delete', 'nodes', '--all']);
    cluster = openCluster({ kubeconfig: fixture.controlPlane.kubeconfig, userAgent: 'innermap/test' });
    fleet = new Fleet(cluster);
    await fleet.join('one', { zone: 'a' });
    await fleet.join('two', { zone: 'b' });
  });

  beforeEach(() => fixture.install());

  afterEach(async () => {
    await Promise.all(running.map(each => each.stop()));
    running = [];
  });

  after(async () => {
    await fixture.kubectl.run(['delete', 'nodes', '--all']);
    await fixture.kubectl.run(['delete', 'pods', '--all', '-n', NAMESPACE, '--force', '--grace-period=0']);
    await cluster.close();
  });

  /** A controller of its own, as another process would have it. */
  function start(identity: string): Running {
    const own = openCluster({
      kubeconfig: fixture.controlPlane.kubeconfig,
      userAgent: `innermap/${identity}`,
      concurrency: 24,
    });
    const ending = new AbortController();
    const writes: string[] = [];
    const observer = {
      wrote: (kind: string, code: string) => writes.push(`${kind} ${code}`),
      folded: () => {},
    };
    const options = { cluster: own, namespace: NAMESPACE, agentSelector: AGENTS, identity };
    const controller = new Controller({ ...options, log: SILENT, observer, relistJitterMs: 0 });
    const done = controller.run(ending.signal);
    const each: Running = {
      writes,
      stop: async () => {
        ending.abort();
        const outcome = await done;
        await own.close();
        return outcome;
      },
    };
    running.push(each);
    return each;
  }

  async function inner(name: string, namespace = 'team-a'): Promise<InnerMapStatus | undefined> {
    const object = await cluster.get<KubeObject>({ ...INNER_MAPS, namespace, name });
    return object['status'] as InnerMapStatus | undefined;
  }

  async function outer(name: string): Promise<OuterMapStatus | undefined> {
    const object = await cluster.get<KubeObject>({ ...OUTER_MAPS, name });
    return object['status'] as OuterMapStatus | undefined;
  }

  it('tells why InnerMaps cannot be taken, and takes those that can', async () => {
    start('a');
    // Before the OuterMap is there the admission policy cannot refuse it.
    await fixture.put(innerMap('foreign', { key: '10.9.0.1' }));
    await fixture.put(outerMap());
    await fixture.put(innerMap('good', { key: '10.1.0.1' }));
    await fixture.put(innerMap('lost', { outerMap: 'nowhere' }));
    await fixture.put(innerMap('wrong', { key: 'abc' }));
    await fixture.put(innerMap('content', { key: '10.1.0.2', entries: [{ key: 'x', value: 1 }] }));
    await fixture.put(innerMap('large', { key: '10.1.0.3', table: tableOf(65) }));
    await fixture.put(innerMap('late', { key: '10.1.0.1' }, 'team-b'));
    const reasons = await eventually(
      async () => ({
        good: reasonOf(await inner('good'), 'Accepted'),
        lost: reasonOf(await inner('lost'), 'Accepted'),
        foreign: reasonOf(await inner('foreign'), 'Accepted'),
        wrong: reasonOf(await inner('wrong'), 'Accepted'),
        content: reasonOf(await inner('content'), 'Accepted'),
        large: reasonOf(await inner('large'), 'Accepted'),
        late: reasonOf(await inner('late', 'team-b'), 'Accepted'),
      }),
      reasons => Object.values(reasons).every(reason => reason !== undefined),
    );
    expect(reasons).to.deep.equal({
      good: 'Accepted',
      lost: 'OuterMapNotFound',
      foreign: 'KeyNotAllowed',
      wrong: 'InvalidKey',
      content: 'InvalidEntries',
      large: 'TooManyEntries',
      late: 'KeyConflict',
    });
    expect((await inner('good'))?.nodes).to.deep.include({ desired: 2, ready: 0, summary: '0/2' });
  });

  it('is Ready when every node has it, with one write of a change that all answer at once', async () => {
    const { writes } = start('a');
    await fixture.put(outerMap());
    await fleet.report('tenants', ['one', 'two']);
    await eventually(
      () => outer('tenants'),
      status => statusOf(status, 'Ready') === 'True',
    );
    writes.length = 0;
    await fixture.put(innerMap('web', { key: '10.1.0.1', entries: [{ key: 1, value: 1 }] }));
    await fleet.report('tenants', ['one', 'two']);
    const status = await eventually(
      () => inner('web'),
      status => statusOf(status, 'Ready') === 'True',
    );
    expect(status?.nodes.summary).to.equal('2/2');
    expect(status?.entries).to.equal(1);
    const object = await cluster.get<KubeObject>({ ...INNER_MAPS, namespace: 'team-a', name: 'web' });
    expect(status?.observedGeneration).to.equal(object.metadata.generation);
    await sleep(1_500);
    expect(writes.filter(write => write === 'InnerMap 200')).to.have.length(1);
    expect(writes.filter(write => !write.endsWith('200'))).to.deep.equal([]);
  });

  it('names the node that fails and why, and the nodes that are behind', async () => {
    start('a');
    await fixture.put(outerMap());
    await fixture.put(innerMap('web', { key: '10.1.0.1' }));
    await fixture.put(innerMap('slow', { key: '10.1.0.2' }));
    const failure = {
      kind: 'InnerMap',
      namespace: 'team-a',
      name: 'web',
      outerMap: 'tenants',
      reason: 'OutOfMemory',
      message: 'ENOMEM, memory limit of the pod is 256 MiB',
    } as const;
    await fleet.report('tenants', ['one'], { failures: [failure] });
    const failed = await eventually(
      () => inner('web'),
      status => reasonOf(status, 'Ready') === 'OutOfMemory',
    );
    expect(failed?.failures).to.deep.equal([
      { node: 'one', reason: 'OutOfMemory', message: failure.message },
    ]);
    const slow = await eventually(
      () => inner('slow'),
      status => status?.nodes.ready === 1,
    );
    expect(slow?.conditions[2]).to.deep.include({ status: 'False', reason: 'Progressing' });
    expect(slow?.conditions[2]?.message).to.equal('1 of 2 nodes behind: two');
  });

  it('is not Ready again after a deletion until every node has passed it', async () => {
    start('a');
    await fixture.put(outerMap());
    await fixture.put(innerMap('web', { key: '10.1.0.1' }));
    await fleet.report('tenants', ['one', 'two']);
    await eventually(
      () => outer('tenants'),
      status => statusOf(status, 'Ready') === 'True' && status?.innerMaps === 1,
    );
    await fixture.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
    const waiting = fixture.kubectl.run(['wait', '--for=condition=Ready', 'om/tenants', '--timeout=20s']);
    const gated = await eventually(
      () => outer('tenants'),
      status => reasonOf(status, 'Ready') === 'Progressing',
    );
    expect(gated?.conditions[2]?.message).to.equal('2 of 2 nodes behind: one, two');
    await fleet.report('tenants', ['one']);
    await sleep(500);
    expect(statusOf(await outer('tenants'), 'Ready')).to.equal('False');
    await fleet.report('tenants', ['two']);
    expect((await waiting).code).to.equal(0);
    expect(statusOf(await outer('tenants'), 'Ready')).to.equal('True');
  });

  it('judges contents by an OuterMap that comes later, and anew when it is made again', async () => {
    start('a');
    await fixture.put(innerMap('web', { key: '10.1.0.1', entries: [{ key: 1, value: 300 }] }));
    await eventually(
      () => inner('web'),
      status => reasonOf(status, 'Accepted') === 'OuterMapNotFound',
    );
    await fixture.put(outerMap());
    await eventually(
      () => inner('web'),
      status => reasonOf(status, 'Accepted') === 'Accepted',
    );
    await fixture.kubectl.must(['delete', 'om', 'tenants']);
    await fixture.put(outerMap({ inner: { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u8' } }));
    const status = await eventually(
      () => inner('web'),
      status => reasonOf(status, 'Accepted') === 'InvalidEntries',
    );
    expect(status?.conditions[0]?.message).to.contain('spec.entries[0].value');
  });

  it('a label that newly selects a node takes Ready away, until its agent has reported', async () => {
    start('a');
    await fixture.put(outerMap());
    const nodeSelector = { matchLabels: { zone: 'a' } };
    await fixture.put(innerMap('web', { key: '10.1.0.1', nodeSelector }));
    await fleet.report('tenants', ['one', 'two']);
    await eventually(
      () => inner('web'),
      status => status?.nodes.summary === '1/1',
    );
    await fleet.label('two', { zone: 'a' });
    const taken = await eventually(
      () => inner('web'),
      status => statusOf(status, 'Ready') === 'False',
    );
    expect(taken?.nodes.summary).to.equal('1/2');
    await fleet.report('tenants', ['one', 'two']);
    await eventually(
      () => inner('web'),
      status => status?.nodes.summary === '2/2' && statusOf(status, 'Ready') === 'True',
    );
    await fleet.label('two', { zone: 'b' });
  });

  it('cannot write the status of an object that was made again under its name', async () => {
    await fixture.put(innerMap('web', { key: '10.1.0.1' }));
    const place = { ...INNER_MAPS, namespace: 'team-a', name: 'web', subresource: 'status' } as const;
    const { metadata } = await cluster.get<KubeObject>({ ...place, subresource: undefined });
    await fixture.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
    await fixture.put(innerMap('web', { key: '10.1.0.1' }));
    const { resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion }, status: { entries: 1 } };
    const refusal = await cluster.patch(place, patch).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ApiError).and.include({ status: 409 });
  });

  it('tells people in events, of transitions alone', async () => {
    start('a');
    await fixture.put(innerMap('event', { outerMap: 'nowhere' }));
    const listed = ['get', 'events', '-n', 'team-a', '-o', 'jsonpath={.items[*].reason}'];
    await eventually(
      () => fixture.kubectl.must(listed),
      reasons => reasons.includes('OuterMapNotFound'),
    );
  });

  it('another takes over when the leader stops, and writes nothing that is written', async () => {
    const first = start('a');
    await fixture.put(outerMap());
    await fixture.put(innerMap('web', { key: '10.1.0.1' }));
    await fleet.report('tenants', ['one', 'two']);
    await eventually(
      () => inner('web'),
      status => statusOf(status, 'Ready') === 'True',
    );
    const second = start('b');
    await sleep(1_500);
    expect(second.writes).to.deep.equal([]);
    expect(await first.stop()).to.equal('stopped');
    await fixture.put(innerMap('next', { key: '10.1.0.2' }));
    await eventually(
      () => inner('next'),
      status => reasonOf(status, 'Ready') === 'Progressing',
    );
    expect(second.writes.filter(write => write === 'InnerMap 200')).to.have.length(1);
    await fleet.report('tenants', ['one', 'two']);
    await eventually(
      () => inner('next'),
      status => statusOf(status, 'Ready') === 'True',
    );
  });
});
