import { createServer } from 'node:net';
import { expect } from 'chai';
import { listenAddress } from './listen.ts';
import { agentMetrics } from './metrics/agent.ts';
import { type Served, type Serving, serve } from './serve.ts';
import { ask, connected, spoken } from './testing/http.ts';

describe('serve', () => {
  let serving: Serving | undefined;
  afterEach(async () => {
    await serving?.close();
    serving = undefined;
  });

  const start = async (changes: Partial<Served> = {}): Promise<string> => {
    serving = await serve({
      listen: '127.0.0.1:0',
      metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'innermap_leader 1\n' },
      unhealthy: () => undefined,
      unready: () => undefined,
      ...changes,
    });
    return serving.address;
  };

  it('GET /metrics answers the metrics with their content type', async () => {
    const { code, text, headers } = await ask(await start(), 'GET /metrics');
    expect({ code, text }).to.deep.equal({ code: 200, text: 'innermap_leader 1\n' });
    expect(headers['content-type']).to.equal('text/plain; version=0.0.4');
  });

  it('GET /metrics answers an agent’s metrics, whole, to several at once', async () => {
    const metrics = agentMetrics('1.2.3');
    const address = await start({ metrics });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(address, 'GET /metrics')));
    metrics.close();
    for (const { code, text, headers } of answers) {
      expect(code).to.equal(200);
      expect(headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
      expect(text).to.match(/^# HELP [\s\S]*\binnermap_build_info\{[\s\S]*\n$/);
    }
  });

  it('/healthz and /readyz answer ok, or 503 with the reason', async () => {
    let reason: string | undefined = 'Waiting for the first complete read';
    const address = await start({ unready: () => reason });
    expect(await ask(address, 'GET /healthz')).to.include({ code: 200, text: 'ok\n' });
    expect(await ask(address, 'GET /readyz')).to.include({ code: 503, text: `${reason}\n` });
    reason = undefined;
    expect(await ask(address, 'GET /readyz?verbose')).to.include({ code: 200, text: 'ok\n' });
  });

  it('HEAD answers as GET does, without the text', async () => {
    const { code, text, headers } = await ask(await start(), 'HEAD /metrics');
    expect({ code, text, length: headers['content-length'] }).to.deep.equal({
      code: 200,
      text: '',
      length: '18',
    });
  });

  it('other paths are 404, other methods 405 with what is allowed', async () => {
    const address = await start();
    for (const path of ['/', '/metrics/', '/__proto__', '/constructor', '/healthz/../metrics'])
      expect(await ask(address, `GET ${path}`), path).to.include({ code: 404 });
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { code, headers } = await ask(address, `${method} /metrics`);
      expect({ code, allow: headers['allow'] }, method).to.deep.equal({ code: 405, allow: 'GET, HEAD' });
    }
  });

  it('metrics that fail are 500 with the reason, and the next are served', async () => {
    let broken = true;
    const text = async (): Promise<string> => {
      if (broken) throw new Error('no numbers');
      return '';
    };
    const address = await start({ metrics: { contentType: 'text/plain', text } });
    expect(await ask(address, 'GET /metrics')).to.include({
      code: 500,
      text: 'Cannot answer: no numbers\n',
    });
    broken = false;
    expect(await ask(address, 'GET /metrics')).to.include({ code: 200 });
  });

  it('headers above 8 KiB are refused', async () => {
    const address = await start();
    const { code } = await ask(address, 'GET /metrics', { 'x-long': 'x'.repeat(9000) });
    expect(code).to.equal(431);
  });

  it('garbage is answered with 400, and the server goes on', async () => {
    const address = await start();
    expect(await spoken(address, '\u0000\u0001 nonsense\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /);
    expect(await ask(address, 'GET /healthz')).to.include({ code: 200 });
  });

  it('who sends half a request is let go after the time for headers', async function () {
    this.timeout(60_000);
    const address = await start();
    const began = performance.now();
    expect(await spoken(address, 'GET /metrics HTTP/1.1\r\nhost: x\r\n')).to.match(/^HTTP\/1\.1 408 /);
    expect(performance.now() - began).to.be.at.least(4_000);
  });

  it('answers once on each connection, also who asks to keep it', async () => {
    const address = await start();
    const asked = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n';
    const answer = await spoken(address, asked + asked);
    expect(answer.match(/HTTP\/1\.1 200 /g)).to.have.length(1);
    expect(answer.toLowerCase()).to.contain('\r\nconnection: close\r\n');
  });

  it('close ends at once, with connections kept alive and an answer under way', async () => {
    const address = await start({
      metrics: { contentType: 'text/plain', text: () => new Promise(() => {}) },
    });
    const idle = await connected(address);
    const busy = await connected(address);
    const ends = [idle, busy].map(socket => new Promise(resolve => socket.once('close', resolve)));
    busy.on('error', () => {});
    busy.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
    idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise(resolve => idle.once('data', resolve));
    await serving!.close();
    await Promise.all(ends);
    serving = undefined;
  });

  it('listens on an address of IPv6, and on all addresses without one', async function () {
    expect(await start({ listen: '[::1]:0' }).catch(skipWithoutIPv6(this))).to.match(/^\[::1\]:\d+$/);
    await serving?.close();
    const all = await start({ listen: ':0' });
    const port = all.slice(all.lastIndexOf(':') + 1);
    expect(await ask(`127.0.0.1:${port}`, 'GET /healthz')).to.include({ code: 200 });
  });

  it('an address that is taken: says so, and what to do', async () => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { readonly port: number };
    const error = await start({ listen: `127.0.0.1:${port}` }).catch((thrown: Error) => thrown);
    await new Promise(resolve => other.close(resolve));
    expect(String(error)).to.contain(
      `Cannot listen on 127.0.0.1:${port}: EADDRINUSE, something else listens there; end it, or choose another address by --listen`,
    );
  });

  it('an address that this machine does not have, and text that is none: say what to do', async () => {
    const elsewhere = await start({ listen: '192.0.2.1:9940' }).catch((thrown: Error) => thrown);
    expect(String(elsewhere)).to.contain('EADDRNOTAVAIL, this machine has no such address');
    const nonsense = await start({ listen: '9940' }).catch((thrown: Error) => thrown);
    expect(String(nonsense)).to.contain('write ADDRESS:PORT, such as :9940');
  });
});

describe('listenAddress', () => {
  it('reads a port, an address and a port, an IPv6 address in brackets and a port', () => {
    expect(listenAddress(':9940')).to.deep.equal({ port: 9940 });
    expect(listenAddress('127.0.0.1:0')).to.deep.equal({ host: '127.0.0.1', port: 0 });
    expect(listenAddress('[::1]:9940')).to.deep.equal({ host: '::1', port: 9940 });
    expect(listenAddress('localhost:80')).to.deep.equal({ host: 'localhost', port: 80 });
  });

  for (const text of [
    '',
    '9940',
    ':',
    ':x',
    ':65536',
    '::1:9940',
    '[x]:1',
    'a b:1',
    'http://x:1',
    ':-1',
    ':1 ',
  ])
    it(`refuses ${JSON.stringify(text)}`, () => expect(listenAddress(text)).to.equal(undefined));
});

function skipWithoutIPv6(context: Mocha.Context): (error: Error) => never {
  return error => {
    if (error.message.includes('EADDRNOTAVAIL') || error.message.includes('EAFNOSUPPORT')) context.skip();
    throw error;
  };
}
