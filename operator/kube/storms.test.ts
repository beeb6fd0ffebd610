import { expect } from 'chai';
import fc from 'fast-check';
import { line, writeBookmark } from './testing/api.ts';
import { until } from './testing/clock.ts';
import { ReflectorFixture } from './testing/fixture.ts';
import { type Handler, refuse } from './testing/server.ts';

const HOUR = 3_600_000;

describe('Reflector in hours of failures', () => {
  let scene: ReflectorFixture;
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => {
    rejections.push(reason);
  };

  before(() => process.on('unhandledRejection', note));
  after(() => process.off('unhandledRejection', note));
  afterEach(async () => {
    await scene.stop();
    expect(rejections.splice(0)).to.deep.equal([]);
    expect(scene.clock.sleeping).to.equal(0);
  });

  /** Watching, with two objects. */
  async function watching(options = {}): Promise<ReflectorFixture> {
    scene = new ReflectorFixture();
    scene.api.put('a');
    scene.api.put('b');
    await scene.synced(options);
    await until('watching', () => scene.api.watching === 1);
    return scene;
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
      scene.server.handler = handler;
      scene.server.reset();
      const before = scene.server.requests.length;
      await scene.clock.run(HOUR);
      expect(scene.server.requests.length - before).to.be.within(50, 300);
      if (what !== 'bookmarks and an end') expect(scene.same).to.equal(true);
      scene.server.handler = scene.api.handle;
      scene.api.version = 1_000;
      scene.api.put('c');
      await scene.clock.run(60_000);
      expect(scene.same).to.equal(true);
    }).timeout(60_000);

  it('a quiet hour costs a dozen watches', async () => {
    await watching();
    scene.server.handler = (received, response) => {
      scene.api.handle(received, response);
      scene.clock.sleep(Number(received.query.get('timeoutSeconds')) * 1000).then(() => response.end());
    };
    scene.api.end();
    for (let minute = 0; minute < 60; minute++) {
      await scene.clock.run(60_000);
      scene.api.bookmark();
      await scene.clock.run(0);
    }
    expect(scene.server.requests.length).to.be.within(7, 16);
    expect(scene.failures).to.deep.equal([]);
    await scene.reflector.stop();
    await scene.clock.run(600_000);
  }).timeout(20_000);

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
    scene = await new ReflectorFixture().start();
  }).timeout(30_000);

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
        fc.array(step, { maxLength: 25 }),
        fc.boolean(),
        async (steps, ignoreUnchangedGeneration) => {
          scene = new ReflectorFixture();
          await scene.synced({ ignoreUnchangedGeneration });
          for (const at of steps) await play(scene, at);
          await scene.clock.run(120_000);
          const same = scene.same;
          await scene.stop();
          expect(same).to.equal(true);
        },
      ),
      { numRuns: 60 },
    );
    scene = await new ReflectorFixture().start();
  }).timeout(120_000);

  it('410 after a long outage lists again at once: the server answers', async () => {
    await watching({ relistJitterMs: 0 });
    const { handler, requests } = scene.server;
    scene.server.handler = (_, response) => response.socket!.resetAndDestroy();
    scene.server.reset();
    await scene.clock.run(90_000);
    scene.api.put('d');
    scene.api.compact();
    scene.server.handler = handler;
    const resumed = requests.length + 1;
    for (let step = 0; step < 100 && requests.length < resumed; step++) await scene.clock.run(500);
    await scene.clock.run(1_500);
    expect(scene.same).to.equal(true);
  });

  it('a server that was restored is noticed when a lost connection is resumed, though it takes the watch', async () => {
    await watching({ relistJitterMs: 0 });
    scene.api.version = 5_000;
    scene.api.bookmark();
    await until('bookmark', () => scene.reflector.resourceVersion === '5000');
    scene.server.reset();
    scene.api.delete('a');
    scene.api.version = 200;
    await scene.clock.run(5_000);
    expect(scene.same).to.equal(true);
    expect(scene.reflector.resourceVersion).to.equal('200');
    expect(scene.failures.at(-1)!.error.message).to.contain(
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
    it(`${what} in a watch ends it, is told, and nothing is lost`, async () => {
      await watching();
      scene.api.say(garbage);
      scene.api.end();
      await until('told', () => scene.failures.length === 1);
      scene.api.put('c');
      await scene.clock.run(3_000);
      expect(scene.failures[0]!.error.message).to.match(/^Cannot read a watch: /);
      expect(scene.same).to.equal(true);
    });
});

async function play(scene: ReflectorFixture, step: { kind: string; name?: string }): Promise<void> {
  const { api } = scene;
  if (step.kind === 'put') api.put(step.name!);
  else if (step.kind === 'delete') api.delete(step.name!);
  else if (step.kind === 'reset') scene.server.reset();
  else if (step.kind === 'end') api.end();
  else if (step.kind === 'compact') api.compact();
  else if (step.kind === 'expire') api.say(line('ERROR', { code: 410, reason: 'Expired' }));
  else if (step.kind === 'garbage') api.say('garbage\n');
  else if (step.kind === 'bookmark') api.bookmark();
  else if (step.kind === 'pages') api.streaming = !api.streaming;
  else await scene.clock.run(700);
}
