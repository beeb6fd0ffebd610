import { expect } from 'chai';
import fc from 'fast-check';
import { line, writeBookmark } from './testing/api.ts';
import { until } from './testing/clock.ts';
import { ReflectorFixture } from './testing/fixture.ts';
import { type Handler, refuse } from './testing/server.ts';

const HOUR = 3_600_000;

describe('Reflector in hours of failures', () => {
  let fixture: ReflectorFixture;
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => {
    rejections.push(reason);
  };

  before(() => process.on('unhandledRejection', note));
  after(() => process.off('unhandledRejection', note));
  afterEach(async () => {
    await fixture.stop();
    expect(rejections.splice(0)).to.deep.equal([]);
    expect(fixture.clock.sleeping).to.equal(0);
  });

  /** Watching, with two objects. */
  function watching(options = {}): Promise<ReflectorFixture> {
    fixture = new ReflectorFixture();
    return fixture.watchingTwo(options);
  }

  const answers: Readonly<Record<string, Handler>> = {
    403: (_, response) => refuse(response, 403, 'Forbidden'),
    404: (_, response) => refuse(response, 404, 'NotFound'),
    410: (_, response) => refuse(response, 410, 'Expired'),
    429: (_, response) => refuse(response, 429, 'TooManyRequests'),
    500: (_, response) => refuse(response, 500, 'InternalError'),
    resets: (_, response) => {
      response.socket!.resetAndDestroy();
    },
    'empty watches': (_, response) => {
      response.writeHead(200).end();
    },
    garbage: (_, response) => {
      response.writeHead(200).end('garbage\n');
    },
    'half an event': (_, response) => {
      response.writeHead(200).end('{"type":"ADDED","object":{"metadata":{"name":"x"');
    },
    'bookmarks and an end': (_, response) => {
      response.writeHead(200);
      writeBookmark(response, 900, true);
      response.end();
    },
    '410 in every watch': (_, response) => {
      response.writeHead(200);
      response.end(line('ERROR', { code: 410, reason: 'Expired' }));
    },
  };
  for (const [what, handler] of Object.entries(answers))
    it(`${what} for an hour: no storm, nothing lost, back within a minute`, async () => {
      await watching();
      fixture.server.handler = handler;
      fixture.server.reset();
      const before = fixture.server.requests.length;
      await fixture.clock.run(HOUR);
      expect(fixture.server.requests.length - before).to.be.within(50, 300);
      if (what !== 'bookmarks and an end') expect(fixture.same).to.equal(true);
      fixture.server.handler = fixture.api.handle;
      fixture.api.version = 1_000;
      fixture.api.put('c');
      await fixture.clock.run(60_000);
      expect(fixture.same).to.equal(true);
    }).timeout(60_000);

  it('a quiet hour costs a dozen watches', async () => {
    await watching();
    fixture.server.handler = (received, response) => {
      fixture.api.handle(received, response);
      fixture.clock.sleep(Number(received.query.get('timeoutSeconds')) * 1000).then(() => response.end());
    };
    fixture.api.end();
    for (let minute = 0; minute < 60; minute++) {
      await fixture.clock.run(60_000);
      fixture.api.bookmark();
      await fixture.clock.run(0);
    }
    expect(fixture.server.requests.length).to.be.within(7, 16);
    expect(fixture.failures).to.deep.equal([]);
    await fixture.reflector.stop();
    await fixture.clock.run(600_000);
  }).timeout(60_000);

  it('takes ten thousand objects of 2 KB, streamed and by pages', async () => {
    for (const streaming of [true, false]) {
      const large = new ReflectorFixture();
      large.api.streaming = streaming;
      for (let n = 0; n < 10_000; n++) large.api.put(`m${n}`, { spec: 'x'.repeat(1_700) });
      await large.synced({ transform: object => String(object.metadata.generation) });
      const size = large.store.size;
      await large.stop();
      expect(size).to.equal(10_000);
    }
    fixture = await new ReflectorFixture().start();
  }).timeout(60_000);

  it('any sequence of changes and faults ends with what the server has', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ kind: fc.constant('delete' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({
        kind: fc.constantFrom('reset', 'end', 'compact', 'expire', 'garbage', 'wait', 'bookmark', 'pages'),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25, size: 'max' }),
        fc.boolean(),
        async (steps, ignoreUnchangedGeneration) => {
          fixture = new ReflectorFixture();
          await fixture.synced({ ignoreUnchangedGeneration });
          for (const at of steps) await play(fixture, at);
          await fixture.clock.run(120_000);
          const same = fixture.same;
          await fixture.stop();
          expect(same).to.equal(true);
        },
      ),
      { numRuns: 60 },
    );
    fixture = await new ReflectorFixture().start();
  }).timeout(120_000);

  it('410 after a long outage lists again at once: the server answers', async () => {
    await watching({ relistJitterMs: 0 });
    const { handler, requests } = fixture.server;
    fixture.server.handler = (_, response) => response.socket!.resetAndDestroy();
    fixture.server.reset();
    await fixture.clock.run(90_000);
    fixture.api.put('d');
    fixture.api.compact();
    fixture.server.handler = handler;
    const resumed = requests.length + 1;
    for (let step = 0; step < 100 && requests.length < resumed; step++) await fixture.clock.run(500);
    await fixture.clock.run(1_500);
    expect(fixture.same).to.equal(true);
  });

  it('a server that was restored is noticed when a lost connection is resumed, though it takes the watch', async () => {
    await watching({ relistJitterMs: 0 });
    fixture.api.version = 5_000;
    fixture.api.bookmark();
    await until('bookmark', () => fixture.reflector.resourceVersion === '5000');
    fixture.server.reset();
    fixture.api.delete('a');
    fixture.api.version = 200;
    await fixture.clock.run(5_000);
    expect(fixture.same).to.equal(true);
    expect(fixture.reflector.resourceVersion).to.equal('200');
    expect(fixture.failures.at(-1)!.error.message).to.contain(
      'the server is at resourceVersion 200, 5000 was seen',
    );
  });

  for (const [what, garbage] of [
    ['no JSON', 'garbage\n'],
    ['half a line', '{"type":"ADDED","object":{"metadata"'],
    ['another type', line('SURPRISE', { metadata: { name: 'x', resourceVersion: '103' } })],
    ['an object without metadata', line('ADDED', {})],
    ['null', 'null\n'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a])],
  ] as const)
    it(`${what} in a watch ends it, is reported, and nothing is lost`, async () => {
      await watching();
      fixture.api.send(garbage);
      fixture.api.end();
      await until('reported', () => fixture.failures.length === 1);
      fixture.api.put('c');
      await fixture.clock.run(3_000);
      expect(fixture.failures[0]!.error.message).to.match(/^Cannot read a watch: /);
      expect(fixture.same).to.equal(true);
    });
});

async function play(fixture: ReflectorFixture, step: { kind: string; name?: string }): Promise<void> {
  const { api } = fixture;
  if (step.kind === 'put') api.put(step.name!);
  else if (step.kind === 'delete') api.delete(step.name!);
  else if (step.kind === 'reset') fixture.server.reset();
  else if (step.kind === 'end') api.end();
  else if (step.kind === 'compact') api.compact();
  else if (step.kind === 'expire') api.send(line('ERROR', { code: 410, reason: 'Expired' }));
  else if (step.kind === 'garbage') api.send('garbage\n');
  else if (step.kind === 'bookmark') api.bookmark();
  else if (step.kind === 'pages') api.streaming = !api.streaming;
  else await fixture.clock.run(700);
}
