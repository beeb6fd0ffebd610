import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { contentContract } from '../testing/contract/content.ts';
import { errnos, HASH, KernelFixture, numbered, openMap, u32 } from '../testing/contract/fixture.ts';
import type { Call, Library } from './library.ts';
import { openLibrary } from './library.ts';
import { mapsNamed, named, onScratch, Scratch } from './scratch.test.ts';
import type { Faults } from './testing/faults.ts';
import { withFaults } from './testing/withfaults.ts';

/** Values that keep bytes are read before they are written there, too. */
function withoutBatches(faults: Faults, errno: 'ENOTSUPP' | 'EINVAL'): void {
  faults.fail('loadProgram', 'EPERM');
  for (const command of ['lookupBatch', 'updateBatch', 'deleteBatch'] as const) faults.fail(command, errno);
}

/** More than may be singles side by side. */
const BATCH = 300;

/** Batches that answer after two milliseconds an entry, as where the process got no processor. */
function lateBatches(entries: number): Library {
  const library = openLibrary();
  const late = <T extends readonly unknown[]>(call: Call<T>): Call<T> =>
    Object.assign((...args: T) => call(...args), {
      later: async (...args: T) => {
        await sleep(2 * entries);
        return call.later(...args);
      },
    });
  const { mapUpdateBatch, mapDeleteBatch } = library;
  return { ...library, mapUpdateBatch: late(mapUpdateBatch), mapDeleteBatch: late(mapDeleteBatch) };
}

