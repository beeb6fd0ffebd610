import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { ApiError, type Cluster, type ClusterOptions, type KubeObject, openCluster } from './client.ts';
import { SimulatedClock, until } from './testing/clock.ts';
import { type Handler, json, refuse, ScriptedServer } from './testing/server.ts';
import { readPages } from './watch/pages.ts';

const RESOURCE = { group: 'innermap.io', version: 'v1alpha1', plural: 'innermaps' };
const WEB = { resource: RESOURCE, namespace: 'team-a', name: 'web' };
const OBJECT = { metadata: { name: 'web', namespace: 'team-a' } };

describe('openCluster', () => {
  let server: ScriptedServer;
  let clock: SimulatedClock;
  const clusters: Cluster[] = [];

  async function serve(
    handler: Handler,
    user?: object,
    options: Partial<ClusterOptions> = {},
  ): Promise<Cluster> {
    server = await new ScriptedServer(handler).listen();
    clock = new SimulatedClock();
    const cluster = openCluster({
      kubeconfig: server.kubeconfig(user),
      userAgent: 'innermap/test',
      clock,
      ...options,
    });
    clusters.push(cluster);
    return cluster;
  }

  /** What a call came to after so much simulated time. */
  async function outcome(call: Promise<unknown>, milliseconds = 120_000): Promise<unknown> {
    let result: unknown = 'pending';
    const noted = call.then(
      value => (result = value),
      error => (result = error),
    );
    await clock.run(milliseconds);
    if (result === 'pending') await Promise.race([noted, new Promise(resolve => setTimeout(resolve, 50))]);
    return result;
  }

  afterEach(async () => {
    for (const cluster of clusters.splice(0)) await cluster.close();
    await server?.close();
  });

  it('get sends path, token, user agent', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT));
    expect(await cluster.get(WEB)).to.deep.equal(OBJECT);
    const [request] = server.requests;
    expect(request!.path).to.equal('/apis/innermap.io/v1alpha1/namespaces/team-a/innermaps/web');
    expect(request!.headers.authorization).to.equal('Bearer secret');
    expect(request!.headers['user-agent']).to.equal('innermap/test');
    expect(cluster.namespace).to.equal('team-a');
  });

  it('core group has its own path', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT));
    await cluster.get({ resource: { group: '', version: 'v1', plural: 'nodes' }, name: 'n1' });
    expect(server.requests[0]!.path).to.equal('/api/v1/nodes/n1');
  });

  it('apply sends manager, force, subresource and content type', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT));
    await cluster.apply({ ...WEB, subresource: 'status' }, OBJECT, { fieldManager: 'agent', force: true });
    const [request] = server.requests;
    expect(request!.method).to.equal('PATCH');
    expect(request!.path).to.match(/innermaps\/web\/status$/);
    expect(request!.query.toString()).to.equal('fieldManager=agent&force=true');
    expect(request!.headers['content-type']).to.equal('application/apply-patch+yaml');
    expect(JSON.parse(request!.body)).to.deep.equal(OBJECT);
  });

  it('patch, create, replace and delete send their methods and types', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT));
    await cluster.patch({ ...WEB, subresource: 'status' }, { status: {} });
    await cluster.create(WEB, OBJECT);
    await cluster.replace(WEB, OBJECT);
    await cluster.delete(WEB, { uid: 'u1' });
    const sent = server.requests.map(
      r => `${r.method} ${r.path.split('/').at(-1)} ${r.headers['content-type']}`,
    );
    expect(sent).to.deep.equal([
      'PATCH status application/merge-patch+json',
      'POST innermaps application/json',
      'PUT web application/json',
      'DELETE web application/json',
    ]);
    expect(JSON.parse(server.requests[3]!.body).preconditions).to.deep.equal({ uid: 'u1' });
  });

  it('delete of what is gone is done', async () => {
    const cluster = await serve((_, response) => refuse(response, 404, 'NotFound'));
    await cluster.delete(WEB);
  });

  it('readPages puts pages together and gives items their kind', async () => {
    const cluster = await serve(({ query }, response) =>
      json(response, 200, {
        apiVersion: 'innermap.io/v1alpha1',
        kind: 'InnerMapList',
        metadata: { resourceVersion: '5', ...(query.has('continue') ? {} : { continue: 'next' }) },
        items: [{ metadata: { name: query.get('continue') ?? 'first' } }],
      }),
    );
    const items: KubeObject[] = [];
    const { signal } = new AbortController();
    await readPages({ cluster, ref: { resource: RESOURCE }, query: {}, signal }, object =>
      items.push(object),
    );
    expect(items.map(item => item.metadata.name)).to.deep.equal(['first', 'next']);
    expect(items[0]!.kind).to.equal('InnerMap');
  });

  it('300 calls one after the other and a watch take two connections', async () => {
    const cluster = await serve((request, response) => {
      if (request.query.get('watch') !== 'true') return json(response, 200, OBJECT);
      response.writeHead(200);
      response.flushHeaders();
    });
    const ending = new AbortController();
    await cluster.watch({ resource: RESOURCE }, {}, ending.signal);
    for (let call = 0; call < 300; call++) await cluster.get(WEB);
    expect(server.connections).to.equal(2);
    ending.abort();
  });

  it('300 calls at once take as many connections as they may', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT), undefined, { concurrency: 2 });
    await Promise.all(Array.from({ length: 300 }, () => cluster.get(WEB)));
    expect(server.connections).to.equal(2);
    expect(cluster.calls()).to.deep.equal([{ verb: 'get', code: '200', count: 300 }]);
  });

  it('429 waits for the Retry-After of the server', async () => {
    const cluster = await serve((_, response) =>
      server.requests.length < 3
        ? refuse(response, 429, 'TooManyRequests', { 'retry-after': '7' })
        : json(response, 200, OBJECT),
    );
    const call = cluster.create(WEB, OBJECT);
    await clock.run(6_900);
    expect(server.requests).to.have.length(1);
    expect(await outcome(call, 20_000)).to.deep.equal(OBJECT);
    expect(server.requests).to.have.length(3);
  });

  it('429 without Retry-After backs off, and gives up after five', async () => {
    const cluster = await serve((_, response) => refuse(response, 429, 'TooManyRequests'));
    const error = (await outcome(cluster.get(WEB))) as ApiError;
    expect(error).to.be.instanceOf(ApiError);
    expect([error.status, error.reason]).to.deep.equal([429, 'TooManyRequests']);
    expect(error.message).to.match(/^Cannot get innermaps team-a\/web: 429 TooManyRequests, .*wait 1 s$/);
    expect(server.requests).to.have.length(5);
  });

  it('500 is tried again for what may be repeated, not for a create', async () => {
    const cluster = await serve((_, response) => refuse(response, 500, 'InternalError'));
    expect(await outcome(cluster.create(WEB, OBJECT))).to.be.instanceOf(ApiError);
    expect(server.requests).to.have.length(1);
    expect(await outcome(cluster.apply(WEB, OBJECT, { fieldManager: 'agent' }))).to.be.instanceOf(ApiError);
    expect(server.requests).to.have.length(6);
  });

  it('403, 404 and 409 are thrown at once, with what to do', async () => {
    let code = 403;
    const cluster = await serve((_, response) => refuse(response, code, `Reason${code}`));
    const list = () => outcome(cluster.page({ resource: RESOURCE }, {}), 0);
    expect((await list()) as ApiError)
      .to.have.property('message')
      .that.matches(/allow the account to list innermaps.innermap.io$/);
    code = 404;
    expect((await list()) as ApiError)
      .to.have.property('message')
      .that.matches(/install the CustomResourceDefinition/);
    code = 409;
    expect(((await outcome(cluster.replace(WEB, OBJECT), 0)) as ApiError).message).to.match(
      /read the object again/,
    );
    expect(server.requests).to.have.length(3);
  });

  it('an answer of garbage or HTML is an ApiError', async () => {
    let body = '<html>gateway</html>';
    const cluster = await serve((_, response) => response.writeHead(200).end(body));
    const first = (await outcome(cluster.get(WEB, { attempts: 1 }), 0)) as ApiError;
    expect(first.reason).to.equal('InvalidAnswer');
    body = '17';
    expect(((await outcome(cluster.get(WEB, { attempts: 1 }), 0)) as ApiError).reason).to.equal(
      'InvalidAnswer',
    );
    server.handler = (_, response) => response.writeHead(502).end('<html>\n bad gateway </html>');
    const last = (await outcome(cluster.get(WEB, { attempts: 1 }), 0)) as ApiError;
    expect([last.status, last.reason]).to.deep.equal([502, 'BadGateway']);
    expect(last.message).to.contain('<html> bad gateway </html>');
  });

  it('a server that does not answer is given up after the timeout', async () => {
    const cluster = await serve(() => {});
    const call = cluster.get(WEB, { attempts: 1, timeoutMs: 10_000 });
    const error = (await outcome(call, 10_001)) as ApiError;
    expect([error.status, error.reason]).to.deep.equal([0, 'Timeout']);
    await until('the connection is closed', () => server.open === 0);
  });

  it('a server that stops in the middle of an answer is given up after the timeout', async () => {
    const cluster = await serve((_, response) => {
      response.writeHead(200);
      response.write('{"metadata"');
    });
    const error = (await outcome(cluster.get(WEB, { attempts: 1 }), 30_001)) as ApiError;
    expect(error.reason).to.equal('Timeout');
  });

  it('a reset connection is named by its errno', async () => {
    const cluster = await serve((_, response) => response.socket!.resetAndDestroy());
    const error = (await outcome(cluster.get(WEB, { attempts: 1 }), 0)) as ApiError;
    expect(error.status).to.equal(0);
    expect(error.reason).to.be.oneOf(['ECONNRESET', 'UND_ERR_SOCKET']);
  });

  it('a caller that gives up gets its own reason, and nothing stays', async () => {
    const cluster = await serve(() => {});
    const ending = new AbortController();
    const call = outcome(cluster.get(WEB, { signal: ending.signal }), 10);
    ending.abort(new Error('enough'));
    expect(((await call) as Error).message).to.equal('enough');
    expect(clock.sleeping).to.equal(0);
  });

  it('while the server is down, thousands of calls send a few requests', async () => {
    const cluster = await serve((_, response) => refuse(response, 503, 'ServiceUnavailable'));
    const calls = Array.from({ length: 500 }, () => cluster.get(WEB).catch(() => {}));
    await clock.run(3_600_000);
    expect(server.requests.length).to.be.below(300);
    server.handler = (_, response) => json(response, 200, OBJECT);
    await clock.run(60_000);
    await Promise.all(calls);
    expect(await cluster.get(WEB)).to.deep.equal(OBJECT);
  });

  it('apply with dryRun requests validation by all of admission', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT));
    await cluster.apply(WEB, OBJECT, { fieldManager: 'me', force: true, dryRun: true });
    expect(server.requests[0]!.query.toString()).to.equal(
      'fieldManager=me&force=true&dryRun=All&fieldValidation=Strict',
    );
  });

  it('of several kubeconfigs the first that names a thing counts, and one that is not there is passed over', async () => {
    const cluster = await serve((_, response) => json(response, 200, OBJECT));
    const file = server.kubeconfig();
    const read = JSON.parse(readFileSync(file, 'utf8'));
    const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    const other = join(folder, 'other');
    const named = { name: 'more', context: { ...read.contexts[0].context, namespace: 'team-b' } };
    const contexts = [named, { ...read.contexts[0], context: { cluster: 'gone', user: 'gone' } }];
    writeFileSync(other, JSON.stringify({ ...read, contexts, 'current-context': 'more' }));
    const options = { kubeconfig: [join(folder, 'none'), file, other], userAgent: 'innermap/test' };
    const [first, more] = [openCluster(options), openCluster({ ...options, context: 'more' })];
    clusters.push(first, more);
    expect([first.server, first.namespace]).to.deep.equal([cluster.server, 'team-a']);
    expect([more.server, more.namespace]).to.deep.equal([cluster.server, 'team-b']);
    expect(() => openCluster({ ...options, kubeconfig: [join(folder, 'none')] })).to.throw(
      /Cannot find a cluster: there is no .*none; name a file by --kubeconfig/,
    );
    rmSync(folder, { recursive: true });
  });

  for (const named of ['tokenFile', 'auth-provider'] as const)
    it(`a token file, named by ${named}, is read again after a minute`, async () => {
      const file = join(mkdtempSync(join(tmpdir(), 'token-')), 'token');
      writeFileSync(file, 'old\n');
      const provider = { name: 'tokenFile', config: { tokenFile: file } };
      const user =
        named === 'tokenFile' ? { tokenFile: file, token: 'oldest' } : { 'auth-provider': provider };
      const cluster = await serve((_, response) => json(response, 200, OBJECT), user);
      await cluster.get(WEB);
      writeFileSync(file, 'new\n');
      await cluster.get(WEB);
      await clock.run(60_001);
      await cluster.get(WEB);
      rmSync(dirname(file), { recursive: true });
      const tokens = server.requests.map(request => request.headers.authorization);
      expect(tokens).to.deep.equal(['Bearer old', 'Bearer old', 'Bearer new']);
    });
});
