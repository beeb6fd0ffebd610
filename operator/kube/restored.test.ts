import { expect } from 'chai';
import fc from 'fast-check';
import type { KubeObject } from './client.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { INNER_MAPS } from './resources.ts';
import { Store } from './store.ts';
import { until } from './testing/clock.ts';
import { contentOf, ReflectorFixture } from './testing/fixture.ts';
import { RestoreDetection } from './watch/restoredetection.ts';

describe('Reflector and a server restored from a backup', () => {
  let fixture: ReflectorFixture;
  let restoreDetection = new RestoreDetection();
  let restorations = 0;
  const isCertain = (): boolean => restoreDetection.isCertain(fixture.clock.now());

  afterEach(async () => {
    await fixture.stop();
    expect(fixture.clock.sleeping).to.equal(0);
  });

  /** Watching, with two objects. */
  function watching(options: Partial<ReflectorOptions<string>> = {}): Promise<ReflectorFixture> {
    fixture = new ReflectorFixture();
    restoreDetection = new RestoreDetection();
    restorations = 0;
    return fixture.watchingTwo({
      relistJitterMs: 0,
      restoreDetection,
      onRestored: () => restorations++,
      ...options,
    });
  }

  function backup(): () => void {
    const [objects, version] = [[...fixture.api.objects.values()], fixture.api.version];
    return () => {
      fixture.server.reset();
      fixture.api.restore(objects, version);
    };
  }

  async function seen(version: number): Promise<void> {
    fixture.api.bookmark();
    await until(`${version} is seen`, () => fixture.reflector.resourceVersion === String(version));
  }

  const lists = () => fixture.server.requests.filter(({ query }) => query.has('sendInitialEvents')).length;

  it('a broken watch of a server that was not restored is resumed: no list, no restoration', async () => {
    await watching();
    fixture.server.reset();
    fixture.api.put('a');
    await fixture.clock.run(5_000);
    expect(fixture.same).to.equal(true);
    expect([lists(), restorations]).to.deep.equal([1, 0]);
  });

  it('is noticed where the server has counted as far again: its first object is not what it was', async () => {
    await watching();
    const restore = backup();
    fixture.api.put('a');
    await until('received', () => fixture.same);
    restore();
    for (const name of ['b', 'c', 'd']) fixture.api.put(name);
    await fixture.clock.run(5_000);
    expect(fixture.same).to.equal(true);
    expect(restorations).to.equal(1);
    expect(fixture.failures.at(-1)!.error.message).to.match(
      /^Cannot follow a watch: the server is at resourceVersion 105, team-a\/a is at 101 and was at 103 at 103,/,
    );
  });

  it('is noticed where the only object that is selected is gone', async () => {
    await watching();
    const restore = backup();
    fixture.api.delete('a');
    fixture.api.delete('b');
    fixture.api.put('own');
    await until('received', () => fixture.same);
    restore();
    fixture.api.objects.clear();
    fixture.api.version = 500;
    await fixture.clock.run(5_000);
    expect(fixture.same).to.equal(true);
    expect(restorations).to.equal(1);
  });

  it('without resuming it lists again, and reports no restoration where there was none', async () => {
    await watching({ resumes: false });
    fixture.server.reset();
    fixture.api.put('a');
    fixture.api.delete('b');
    fixture.api.put('c');
    await fixture.clock.run(5_000);
    expect(fixture.same).to.equal(true);
    expect([lists(), restorations]).to.deep.equal([2, 0]);
    expect(isCertain()).to.equal(true);
  });

  it('without resuming it notices what came back, however far the server has counted', async () => {
    await watching({ resumes: false });
    const restore = backup();
    fixture.api.delete('b');
    await until('received', () => fixture.same);
    restore();
    for (let count = 0; count < 20; count++) fixture.api.put('a');
    await fixture.clock.run(5_000);
    expect(fixture.same).to.equal(true);
    expect(restorations).to.equal(1);
    expect(fixture.failures.at(-1)!.error.message).to.match(
      /^Cannot take a list as of resourceVersion 122: team-a\/b is at 102 and was not there at 103,/,
    );
  });

  it('is not certain from the break on until the whole set is there', async () => {
    await watching({ resumes: false });
    const { handler } = fixture.server;
    fixture.server.handler = (_, response) => response.socket!.resetAndDestroy();
    fixture.server.reset();
    await until('noticed', () => !isCertain());
    await fixture.clock.run(10_000);
    expect(isCertain()).to.equal(false);
    fixture.server.handler = handler;
    await fixture.clock.run(60_000);
    expect(isCertain()).to.equal(true);
  });

  it('one that cannot be read is no sign of a restoration', async () => {
    await watching({
      resumes: false,
      transform: (object: KubeObject) => {
        if (object.metadata.name === 'bad') throw new Error('unreadable');
        return contentOf(object);
      },
    });
    fixture.api.put('bad');
    await until('received', () => fixture.failures.length === 1);
    fixture.server.reset();
    await fixture.clock.run(5_000);
    expect(restorations).to.equal(0);
    expect([...fixture.store.snapshot().keys()]).to.deep.equal(['team-a/a', 'team-a/b']);
  });

  it('a restoration that one stream notices is reported by the others, each once', async () => {
    await watching();
    const store = new Store<string>();
    let others = 0;
    const { cluster, clock } = fixture;
    const other = new Reflector<string>({
      ...{
        cluster,
        clock,
        restoreDetection,
        ref: { resource: INNER_MAPS },
        consumer: store,
        relistJitterMs: 0,
      },
      fieldSelector: 'other',
      transform: contentOf,
      onRestored: () => others++,
    });
    other.start();
    await until('watching', () => fixture.api.watching === 2);
    const restore = backup();
    fixture.api.put('a');
    await until('received', () => fixture.same && store.get('team-a/a') === fixture.store.get('team-a/a'));
    restore();
    fixture.api.put('b');
    fixture.api.put('b');
    await fixture.clock.run(10_000);
    expect(fixture.same).to.equal(true);
    expect([...store.snapshot().values()]).to.have.members([...fixture.store.snapshot().values()]);
    expect([restorations, others]).to.deep.equal([1, 1]);
    await other.stop();
  });

  it('any sequence of changes, breaks and restorations ends with what the server has', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), name }),
      fc.record({ kind: fc.constant('delete' as const), name }),
      fc.record({ kind: fc.constantFrom('backup', 'restore', 'reset', 'bookmark', 'wait') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async steps => {
        await watching({ resumes: false });
        let restore = backup();
        for (const each of steps) {
          if (each.kind === 'put') fixture.api.put(each.name);
          else if (each.kind === 'delete') fixture.api.delete(each.name);
          else if (each.kind === 'backup') restore = backup();
          else if (each.kind === 'restore') restore();
          else if (each.kind === 'reset') fixture.server.reset();
          else if (each.kind === 'bookmark') fixture.api.bookmark();
          else await fixture.clock.run(700);
        }
        await fixture.clock.run(60_000);
        expect(fixture.same).to.equal(true);
        await fixture.stop();
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it('a bookmark of the lost history is noticed as soon as the watch breaks', async () => {
    await watching();
    const restore = backup();
    fixture.api.version = 5_000;
    await seen(5_000);
    restore();
    await fixture.clock.run(5_000);
    expect(restorations).to.equal(1);
    expect(fixture.reflector.resourceVersion).to.equal('102');
  });
});
