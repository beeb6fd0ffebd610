import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { contentContract } from '../testing/contract/content.ts';
import { errnos, HASH, KernelFixture, numbered, openMap, u32 } from '../testing/contract/fixture.ts';
import { ERRNO } from './errno.ts';
import type { Call, Library } from './library.ts';
import { openLibrary } from './library.ts';
import { onRealKernel, onScratch, Scratch } from './scratch.test.ts';

type Changed = 'mapLookupBatch' | 'mapUpdateBatch' | 'mapDeleteBatch' | 'mapUpdate' | 'mapLookup';

/** The process's own library, whose calls answer as another kernel's would. */
function answering(answers: Partial<Record<Changed, () => number | undefined>>): Library {
  const library = openLibrary();
  const changed = Object.entries(answers).map(([name, answer]) => {
    const call = library[name as Changed] as unknown as {
      (...args: unknown[]): number;
      later(...args: unknown[]): Promise<number>;
    };
    const now = (...args: unknown[]) => answer() ?? call(...args);
    const later = async (...args: unknown[]) => answer() ?? call.later(...args);
    return [name, Object.assign(now, { later })];
  });
  return { ...library, ...Object.fromEntries(changed) };
}

const without = (errno: number): Library =>
  answering({
    mapLookupBatch: () => -errno,
    mapUpdateBatch: () => -errno,
    mapDeleteBatch: () => -errno,
  });

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

onRealKernel('a kernel of another age', () => {
  const kernels: readonly (readonly [string, () => Library])[] = [
    ['ENOTSUPP: a type without batches', () => without(ERRNO.ENOTSUPP)],
    ['EINVAL: no batches at all, before 5.6', () => without(ERRNO.EINVAL)],
  ];
  for (const [name, library] of kernels) {
    describe(name, () => {
      let fixture: KernelFixture;
      beforeEach(async () => {
        const scratch = new Scratch();
        const kernel = scratch.open(library());
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
      const kernel = scratch().open(answering({ mapLookupBatch: () => -ERRNO.EINTR }));
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
      const library = without(ERRNO.ENOTSUPP);
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

    it('ENOSPC of a bucket with more than fits: read again with more room, nothing lost', async () => {
      let calls = 0;
      const kernel = scratch().open(answering({ mapLookupBatch: () => spaceLacks(calls++) }));
      expect(await countOfLarge(kernel, scratch())).to.equal(50_000);
      expect(calls).to.be.greaterThan(4);
    });

    it('EBUSY of a read or a write that keeps bytes: both are tried again', async () => {
      const answers = [-ERRNO.EBUSY, undefined, -ERRNO.EBUSY, undefined];
      const next = () => answers.shift();
      const kernel = scratch().open(answering({ mapLookup: next, mapUpdate: next }));
      const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
      const map = openMap((await kernel.build([{ ...request, entries: numbered(1, 1, 5) }]))[0]);
      const kept = { mask: new Uint8Array(8).fill(0xff), entries: Uint8Array.of(1) };
      const upserts = numbered(1, 1, 9);
      expect(errnos(await kernel.edit(map, { upserts, deletes: u32(), kept }))).to.deep.equal({});
      expect(answers, 'answers that nobody asked for').to.deep.equal([]);
      map.close();
      const [reading] = await kernel.readInner([{ pin: scratch().path('x') }]);
      if (reading === undefined || !('entries' in reading)) throw reading ?? new Error('no answer');
      expect(reading.entries.values).to.deep.equal(upserts.values);
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
      const library = slowAllocator();
      const kernel = scratch().open(library);
      expect(await countOfLarge(kernel, scratch(), 40)).to.equal(40);
      expect(library.refused()).to.be.greaterThan(10);
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
      let calls = 0;
      const lacking = () => -ERRNO.ENOMEM * Math.sign(++calls);
      const kernel = scratch().open(answering({ mapUpdateBatch: lacking, mapUpdate: lacking }));
      const request = { spec: HASH, name: 'x', label: 'x', freeze: false, pins: [scratch().path('x')] };
      const map = openMap((await kernel.build([{ ...request, entries: numbered(0, 0) }]))[0]);
      const failed = errnos(await kernel.edit(map, { upserts: numbered(0, 5, 9), deletes: u32() }));
      expect(failed).to.deep.equal(Object.fromEntries([0, 1, 2, 3, 4].map(at => [at, 'ENOMEM'])));
      // 1, 2, 4 … 64 ms for the first, then none
      expect(calls).to.equal(8 + 4);
      map.close();
    });

    it('EBUSY of a bucket that a program holds: tried again', async () => {
      let calls = 0;
      const kernel = scratch().open(
        answering({ mapUpdateBatch: () => (calls++ < 3 ? -ERRNO.EBUSY : undefined) }),
      );
      expect(await countOfLarge(kernel, scratch())).to.equal(50_000);
    });
  });
});

/** An allocator that has two elements at hand, and fetches more once it was asked in vain twice. */
function slowAllocator(): Library & { refused(): number } {
  const library = openLibrary();
  let [left, asked, refused] = [2, 0, 0];
  const take = (): boolean => {
    if (left > 0) return left-- > 0;
    refused += 1;
    asked += 1;
    if (asked % 2 === 0) left = 2;
    return false;
  };
  const now: Library['mapUpdateBatch'] = Object.assign(
    (...[fd, keys, values, counted]: Parameters<Library['mapUpdateBatch']>) => {
      const count = counted as Uint32Array;
      const all = count[0]!;
      for (let at = 0; at < all; at += 1) {
        const one = Uint32Array.of(1);
        const [from, to] = [at * 4, at * 8];
        if (
          take() &&
          library.mapUpdateBatch(
            fd,
            (keys as Uint8Array).subarray(from, from + 4),
            (values as Uint8Array).subarray(to, to + 8),
            one,
          ) === 0
        )
          continue;
        count[0] = at;
        return -ERRNO.ENOMEM;
      }
      return 0;
    },
    { later: async (...args: Parameters<Library['mapUpdateBatch']>) => now(...args) },
  );
  const mapUpdate = Object.assign(
    (...args: Parameters<Library['mapUpdate']>) => (take() ? library.mapUpdate(...args) : -ERRNO.ENOMEM),
    { later: library.mapUpdate.later },
  );
  return { ...library, mapUpdateBatch: now, mapUpdate, refused: () => refused };
}

/** The call of requireMap, then every second of the first few. */
function spaceLacks(call: number): number | undefined {
  return call === 1 || call === 3 ? -ERRNO.ENOSPC : undefined;
}

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
