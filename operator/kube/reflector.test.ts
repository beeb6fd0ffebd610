import { expect } from 'chai';
import { line, writeBookmark } from './testing/api.ts';
import { until } from './testing/clock.ts';
import { ReflectorFixture } from './testing/fixture.ts';
import { refuse } from './testing/server.ts';

describe('Reflector', () => {
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

  /** What each watch asked for; a list of one object, which asks where the server is, is none. */
  function asked(): readonly URLSearchParams[] {
    return scene.server.requests.map(({ query }) => query).filter(query => query.get('watch') === 'true');
  }

  /** Watching, with two objects. */
  async function watching(options = {}): Promise<ReflectorFixture> {
    scene = new ReflectorFixture();
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
    scene = new ReflectorFixture();
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

  it('has synced only when the whole set is there', async () => {
    scene = new ReflectorFixture((_, response) => {
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
    scene = new ReflectorFixture();
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
    scene = new ReflectorFixture();
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
    expect(asked().at(-1)!.get('resourceVersion')).to.equal('5000');
  });

  it('resumes after a reset where it was, and loses nothing', async () => {
    await watching();
    scene.server.reset();
    scene.api.put('c');
    scene.api.delete('a');
    await scene.clock.run(3_000);
    expect(scene.same).to.equal(true);
    expect(asked()).to.have.length(2);
    expect(asked()[1]!.get('resourceVersion')).to.equal('102');
    expect(scene.failures.map(({ doing }) => doing)).to.deep.equal(['watch']);
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
    expect(asked()).to.have.length(1);
    await scene.clock.run(5_000);
    expect(asked()).to.have.length(2);
    expect(asked()[1]!.get('resourceVersion')).to.equal('102');
  });

  it('90 s of silence end a watch', async () => {
    await watching();
    await scene.clock.run(89_000);
    expect(asked()).to.have.length(1);
    await scene.clock.run(4_000);
    expect(asked()).to.have.length(2);
    expect(scene.failures[0]!.error.message).to.equal('Cannot watch: nothing was heard for 90 s');
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
    expect(scene.failures.map(({ error }) => error.name)).to.include('RestoredError');
  });

  it('stop is quiet, in every state', async () => {
    await watching();
    await scene.reflector.stop();
    expect(scene.failures).to.deep.equal([]);
    await until('closed', () => scene.api.watching === 0);
    scene.api.put('late');
    expect(scene.store.size).to.equal(2);
  });
});
