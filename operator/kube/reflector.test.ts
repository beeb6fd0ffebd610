import { expect } from 'chai';
import { line, writeBookmark } from './testing/api.ts';
import { until } from './testing/clock.ts';
import { ReflectorFixture } from './testing/fixture.ts';
import { refuse } from './testing/server.ts';

describe('Reflector', () => {
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

  /** The queries of the watches; a list of one object, which verifies, is none. */
  function watchQueries(): readonly URLSearchParams[] {
    return fixture.server.requests.map(({ query }) => query).filter(query => query.get('watch') === 'true');
  }

  /** Watching, with two objects. */
  function watching(options = {}): Promise<ReflectorFixture> {
    fixture = new ReflectorFixture();
    return fixture.watchingTwo(options);
  }

  it('streams the first list, and goes on watching in the same stream', async () => {
    await watching({ fieldSelector: 'spec.outerMap=tenants' });
    fixture.api.put('c');
    await until('c', () => fixture.same && fixture.store.size === 3);
    expect(fixture.server.requests).to.have.length(1);
    const { query } = fixture.server.requests[0]!;
    expect(query.get('sendInitialEvents')).to.equal('true');
    expect(query.get('resourceVersionMatch')).to.equal('NotOlderThan');
    expect(query.get('allowWatchBookmarks')).to.equal('true');
    expect(query.get('fieldSelector')).to.equal('spec.outerMap=tenants');
    expect(query.has('resourceVersion')).to.equal(false);
    expect(Number(query.get('timeoutSeconds'))).to.be.within(300, 600);
  });

  it('lists by pages where streaming is refused, and remembers', async () => {
    fixture = new ReflectorFixture();
    fixture.api.streaming = false;
    for (let n = 0; n < 120; n++) fixture.api.put(`m${n}`, { spec: 'x'.repeat(8_000) });
    await fixture.synced();
    await until('watching', () => fixture.api.watching === 1);
    expect(fixture.same).to.equal(true);
    const limits = fixture.server.requests.map(
      ({ query }) => query.get('limit') ?? query.get('resourceVersion'),
    );
    expect(limits).to.deep.equal([null, '50', '32', '32', '32', '220']);
    expect(fixture.failures).to.deep.equal([]);
    fixture.api.compact();
    fixture.api.send(line('ERROR', { code: 410, reason: 'Expired', message: 'too old' }));
    await fixture.clock.run(10_000);
    await until('listed', () => fixture.server.requests.length === 11);
    expect(fixture.server.requests.slice(6).some(({ query }) => query.has('sendInitialEvents'))).to.equal(
      false,
    );
  });

  it('has synced only when the whole set is there', async () => {
    fixture = new ReflectorFixture((_, response) => {
      response.writeHead(200);
      response.write(line('ADDED', { metadata: { name: 'a', resourceVersion: '7' } }));
    });
    await fixture.start();
    await fixture.clock.run(1_000);
    expect(fixture.reflector.hasSynced).to.equal(false);
    expect(fixture.store.size).to.equal(0);
    expect(fixture.reflector.resourceVersion).to.equal(undefined);
  });

  it('goes back to pages when a stream ends before the set is complete', async () => {
    fixture = new ReflectorFixture();
    fixture.api.put('a');
    fixture.server.handler = (received, response) => {
      if (received.query.get('sendInitialEvents') !== 'true') fixture.api.handle(received, response);
      else response.writeHead(200).end(line('ADDED', fixture.api.objects.get('a')));
    };
    await fixture.start();
    await fixture.clock.run(2_000);
    expect(fixture.reflector.hasSynced).to.equal(true);
    expect(fixture.same).to.equal(true);
    expect(fixture.failures.map(({ error }) => error.message)).to.deep.equal([
      'Cannot list: the stream ended before the set was complete',
    ]);
  });

  it('goes to pages where a server watches instead of streaming a list', async () => {
    fixture = new ReflectorFixture();
    fixture.api.put('a');
    fixture.server.handler = (received, response) => {
      if (received.query.get('sendInitialEvents') !== 'true') fixture.api.handle(received, response);
      else {
        response.writeHead(200);
        response.write(line('ADDED', fixture.api.objects.get('a')));
        writeBookmark(response, 101, false);
      }
    };
    await fixture.start();
    await until('reported', () => fixture.failures.length === 1);
    expect(fixture.reflector.hasSynced).to.equal(false);
    await fixture.clock.run(2_000);
    await until('synced', () => fixture.reflector.hasSynced && fixture.same);
  });

  it('bookmarks raise the watermark', async () => {
    await watching();
    fixture.api.version = 5_000;
    fixture.api.bookmark();
    await until('bookmark', () => fixture.reflector.resourceVersion === '5000');
    fixture.server.reset();
    await fixture.clock.run(3_000);
    expect(watchQueries().at(-1)!.get('resourceVersion')).to.equal('5000');
  });

  it('resumes after a reset where it was, and loses nothing', async () => {
    await watching();
    fixture.server.reset();
    fixture.api.put('c');
    fixture.api.delete('a');
    await fixture.clock.run(3_000);
    expect(fixture.same).to.equal(true);
    expect(watchQueries()).to.have.length(2);
    expect(watchQueries()[1]!.get('resourceVersion')).to.equal('102');
    expect(fixture.failures.map(({ doing }) => doing)).to.deep.equal(['watch']);
  });

  for (const how of ['status', 'event'])
    it(`410 as ${how} lists again and removes what is gone`, async () => {
      await watching();
      if (how === 'event') fixture.api.send(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' }));
      else fixture.server.reset();
      fixture.api.delete('a');
      fixture.api.put('d');
      fixture.api.compact();
      await fixture.clock.run(10_000);
      expect(fixture.same).to.equal(true);
      expect([...fixture.store.snapshot().keys()]).to.deep.equal(['team-a/b', 'team-a/d']);
      expect(fixture.transformed.filter(name => name === 'b')).to.have.length(1);
    });

  it('an ERROR event of 429 is no reason to list', async () => {
    await watching();
    fixture.api.send(
      line('ERROR', { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 5 } }),
    );
    await fixture.clock.run(4_900);
    expect(watchQueries()).to.have.length(1);
    await fixture.clock.run(5_000);
    expect(watchQueries()).to.have.length(2);
    expect(watchQueries()[1]!.get('resourceVersion')).to.equal('102');
  });

  it('90 s of silence end a watch', async () => {
    await watching();
    await fixture.clock.run(89_000);
    expect(watchQueries()).to.have.length(1);
    await fixture.clock.run(4_000);
    expect(watchQueries()).to.have.length(2);
    expect(fixture.failures[0]!.error.message).to.equal('Cannot watch: nothing was heard for 90 s');
  });

  it('events over chunk borders, in the middle of a character, are whole', async () => {
    await watching();
    const object = fixture.api.objects.get('a')!;
    const changed = {
      ...object,
      metadata: { ...object.metadata, generation: 2, resourceVersion: '200' },
      spec: 'Grüße, 世界, 🗺',
    };
    const bytes = Buffer.from(line('MODIFIED', changed));
    for (const byte of bytes) {
      fixture.api.send(Uint8Array.of(byte));
      if (byte > 127) await new Promise(resolve => setTimeout(resolve, 1));
    }
    await until('whole', () => fixture.store.get('team-a/a')?.includes('"Grüße, 世界, 🗺"') === true);
  });

  it('an object of 3 MB arrives', async () => {
    await watching();
    fixture.api.put('big', { spec: 'x'.repeat(3_000_000) });
    await until('big', () => fixture.same && fixture.store.size === 3);
  });

  it('one unchanged generation is not transformed', async () => {
    await watching({ ignoreUnchangedGeneration: true });
    const before = fixture.store.snapshot();
    fixture.api.put('a', { generation: 1, spec: 'status only' });
    await until('seen', () => fixture.reflector.resourceVersion === '103');
    expect(fixture.store.snapshot()).to.equal(before);
    expect(fixture.transformed).to.deep.equal(['a', 'b']);
  });

  it('an object that was made again under its name is another', async () => {
    await watching({ ignoreUnchangedGeneration: true });
    fixture.server.reset();
    fixture.api.delete('a');
    fixture.api.put('a', { uid: 'another', generation: 1 });
    fixture.api.compact();
    await fixture.clock.run(10_000);
    expect(fixture.same).to.equal(true);
    expect(fixture.store.get('team-a/a')).to.contain('another');
  });

  it('a transform that throws costs its object, and its last content stays', async () => {
    const transform = (object: { spec?: unknown }) => {
      if (object.spec === 'bad') throw new Error('bad spec');
      return JSON.stringify(object.spec);
    };
    await watching({ transform });
    const before = fixture.store.get('team-a/a');
    fixture.api.put('a', { spec: 'bad' });
    fixture.api.put('b', { spec: 'good' });
    await until('good', () => fixture.store.get('team-a/b') === '"good"');
    expect(fixture.store.get('team-a/a')).to.equal(before);
    expect(fixture.failures).to.have.length(1);
    expect(fixture.failures[0]).to.include({ doing: 'transform', key: 'team-a/a' });
  });

  it('a consumer that throws is reported, and the watch continues', async () => {
    await watching();
    let fails = true;
    fixture.store.onChange(() => {
      if (fails) throw new Error('consumer');
    });
    fixture.api.put('c');
    await until('reported', () => fixture.failures.length === 1);
    expect(fixture.failures[0]!.doing).to.equal('consume');
    fails = false;
    fixture.api.put('d');
    await until('d', () => fixture.same && fixture.store.size === 4);
    expect(fixture.server.requests).to.have.length(1);
  });

  it('an older list is accepted when it comes twice', async () => {
    await watching();
    const old = [...fixture.api.objects.values()].slice(0, 1);
    fixture.api.put('a');
    fixture.api.put('c');
    await until('c', () => fixture.store.size === 3);
    fixture.server.reset();
    fixture.api.restore(old, 50);
    fixture.server.handler = (received, response) => {
      const version = received.query.get('resourceVersion');
      if (version !== null && Number(version) > fixture.api.version) refuse(response, 410, 'Expired');
      else fixture.api.handle(received, response);
    };
    await fixture.clock.run(1_500);
    expect(fixture.store.size).to.equal(3);
    await fixture.clock.run(30_000);
    expect(fixture.same).to.equal(true);
    expect(fixture.reflector.resourceVersion).to.equal('50');
    expect(fixture.failures.map(({ error }) => error.name)).to.include('RestoredError');
  });

  it('stop is quiet, in every state', async () => {
    await watching();
    await fixture.reflector.stop();
    expect(fixture.failures).to.deep.equal([]);
    await until('closed', () => fixture.api.watching === 0);
    fixture.api.put('late');
    expect(fixture.store.size).to.equal(2);
  });
});