withFaults(import.meta.filename, 'a kernel of another age', faults => {
  const ages = [
    ['ENOTSUPP', 'a type without batches'],
    ['EINVAL', 'no batches at all, before 5.6'],
  ] as const;
  for (const [errno, name] of ages) {
    describe(`${errno}: ${name}`, () => {
      let fixture: KernelFixture;
      beforeEach(async () => {
        const scratch = new Scratch();
        const kernel = scratch.open();
        withoutBatches(faults, errno);
        fixture = await KernelFixture.open(async () => ({
          kernel,
          root: scratch.root,
          outside: scratch.outside(),
          close: async () => scratch.close(),
        }));
      });
      afterEach(() => fixture.close());
      contentContract(() => fixture);
      for (const kind of ['HashOfMaps', 'ArrayOfMaps'] as const) {
        it(`${kind}: goes by parallel singles, past those that are refused`, () => bySingles(fixture, kind));
      }
      it('probe: outerBatch is none', async () => {
        expect((await fixture.kernel.probe()).outerBatch).to.equal('none');
      });
    });
  }

  describe('one call that goes wrong', () => {
    const scratch = onScratch();

    it('EINTR of a sparse ArrayOfMaps (6.5 to 6.13): every index is looked up by itself', async () => {
      const kernel = scratch().open();
      faults.fail('lookupBatch', 'EINTR');
      const outer = kernel.createOuter(
        { ...HASH, type: 'ArrayOfMaps', valueSize: 4, maxEntries: 5000 },
        HASH,
        'aom',
      );
      const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
      const entries = { count: 0, keys: u32(), values: u32() };
      const inner = openMap((await kernel.build([{ ...request, entries }]))[0]);
      await kernel.replace(outer, u32(17, 4999), [inner, inner]);
      const read = await kernel.readOuter(outer);
      expect({ count: read.count, keys: read.keys, ids: [...read.ids] }).to.deep.equal({
        count: 2,
        keys: u32(17, 4999),
        ids: [inner.id, inner.id],
      });
      inner.close();
      outer.close();
    });

    it('a walk from key to key that starts anew: each key is read once', async () => {
      const library = openLibrary();
      withoutBatches(faults, 'ENOTSUPP');
      let steps = 0;
      const mapNextKey: Library['mapNextKey'] = (fd, key, next) =>
        library.mapNextKey(fd, steps++ === 3 ? null : key, next);
      const kernel = scratch().open({ ...library, mapNextKey });
      const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
      openMap((await kernel.build([{ ...request, entries: numbered(0, 5) }]))[0]).close();
      const [reading] = await kernel.readInner([{ pin: scratch().path('x') }]);
      if (reading === undefined || !('entries' in reading)) throw reading ?? new Error('no answer');
      expect(reading.entries.count).to.equal(5);
      expect([...wordsIn(reading.entries.keys)].sort()).to.deep.equal([0, 1, 2, 3, 4]);
      expect(steps).to.equal(9);
    });

    it('verify says nothing of what it cannot read or open, and is right again after it', async () => {
      const kernel = scratch().open();
      const map = openMap((await kernel.build([scratch().request('x')]))[0]);
      const { id, spec } = map;
      map.close();
      const { entries } = scratch().request('x');
      const address = { pin: scratch().path('x') };
      const verify = async () => [
        ...(await kernel.verify([{ address, id, spec, entries, frozen: false, exact: true }])),
      ];
      for (const [command, errno] of [
        ['lookupBatch', 'ENOSPC'],
        ['lookupBatch', 'EINTR'],
        ['info', 'EPERM'],
      ] as const) {
        faults.fail(command, errno);
        expect(await verify(), `${command} ${errno}`).to.deep.equal([0]);
        faults.none();
        expect(await verify(), 'after it').to.deep.equal([1]);
      }
      faults.fail('lookupBatch', 'ENOTSUPP');
      expect(await verify(), 'key by key').to.deep.equal([1]);
    });

    it('ENOSPC of a bucket with more than fits: read again with more room, nothing lost', async () => {
      // The first asks what the pin is of
      const calls = faults.fail('lookupBatch', 'ENOSPC', [1, 3]);
      expect(await countOfLarge(scratch().open(), scratch())).to.equal(50_000);
      expect(calls()).to.be.greaterThan(4);
    });

    it('a batch that came late on a busy machine is no verdict: the next goes by batch too', async () => {
      const kernel = scratch().open(lateBatches(BATCH));
      const spec = { ...HASH, type: 'HashOfMaps', valueSize: 4, maxEntries: BATCH } as const;
      const outer = kernel.createOuter(spec, HASH, 'late');
      const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
      const inner = openMap((await kernel.build([{ ...request, entries: numbered(0, 0) }]))[0]);
      const keys = u32(...Array.from({ length: BATCH }, (_, at) => at));
      const before = kernel.counts();
      for (const change of ['first', 'second']) {
        expect(errnos(await kernel.replace(outer, keys, Array(BATCH).fill(inner))), change).to.deep.equal({});
        expect(errnos(await kernel.remove(outer, keys)), change).to.deep.equal({});
      }
      const { update_batch, delete_batch } = kernel.counts();
      expect(update_batch - before.update_batch).to.equal(2);
      expect(delete_batch - before.delete_batch).to.equal(2);
      inner.close();
      outer.close();
    });

    it('ENOMEM of an allocator that is about to fetch more: a build and an edit go on, and wait where nothing is written', async () => {
      const kernel = scratch().open();
      const refused = faults.beSlow();
      expect(await countOfLarge(kernel, scratch(), 40)).to.equal(40);
      expect(refused()).to.be.greaterThan(10);
      const map = kernel.open(scratch().path('large'))!;
      const upserts = numbered(1, 1, 9);
      const kept = { mask: new Uint8Array(8).fill(0xff), entries: Uint8Array.of(1) };
      for (const edit of [
        { upserts, deletes: u32() },
        { upserts, deletes: u32(), kept },
      ])
        expect(errnos(await kernel.edit(map, edit))).to.deep.equal({});
      map.close();
    });

    it('ENOMEM that lasts is told, and waited for once', async () => {
      const kernel = scratch().open();
      const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
      const map = openMap((await kernel.build([{ ...request, entries: numbered(0, 0) }]))[0]);
      const calls = faults.fail('updateBatch', 'ENOMEM');
      const failed = errnos(await kernel.edit(map, { upserts: numbered(0, 5, 9), deletes: u32() }));
      expect(failed).to.deep.equal(Object.fromEntries([0, 1, 2, 3, 4].map(at => [at, 'ENOMEM'])));
      // 1, 2, 4 … 64 ms for the first, then none
      expect(calls()).to.equal(8 + 4);
      const before = calls();
      const [built] = await kernel.build([scratch().request('y')]);
      expect(built)
        .to.have.property('message')
        .that.matches(/^Cannot fill inner map team-a\/y: ENOMEM/);
      expect(calls() - before).to.equal(8);
      expect(kernel.pins.exists(scratch().path('y'))).to.equal(false);
      map.close();
    });

    it('EBUSY that lasts is told at the fourth time', async () => {
      faults.fail('updateBatch', 'EBUSY');
      const kernel = scratch().open();
      const [built] = await kernel.build([scratch().request('x')]);
      expect(built).to.have.property('message', 'Cannot fill inner map team-a/x: EBUSY, entry 0 of 100');
      expect(kernel.counts().update_batch).to.equal(4);
    });

    it('build creates, fills, freezes, reads the id, pins: what fails ends it, and nothing is left of it', async () => {
      const steps = [
        ['create', 'create inner map', [1, 0, 0, 0, 0]],
        ['updateBatch', 'fill inner map', [1, 1, 0, 0, 0]],
        ['freeze', 'freeze inner map', [1, 1, 1, 0, 0]],
        ['info', 'read the id of', [1, 1, 1, 1, 0]],
        ['pin', 'pin inner map', [1, 1, 1, 1, 1]],
      ] as const;
      for (const [command, words, made] of steps) {
        faults.none();
        faults.fail(command, 'EACCES');
        const kernel = scratch().open();
        const [built] = await kernel.build([scratch().request('x', { freeze: true })]);
        expect(built).to.have.property('message').that.contains(`Cannot ${words} team-a/x: EACCES`);
        const { create, update_batch, freeze, info, pin } = kernel.counts();
        expect([create, update_batch, freeze, info, pin], command).to.deep.equal(made);
        expect(kernel.pins.exists(scratch().path('x'))).to.equal(false);
      }
      expect(mapsNamed(named('test'))).to.equal(0);
    });

    it('build: a pin that fails takes back those before it', async () => {
      faults.fail('pin', 'ENOSPC', [2]);
      const kernel = scratch().open();
      const pins = ['one', 'two', 'three', 'four'].map(name => scratch().path(name));
      const [built] = await kernel.build([scratch().request('x', { pins })]);
      expect(built).to.have.property('errno', 'ENOSPC');
      expect(pins.filter(pin => kernel.pins.exists(pin))).to.deep.equal([]);
      expect(kernel.counts().pin).to.equal(3);
    });

    it('EBUSY of a bucket that a program holds: tried again', async () => {
      faults.fail('updateBatch', 'EBUSY', [0, 1, 2]);
      const kernel = scratch().open();
      expect(await countOfLarge(kernel, scratch())).to.equal(50_000);
      expect(kernel.counts().update_batch).to.equal(4);
    });
  });
});

