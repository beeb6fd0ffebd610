import { expect } from 'chai';
import { type Serving, serve } from './serve.ts';
import { Attack } from './testing/attack.ts';
import { ask, connected } from './testing/http.ts';

/** As long as the metrics of a large cluster. */
const LONG = 'x'.repeat(200_000);

describe('limitConnections', () => {
  let serving: Serving | undefined;
  let attack: Attack | undefined;
  afterEach(async () => {
    attack?.end();
    attack = undefined;
    await serving?.close();
    serving = undefined;
  });

  const start = async (text: () => Promise<string> = async () => LONG): Promise<string> => {
    serving = await serve({
      listen: '127.0.0.1:0',
      metrics: { contentType: 'text/plain', text },
      unhealthy: () => undefined,
      unready: () => undefined,
    });
    return serving.address;
  };

  for (const [who, from] of [
    ['another pod', '127.0.0.2'],
    ['the prober’s own address', '127.0.0.1'],
  ] as const)
    it(`a probe is answered while ${who} holds hundreds of connections and opens each anew`, async function () {
      this.timeout(60_000);
      const address = await start();
      attack = new Attack(address, from);
      attack.open(400);
      for (let probes = 0; attack.closed < 2000 || probes < 50; probes += 1)
        expect(await ask(address, 'GET /healthz')).to.include({ code: 200, text: 'ok\n' });
    });

  it('a connection of one address outlives hundreds that another opens after it', async () => {
    const address = await start();
    const probe = await connected(address);
    attack = new Attack(address, '127.0.0.2');
    attack.open(400);
    await attack.untilClosed(1000);
    const answer = new Promise<string>(resolve => probe.once('data', data => resolve(String(data))));
    probe.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await answer).to.match(/^HTTP\/1\.1 200 /);
  });

  it('of connections of one address, idle ones end before one that is being answered', async () => {
    let answer = (_: string): void => {};
    const text = () => new Promise<string>(resolve => (answer = resolve));
    const address = await start(text);
    const scrape = ask(address, 'GET /metrics');
    attack = new Attack(address, '127.0.0.1', ['silent', 'slow']);
    attack.open(400);
    await attack.untilClosed(1000);
    answer('innermap_leader 1\n');
    expect(await scrape).to.include({ code: 200, text: 'innermap_leader 1\n' });
  });
});
