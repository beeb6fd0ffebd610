import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { type Cluster, type KubeObject, openCluster } from './client.ts';
import { Lease, type LeaseOptions } from './lease.ts';
import { SimulatedClock, until } from './testing/clock.ts';
import { json, type Received, refuse, ScriptedServer } from './testing/server.ts';

type LeaseObject = KubeObject & { spec: Record<string, unknown> };

describe('Lease', () => {
  let server: ScriptedServer;
  let clock: SimulatedClock;
  let cluster: Cluster;
  let object: LeaseObject | undefined;
  let version: number;

  beforeEach(async () => {
    object = undefined;
    version = 1;
    clock = new SimulatedClock();
    server = await new ScriptedServer(serve).listen();
    cluster = openCluster({ kubeconfig: server.kubeconfig(), userAgent: 'innermap/test', clock });
  });
  afterEach(async () => {
    await cluster.close();
    await server.close();
  });

  /** One Lease with the API server's optimistic lock. */
  function serve({ method, body }: Received, response: ServerResponse): void {
    const sent = body === '' ? undefined : (JSON.parse(body) as LeaseObject);
    if (method === 'GET' && object === undefined) refuse(response, 404, 'NotFound');
    else if (method === 'GET') json(response, 200, object);
    else if (method === 'POST' && object !== undefined) refuse(response, 409, 'AlreadyExists');
    else if (method === 'PUT' && sent!.metadata.resourceVersion !== object!.metadata.resourceVersion)
      refuse(response, 409, 'Conflict');
    else {
      object = { ...sent!, metadata: { ...sent!.metadata, resourceVersion: String(++version) } };
      json(response, 200, object);
    }
  }

  function lease(identity: string, options: Partial<LeaseOptions> = {}): Lease {
    return new Lease({ cluster, namespace: 'system', name: 'controller', identity, clock, ...options });
  }

  async function within(milliseconds: number, result: Promise<unknown>): Promise<unknown> {
    let value: unknown = 'pending';
    result.then(found => (value = found));
    await clock.run(milliseconds);
    return value;
  }

  it('acquires what nobody holds, with times in microseconds', async () => {
    expect(await lease('a').acquire(new AbortController().signal)).to.equal(true);
    expect(object!.spec).to.deep.equal({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-01T00:00:00.000000Z',
      acquireTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('renews every 2 s, keeps acquireTime, and releases on stop', async () => {
    const stop = new AbortController();
    const mine = lease('a');
    await mine.acquire(stop.signal);
    const held = mine.hold(stop.signal);
    await clock.run(60_000);
    expect(object!.spec['renewTime']).to.match(/^2026-01-01T00:00:(58|59|60)|2026-01-01T00:01:00/);
    expect(object!.spec['acquireTime']).to.equal('2026-01-01T00:00:00.000000Z');
    expect(server.requests.length).to.be.within(55, 65);
    stop.abort();
    expect(await held).to.equal('released');
    expect(object!.spec['holderIdentity']).to.equal('');
  });

  it('releases though the stop came while a renewal was written', async () => {
    const stop = new AbortController();
    const mine = lease('a');
    await mine.acquire(stop.signal);
    const holding = mine.hold(stop.signal);
    server.handler = (received, response) => {
      if (received.method !== 'PUT' || stop.signal.aborted) return serve(received, response);
      stop.abort();
      return serve(received, response);
    };
    await clock.run(2_100);
    expect(await holding).to.equal('released');
    expect(object!.spec['holderIdentity']).to.equal('');
  });

  it('another waits its duration by its own clock, whatever times the lease has', async () => {
    object = held('b', { renewTime: '1999-01-01T00:00:00.000000Z', leaseTransitions: 3 });
    const acquired = lease('a').acquire(new AbortController().signal);
    expect(await within(14_500, acquired)).to.equal('pending');
    expect(await within(4_000, acquired)).to.equal(true);
    expect(object!.spec).to.include({ holderIdentity: 'a', leaseTransitions: 4 });
  });

  it('another that renews is never robbed, and its times are never written', async () => {
    object = held('b', { renewTime: '2026-01-01T00:00:00.123456Z' });
    const stop = new AbortController();
    const acquired = lease('a').acquire(stop.signal);
    for (let renewal = 0; renewal < 10; renewal++) {
      await clock.run(10_000);
      object = { ...object!, spec: { ...object!.spec, renewTime: `2026-01-01T00:00:0${renewal}.123457Z` } };
    }
    stop.abort();
    expect(await acquired).to.equal(false);
    expect(server.requests.every(({ method }) => method === 'GET')).to.equal(true);
  });

  it('a released lease is taken at the next try', async () => {
    object = held('', { leaseDurationSeconds: 1 });
    expect(await within(100, lease('a').acquire(new AbortController().signal))).to.equal(true);
  });

  it('of two that try at once one acquires it', async () => {
    const stop = new AbortController();
    const both = [lease('a').acquire(stop.signal), lease('b').acquire(stop.signal)];
    await until('both tried', () => server.requests.filter(({ method }) => method === 'POST').length === 2);
    await Promise.race(both);
    await clock.run(3_000);
    stop.abort();
    expect((await Promise.all(both)).filter(got => got)).to.have.length(1);
  });

  for (const [what, handler] of [
    ['fails', (_: Received, response: ServerResponse) => refuse(response, 500, 'InternalError')],
    ['is silent', () => {}],
  ] as const)
    it(`is lost 10 s after the last renewal when the server ${what}`, async () => {
      const failures: Error[] = [];
      const mine = lease('a', { failed: error => failures.push(error) });
      const stop = new AbortController();
      await mine.acquire(stop.signal);
      const holding = mine.hold(stop.signal);
      server.handler = handler;
      expect(await within(8_900, holding)).to.equal('pending');
      expect(await within(3_200, holding)).to.equal('lost');
      expect(failures.length).to.be.within(1, 6);
    });

  it('is lost at once when another has it', async () => {
    const mine = lease('a');
    const stop = new AbortController();
    await mine.acquire(stop.signal);
    const holding = mine.hold(stop.signal);
    object = held('b', {});
    expect(await within(2_500, holding)).to.equal('lost');
    expect(object!.spec['holderIdentity']).to.equal('b');
  });

  it('a short failure costs nothing, and other calls that wait do not hold it up', async () => {
    const mine = lease('a');
    const stop = new AbortController();
    await mine.acquire(stop.signal);
    const holding = mine.hold(stop.signal);
    server.handler = (_, response) => refuse(response, 503, 'ServiceUnavailable');
    const calls = Array.from({ length: 50 }, () =>
      cluster.get({ resource: { group: '', version: 'v1', plural: 'nodes' }, name: 'n' }).catch(() => {}),
    );
    await clock.run(7_000);
    server.handler = serve;
    expect(await within(30_000, holding)).to.equal('pending');
    expect(object!.spec['holderIdentity']).to.equal('a');
    stop.abort();
    expect(await holding).to.equal('released');
    await clock.run(200_000);
    await Promise.all(calls);
  });

  it('a stop while waiting is quiet', async () => {
    object = held('b', {});
    const stop = new AbortController();
    const acquired = lease('a').acquire(stop.signal);
    await until('requested', () => server.requests.length === 1);
    stop.abort();
    expect(await acquired).to.equal(false);
  });

  it('refuses an empty identity', () => {
    expect(() => lease('')).to.throw('identity is empty');
  });

  function held(holderIdentity: string, spec: object): LeaseObject {
    const metadata = {
      name: 'controller',
      namespace: 'system',
      uid: 'u',
      resourceVersion: String(++version),
    };
    return { metadata, spec: { holderIdentity, leaseDurationSeconds: 15, ...spec } };
  }
});
