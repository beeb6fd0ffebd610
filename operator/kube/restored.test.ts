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
  let scene: ReflectorFixture;
  let restoreDetection = new RestoreDetection();
  let restorations = 0;
  const isCertain = (): boolean => restoreDetection.isCertain(scene.clock.now());

  afterEach(async () => {
    await scene.stop();
    expect(scene.clock.sleeping).to.equal(0);
  });

  /** Watching, with two objects. */
  async function watching(options: Partial<ReflectorOptions<string>> = {}): Promise<ReflectorFixture> {
    scene = new ReflectorFixture();
    restoreDetection = new RestoreDetection();
    restorations = 0;
    scene.api.put('a');
    scene.api.put('b');
    await scene.synced({ relistJitterMs: 0, restoreDetection, onRestored: () => restorations++, ...options });
    await until('watching', () => scene.api.watching === 1);
    return scene;
  }

  function backup(): () => void {
    const [objects, version] = [[...scene.api.objects.values()], scene.api.version];
    return () => {
      scene.server.reset();
      scene.api.restore(objects, version);
    };
  }

  async function seen(version: number): Promise<void> {
    scene.api.bookmark();
    await until(`${version} is seen`, () => scene.reflector.resourceVersion === String(version));
  }

  const lists = () => scene.server.requests.filter(({ query }) => query.has('sendInitialEvents')).length;

  it('a broken watch of a server that was not restored is resumed: no list, nothing undone', async () => {
    await watching();
    scene.server.reset();
    scene.api.put('a');
    await scene.clock.run(5_000);
    expect(scene.same).to.equal(true);
    expect([lists(), restorations]).to.deep.equal([1, 0]);
  });

  it('is noticed where the server has counted as far again: its first object is not what it was', async () => {
    await watching();
    const restore = backup();
    scene.api.put('a');
    await until('told', () => scene.same);
    restore();
    for (const name of ['b', 'c', 'd']) scene.api.put(name);
    await scene.clock.run(5_000);
    expect(scene.same).to.equal(true);
    expect(restorations).to.equal(1);
    expect(scene.failures.at(-1)!.error.message).to.match(
      /^Cannot follow a watch: the server is at resourceVersion 105, team-a\/a is at 101 and was at 103 at 103,/,
    );
  });

  it('is noticed where the only object that is selected is gone', async () => {
    await watching();
    const restore = backup();
    scene.api.delete('a');
    scene.api.delete('b');
    scene.api.put('own');
    await until('told', () => scene.same);
    restore();
    scene.api.objects.clear();
    scene.api.version = 500;
    await scene.clock.run(5_000);
    expect(scene.same).to.equal(true);
    expect(restorations).to.equal(1);
  });

  it('who does not resume lists again, and calls nothing undone that was not', async () => {
    await watching({ resumes: false });
    scene.server.reset();
    scene.api.put('a');
    scene.api.delete('b');
    scene.api.put('c');
    await scene.clock.run(5_000);
    expect(scene.same).to.equal(true);
    expect([lists(), restorations]).to.deep.equal([2, 0]);
    expect(isCertain()).to.equal(true);
  });

  it('who does not resume notices what came back, however far the server has counted', async () => {
    await watching({ resumes: false });
    const restore = backup();
    scene.api.delete('b');
    await until('told', () => scene.same);
    restore();
    for (let count = 0; count < 20; count++) scene.api.put('a');
    await scene.clock.run(5_000);
    expect(scene.same).to.equal(true);
    expect(restorations).to.equal(1);
    expect(scene.failures.at(-1)!.error.message).to.match(
      /^Cannot take a list as of resourceVersion 122: team-a\/b is at 102 and was not there at 103,/,
    );
  });

  it('is not certain from the break on until the whole set is there', async () => {
    await watching({ resumes: false });
    const { handler } = scene.server;
    scene.server.handler = (_, response) => response.socket!.resetAndDestroy();
    scene.server.reset();
    await until('noticed', () => !isCertain());
    await scene.clock.run(10_000);
    expect(isCertain()).to.equal(false);
    scene.server.handler = handler;
    await scene.clock.run(60_000);
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
    scene.api.put('bad');
    await until('told', () => scene.failures.length === 1);
    scene.server.reset();
    await scene.clock.run(5_000);
    expect(restorations).to.equal(0);
    expect([...scene.store.snapshot().keys()]).to.deep.equal(['team-a/a', 'team-a/b']);
  });

  it('what one stream notices, the others take to heart, each once', async () => {
    await watching();
    const store = new Store<string>();
    let others = 0;
    const { cluster, clock } = scene;
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
    await until('watching', () => scene.api.watching === 2);
    const restore = backup();
    scene.api.put('a');
    await until('told', () => scene.same && store.get('team-a/a') === scene.store.get('team-a/a'));
    restore();
    scene.api.put('b');
    scene.api.put('b');
    await scene.clock.run(10_000);
    expect(scene.same).to.equal(true);
    expect([...store.snapshot().values()]).to.have.members([...scene.store.snapshot().values()]);
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
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        await watching({ resumes: false });
        let restore = backup();
        for (const each of steps) {
          if (each.kind === 'put') scene.api.put(each.name);
          else if (each.kind === 'delete') scene.api.delete(each.name);
          else if (each.kind === 'backup') restore = backup();
          else if (each.kind === 'restore') restore();
          else if (each.kind === 'reset') scene.server.reset();
          else if (each.kind === 'bookmark') scene.api.bookmark();
          else await scene.clock.run(700);
        }
        await scene.clock.run(60_000);
        expect(scene.same).to.equal(true);
        await scene.stop();
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it('a bookmark of the future that was undone is noticed as soon as the watch breaks', async () => {
    await watching();
    const restore = backup();
    scene.api.version = 5_000;
    await seen(5_000);
    restore();
    await scene.clock.run(5_000);
    expect(restorations).to.equal(1);
    expect(scene.reflector.resourceVersion).to.equal('102');
  });
});