/** The buffer may be a slab with other readings in it. */
function wordsIn({ buffer, byteOffset, length }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length / 4);
}

async function countOfLarge(
  kernel: ReturnType<Scratch['open']>,
  scratch: Scratch,
  count = 50_000,
): Promise<number> {
  const keys = new Uint8Array(Uint32Array.from({ length: count }, (_, index) => index).buffer);
  const entries = { count, keys, values: new Uint8Array(8 * count) };
  const spec = { ...HASH, maxEntries: count };
  const pin = scratch.path('large');
  const request = { spec, name: 'large', label: 'large', entries, freeze: false, pins: [pin] };
  openMap((await kernel.build([request]))[0]).close();
  const [reading] = await kernel.readInner([{ pin }]);
  if (reading === undefined || !('entries' in reading)) throw reading ?? new Error('no answer');
  return new Set(wordsIn(reading.entries.keys)).size;
}

async function bySingles(fixture: KernelFixture, kind: 'HashOfMaps' | 'ArrayOfMaps'): Promise<void> {
  const outer = kind === 'HashOfMaps' ? fixture.hashOfMaps(HASH, 4) : fixture.arrayOfMaps(HASH, 4);
  const inners = await fixture.inners('inner', 3);
  const wrong = await fixture.inner('wrong', { spec: { ...HASH, valueSize: 4 } });
  const failed = await fixture.kernel.replace(outer, u32(0, 1, 2, 3), [
    inners[0]!,
    wrong,
    inners[1]!,
    inners[2]!,
  ]);
  expect(errnos(failed)).to.deep.equal({ 1: 'EINVAL' });
  expect(Object.keys(await fixture.outerIds(outer))).to.deep.equal(['00000000', '02000000', '03000000']);
  expect(errnos(await fixture.kernel.remove(outer, u32(3, 1, 0)))).to.deep.equal({});
  expect(Object.keys(await fixture.outerIds(outer))).to.deep.equal(['02000000']);
}
