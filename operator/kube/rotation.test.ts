import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ApiError, type Cluster, openCluster } from './client.ts';
import { Authority, HAS_OPENSSL, type Identity } from './testing/authority.ts';
import { SimulatedClock, until } from './testing/clock.ts';

const NODE = { resource: { group: '', version: 'v1', plural: 'nodes' }, name: 'n1' };

describe('openCluster in a pod', function () {
  this.timeout(60_000);
  let root: string;
  let secrets: string;
  let clock: SimulatedClock;
  let server: Server | undefined;
  let cluster: Cluster;
  let connections = 0;
  let valid = 'first';
  const tokens: (string | undefined)[] = [];
  const environment = { ...process.env };

  before(function () {
    if (!HAS_OPENSSL && process.env['CI'] === 'true')
      throw new Error('Cannot test rotation: openssl is missing');
    if (!HAS_OPENSSL) this.skip();
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pod-'));
    secrets = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(secrets, { recursive: true });
    clock = new SimulatedClock();
    connections = 0;
    valid = 'first';
    tokens.length = 0;
  });
  afterEach(async () => {
    await cluster?.close();
    await stop();
    process.env = { ...environment };
    rmSync(root, { recursive: true, force: true });
  });

  /** Answers requests with the valid token. */
  async function serve(identity: Identity, port = 0): Promise<number> {
    const started = createServer(identity, (request, response) => {
      tokens.push(request.headers.authorization);
      const known = request.headers.authorization === `Bearer ${valid}`;
      const body = known
        ? { metadata: { name: 'n1' } }
        : { kind: 'Status', code: 401, reason: 'Unauthorized' };
      response.writeHead(known ? 200 : 401).end(JSON.stringify(body));
    });
    started.on('secureConnection', () => connections++);
    await new Promise<void>(resolve => started.listen(port, '127.0.0.1', resolve));
    server = started;
    return (started.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const closed = new Promise<void>(resolve => stopping.close(() => resolve()));
    stopping.closeAllConnections();
    await closed;
  }

  function mount(file: 'token' | 'ca.crt' | 'namespace', content: string): void {
    writeFileSync(join(secrets, file), content);
  }

  async function pod(): Promise<Authority> {
    const authority = new Authority(root, 'one');
    const port = await serve(authority.server());
    mount('token', 'first\n');
    mount('ca.crt', authority.ca);
    mount('namespace', 'innermap-system');
    process.env['KUBERNETES_SERVICE_HOST'] = '127.0.0.1';
    process.env['KUBERNETES_SERVICE_PORT'] = String(port);
    cluster = openCluster({ root, userAgent: 'innermap/test', clock });
    return authority;
  }

  async function refusal(): Promise<ApiError> {
    return (await cluster.get(NODE, { attempts: 1 }).catch(error => error)) as ApiError;
  }

  it('takes the service account, over one connection', async () => {
    await pod();
    for (let call = 0; call < 50; call++) await cluster.get(NODE);
    expect(cluster.namespace).to.equal('innermap-system');
    expect(connections).to.equal(1);
    expect(new Set(tokens)).to.deep.equal(new Set(['Bearer first']));
  });

  it('a refused token is read again, and the call made again', async () => {
    await pod();
    await cluster.get(NODE);
    valid = 'second';
    mount('token', 'second');
    await clock.run(2_000);
    await cluster.get(NODE);
    expect(tokens).to.deep.equal(['Bearer first', 'Bearer first', 'Bearer second']);
    expect(connections).to.equal(1);
  });

  it('many calls that are refused at once all have the new token', async () => {
    await pod();
    await cluster.get(NODE);
    valid = 'second';
    mount('token', 'second');
    await clock.run(2_000);
    await Promise.all(Array.from({ length: 40 }, () => cluster.get(NODE)));
    expect(tokens.filter(token => token === 'Bearer first').length).to.be.within(2, 9);
  });

  it('a token file that is empty is named', async () => {
    await pod();
    writeFileSync(join(secrets, 'token'), '');
    const error = await refusal();
    expect([error.status, error.reason]).to.deep.equal([0, 'Credentials']);
    expect(error.message).to.match(/Cannot use token file .*: it is empty; /);
    expect(tokens).to.have.length(0);
  });

  it('a token that stays refused is an error, and is not sent again and again', async () => {
    await pod();
    valid = 'never';
    const error = await refusal();
    expect([error.status, error.reason]).to.deep.equal([401, 'Unauthorized']);
    expect(error.message).to.match(/renew the token/);
    expect(tokens).to.have.length(1);
  });

  it('a token file that is away for a moment costs nothing', async () => {
    await pod();
    await cluster.get(NODE);
    unlinkSync(join(secrets, 'token'));
    await clock.run(61_000);
    await cluster.get(NODE);
    valid = 'second';
    mount('token', 'second');
    await clock.run(2_000);
    await cluster.get(NODE);
    expect(tokens.at(-1)).to.equal('Bearer second');
  });

  it('a new CA means new connections, and the old ones are closed', async () => {
    await pod();
    await cluster.get(NODE);
    const port = Number(process.env['KUBERNETES_SERVICE_PORT']);
    await stop();
    const second = new Authority(root, 'two');
    await serve(second.server(), port);
    const distrusted = await refusal();
    expect(distrusted.status).to.equal(0);
    expect(distrusted.message).to.match(/does not fit the configured CA/);
    expect(tokens).to.have.length(1);
    mount('ca.crt', second.ca);
    await clock.run(2_000);
    await cluster.get(NODE);
    expect(tokens).to.have.length(2);
  });

  it('the same server under a longer bundle gets one new connection, and the old one ends', async () => {
    const authority = await pod();
    await cluster.get(NODE);
    mount('ca.crt', `${authority.ca}${new Authority(root, 'two').ca}`);
    await clock.run(61_000);
    for (let call = 0; call < 20; call++) await cluster.get(NODE);
    expect(connections).to.equal(2);
    let open = 0;
    await until('one is open', () => {
      server!.getConnections((_, count) => (open = count));
      return open === 1;
    });
  });

  it('outside of a pod and without a file it throws what to do, and takes no KUBECONFIG', () => {
    delete process.env['KUBERNETES_SERVICE_HOST'];
    process.env['KUBECONFIG'] = join(root, 'other');
    expect(() => openCluster({ root, userAgent: 'innermap/test' })).to.throw(
      'Cannot find a cluster: this is no pod with a service account; name a file by --kubeconfig, or give a folder by --manifests',
    );
  });

  it('a file that is missing, broken, of plain http or without the context is named', () => {
    const file = join(root, 'kubeconfig');
    const open = (context?: string) => () =>
      openCluster({
        kubeconfig: file,
        userAgent: 'innermap/test',
        ...(context === undefined ? {} : { context }),
      });
    expect(open()).to.throw(/Cannot read kubeconfig .*: ENOENT/);
    writeFileSync(file, '{{{');
    expect(open()).to.throw(/Cannot read kubeconfig/);
    writeFileSync(file, 'kind: Config\n');
    expect(open('x')).to.throw(/Cannot use context x of .*: it has none/);
    const clusters = [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }];
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
    writeFileSync(file, JSON.stringify({ clusters, contexts, users: [{ name: 'u', user: {} }] }));
    expect(open('x')).to.throw(/is not encrypted; use https/);
  });
});
