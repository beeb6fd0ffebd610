import { expect } from 'chai';
import fc from 'fast-check';
import { line, writeBookmark } from './testing/api.ts';
import { until } from './testing/clock.ts';
import { Scene } from './testing/scene.ts';
import { type Handler, refuse } from './testing/server.ts';

const HOUR = 3_600_000;

describe('Reflector', () => {
  let scene: Scene;
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
  async function watching(options = {}): Promise<Scene> {
    scene = new Scene();
    scene.api.put('a');
    scene.api.put('b');
    await scene.synced(options);
    await until('watching', () => scene.api.watching === 1);
    return scene;
  }

  it('streams the first list, and goes on watching in the same stream', async () => {
    await watching({ fieldSelector: 'spec.outerMap=tenants' });
    scene.api.put('c');
    await until('c', () => scene.same && scene.store.size === 3);
    expect(scene.server.requests).to.have.length(1);
    const { query } = scene.server.requests[0]!;
    expect(query.get('sendInitialEvents')).to.equal('true');
    expect(query.get('resourceVersionMatch')).to.equal('NotOlderThan');
    expect(query.get('allowWatchBookmarks')).to.equal('true');
    expect(query.get('fieldSelector')).to.equal('spec.outerMap=tenants');
    expect(query.has('resourceVersion')).to.equal(false);
    expect(Number(query.get('timeoutSeconds'))).to.be.within(300, 600);
  });

  it('lists by pages where streaming is refused, and remembers', async () => {
    scene = new Scene();
    scene.api.streaming = false;
    for (let n = 0; n < 120; n++) scene.api.put(`m${n}`, { spec: 'x'.repeat(8_000) });
    await scene.synced();
    await until('watching', () => scene.api.watching === 1);
    expect(scene.same).to.equal(true);
    const asked = scene.server.requests.map(
      ({ query }) => query.get('limit') ?? query.get('resourceVersion'),
    );
    expect(asked).to.deep.equal([null, '50', '32', '32', '32', '220']);
    expect(scene.failures).to.deep.equal([]);
    scene.api.compact();
    scene.api.say(line('ERROR', { code: 410, reason: 'Expired', message: 'too old' }));
    await scene.clock.run(10_000);
    await until('listed', () => scene.server.requests.length === 11);
    expect(scene.server.requests.slice(6).some(({ query }) => query.has('sendInitialEvents'))).to.equal(
      false,
    );
  });

  it('takes ten thousand objects of 2 KB, streamed and by pages', async () => {
    for (const streaming of [true, false]) {
      const large = new Scene();
      large.api.streaming = streaming;
      for (let n = 0; n < 10_000; n++) large.api.put(`m${n}`, { spec: 'x'.repeat(1_700) });
      await large.synced({ transform: object => String(object.metadata.generation) });
      const size = large.store.size;
      await large.stop();
      expect(size).to.equal(10_000);
    }
    scene = await new Scene().start();
  }).timeout(30_000);

  it('has synced only when the whole set is there', async () => {
    scene = new Scene((_, response) => {
      response.writeHead(200);
      response.write(line('ADDED', { metadata: { name: 'a', resourceVersion: '7' } }));
    });
    await scene.start();
    await scene.clock.run(1_000);
    expect(scene.reflector.hasSynced).to.equal(false);
    expect(scene.store.size).to.equal(0);
    expect(scene.reflector.resourceVersion).to.equal(undefined);
  });

  it('goes back to pages when a stream ends before the set is complete', async () => {
    scene = new Scene();
    scene.api.put('a');
    scene.server.handler = (received, response) => {
      if (received.query.get('sendInitialEvents') !== 'true') scene.api.handle(received, response);
      else response.writeHead(200).end(line('ADDED', scene.api.objects.get('a')));
    };
    await scene.start();
    await scene.clock.run(2_000);
    expect(scene.reflector.hasSynced).to.equal(true);
    expect(scene.same).to.equal(true);
    expect(scene.failures.map(({ error }) => error.message)).to.deep.equal([
      'Cannot list: the stream ended before the set was complete',
    ]);
  });

  it('goes to pages where a server watches instead of streaming a list', async () => {
    scene = new Scene();
    scene.api.put('a');
    scene.server.handler = (received, response) => {
      if (received.query.get('sendInitialEvents') !== 'true') scene.api.handle(received, response);
      else {
        response.writeHead(200);
        response.write(line('ADDED', scene.api.objects.get('a')));
        writeBookmark(response, 101, false);
      }
    };
    await scene.start();
    await until('told', () => scene.failures.length === 1);
    expect(scene.reflector.hasSynced).to.equal(false);
    await scene.clock.run(2_000);
    await until('synced', () => scene.reflector.hasSynced && scene.same);
  });

  it('bookmarks raise the watermark', async () => {
    await watching();
    scene.api.version = 5_000;
    scene.api.bookmark();
    await until('bookmark', () => scene.reflector.resourceVersion === '5000');
    scene.server.reset();
    await scene.clock.run(3_000);
    expect(scene.server.requests.at(-1)!.query.get('resourceVersion')).to.equal('5000');
  });

  it('resumes after a reset where it was, and loses nothing', async () => {
    await watching();
    scene.server.reset();
    scene.api.put('c');
    scene.api.delete('a');
    await scene.clock.run(3_000);
    expect(scene.same).to.equal(true);
    expect(scene.server.requests).to.have.length(2);
    expect(scene.server.requests[1]!.query.get('resourceVersion')).to.equal('102');
    expect(scene.failures.map(({ doing }) => doing)).to.deep.equal(['watch']);
    expect(scene.reflector.failure).to.equal(undefined);
  });

  for (const how of ['status', 'event'])
    it(`410 as ${how} lists again and removes what is gone`, async () => {
      await watching();
      if (how === 'event') scene.api.say(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' }));
      else scene.server.reset();
      scene.api.delete('a');
      scene.api.put('d');
      scene.api.compact();
      await scene.clock.run(10_000);
      expect(scene.same).to.equal(true);
      expect([...scene.store.snapshot().keys()]).to.deep.equal(['team-a/b', 'team-a/d']);
      expect(scene.transformed.filter(name => name === 'b')).to.have.length(1);
    });

  it('an ERROR event of 429 is no reason to list', async () => {
    await watching();
    scene.api.say(line('ERROR', { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 5 } }));
    await scene.clock.run(4_900);
    expect(scene.server.requests).to.have.length(1);
    await scene.clock.run(5_000);
    expect(scene.server.requests).to.have.length(2);
    expect(scene.server.requests[1]!.query.get('resourceVersion')).to.equal('102');
  });

  it('90 s of silence end a watch', async () => {
    await watching();
    await scene.clock.run(89_000);
    expect(scene.server.requests).to.have.length(1);
    await scene.clock.run(4_000);
    expect(scene.server.requests).to.have.length(2);
    expect(scene.failures[0]!.error.message).to.equal('Cannot watch: nothing was heard for 90 s');
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

  it('events over chunk borders, in the middle of a character, are whole', async () => {
    await watching();
    const object = scene.api.objects.get('a')!;
    const changed = {
      ...object,
      metadata: { ...object.metadata, generation: 2, resourceVersion: '200' },
      spec: 'Grüße, 世界, 🗺',
    };
    const bytes = Buffer.from(line('MODIFIED', changed));
    for (const byte of bytes) {
      scene.api.say(Uint8Array.of(byte));
      if (byte > 127) await new Promise(resolve => setTimeout(resolve, 1));
    }
    await until('whole', () => scene.store.get('team-a/a')?.includes('"Grüße, 世界, 🗺"') === true);
  });

  it('an object of 3 MB arrives', async () => {
    await watching();
    scene.api.put('big', { spec: 'x'.repeat(3_000_000) });
    await until('big', () => scene.same && scene.store.size === 3);
  });

  it('one unchanged generation is not transformed', async () => {
    await watching({ ignoreUnchangedGeneration: true });
    const before = scene.store.snapshot();
    scene.api.put('a', { generation: 1, spec: 'status only' });
    await until('seen', () => scene.reflector.resourceVersion === '103');
    expect(scene.store.snapshot()).to.equal(before);
    expect(scene.transformed).to.deep.equal(['a', 'b']);
  });

  it('an object that was made again under its name is another', async () => {
    await watching({ ignoreUnchangedGeneration: true });
    scene.server.reset();
    scene.api.delete('a');
    scene.api.put('a', { uid: 'another', generation: 1 });
    scene.api.compact();
    await scene.clock.run(10_000);
    expect(scene.same).to.equal(true);
    expect(scene.store.get('team-a/a')).to.contain('another');
  });

  it('a transform that throws costs its object, and its last content stays', async () => {
    const transform = (object: { spec?: unknown }) => {
      if (object.spec === 'bad') throw new Error('bad spec');
      return JSON.stringify(object.spec);
    };
    await watching({ transform });
    const before = scene.store.get('team-a/a');
    scene.api.put('a', { spec: 'bad' });
    scene.api.put('b', { spec: 'good' });
    await until('good', () => scene.store.get('team-a/b') === '"good"');
    expect(scene.store.get('team-a/a')).to.equal(before);
    expect(scene.failures).to.have.length(1);
    expect(scene.failures[0]).to.include({ doing: 'transform', key: 'team-a/a' });
  });

  it('a consumer that throws is told of, and the watch goes on', async () => {
    await watching();
    let fails = true;
    scene.store.onChange(() => {
      if (fails) throw new Error('consumer');
    });
    scene.api.put('c');
    await until('told', () => scene.failures.length === 1);
    expect(scene.failures[0]!.doing).to.equal('consume');
    fails = false;
    scene.api.put('d');
    await until('d', () => scene.same && scene.store.size === 4);
    expect(scene.server.requests).to.have.length(1);
  });

  it('an older list is believed when it is told twice', async () => {
    await watching();
    const old = [...scene.api.objects.values()].slice(0, 1);
    scene.api.put('a');
    scene.api.put('c');
    await until('c', () => scene.store.size === 3);
    scene.server.reset();
    scene.api.restore(old, 50);
    scene.server.handler = (received, response) => {
      const version = received.query.get('resourceVersion');
      if (version !== null && Number(version) > scene.api.version) refuse(response, 410, 'Expired');
      else scene.api.handle(received, response);
    };
    await scene.clock.run(1_500);
    expect(scene.store.size).to.equal(3);
    await scene.clock.run(30_000);
    expect(scene.same).to.equal(true);
    expect(scene.reflector.resourceVersion).to.equal('50');
    expect(scene.failures.map(({ error }) => error.name)).to.include('RewoundError');
  });

  it('stop is quiet, in every state', async () => {
    await watching();
    await scene.reflector.stop();
    expect(scene.failures).to.deep.equal([]);
    await until('closed', () => scene.api.watching === 0);
    scene.api.put('late');
    expect(scene.store.size).to.equal(2);
  });

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
      expect(scene.server.requests.length - before).to.be.within(50, 200);
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
          scene = new Scene();
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
    scene = await new Scene().start();
  }).timeout(120_000);
});

async function play(scene: Scene, step: { kind: string; name?: string }): Promise<void> {
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
