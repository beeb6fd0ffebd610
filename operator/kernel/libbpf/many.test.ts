import { expect } from 'chai';
import type { Entries } from '../../core/entries.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { loopDuring } from '../../testing/loop.ts';
import { KernelError } from '../error.ts';
import { errnos, numbered, openMap, u32 } from '../testing/contract/fixture.ts';
import type { RealKernel } from './kernel.ts';
import { HASH, mapsNamed, named, onRealKernel, onScratch, openFiles } from './scratch.test.ts';

onRealKernel('openKernel with many maps and entries', function () {
  this.timeout(60_000);
  const scratch = onScratch();
  let kernel: RealKernel;
  beforeEach(() => {
    kernel = scratch().open();
  });

  it('build of 10,000 × 100, replace and readInner: quick, and the event loop goes on', async () => {
    const outer = kernel.createOuter(
      { ...HASH, type: 'HashOfMaps', valueSize: 4, maxEntries: 10_000 },
      HASH,
      named('outer'),
    );
    kernel.pins.makeDirectory(scratch().path('inner'));
    const requests = Array.from({ length: 10_000 }, (_, index) =>
      scratch().request(`inner/${index}`, { name: named('many') }),
    );
    const maps = await measured('build', async () => (await kernel.build(requests)).map(openMap));
    const keys = u32(...maps.keys());
    const failed = await measured('replace', () => kernel.replace(outer, keys, maps), TURNS_OF_A_CALL);
    expect(failed.size).to.equal(0);
    for (const map of maps) map.close();
    const addresses = requests.map(({ pins }) => ({ pin: pins[0]! }));
    const read = await measured('readInner', () => kernel.readInner(addresses));
    expect(
      read.every(reading => !(reading instanceof KernelError) && reading.entries.count === 100),
    ).to.equal(true);
    const found = await measured('identify', () => kernel.identify(requests.flatMap(({ pins }) => pins)));
    const entries = await measured('readOuter', () => kernel.readOuter(outer), TURNS_OF_A_CALL);
    expect([...entries.ids].sort()).to.deep.equal(found.map(one => 'id' in one && one.id).sort());
    const removed = await measured('remove', () => kernel.remove(outer, keys), TURNS_OF_A_CALL);
    expect(removed.size).to.equal(0);
    for (const { pins } of requests) kernel.pins.unlink(pins[0]!);
    outer.close();
    expect(mapsNamed(named('many'), named('outer'))).to.equal(0);
  });

  it('entries that are refused cost no batch each: a full map, and keys that are not there', async () => {
    const spec: MapSpec = { ...HASH, type: 'HashOfMaps', valueSize: 4, maxEntries: 1000 };
    const outer = kernel.createOuter(spec, HASH, named('outer'));
    const [inner] = (await kernel.build([scratch().request('web')])).map(openMap);
    const insert = (keys: readonly number[]) =>
      kernel.replace(outer, u32(...keys), new Array(keys.length).fill(inner));
    const numbers = Array.from({ length: 2000 }, (_, index) => index);
    expect((await insert(numbers.slice(0, 1000))).size).to.equal(0);
    const before = { ...kernel.calls };
    const refused = await insert(numbers.toSorted((a, b) => (a % 1000) - (b % 1000)));
    expect([...refused.values()].filter(({ errno }) => errno === 'E2BIG')).to.have.length(1000);
    expect(kernel.calls.mapUpdateBatch - before.mapUpdateBatch).to.be.at.most(3);
    const even = numbers.filter(number => number % 2 === 0);
    await kernel.remove(outer, u32(...even.slice(0, 500)));
    const half = { ...kernel.calls };
    expect((await kernel.remove(outer, u32(...numbers))).size).to.equal(0);
    expect(kernel.calls.mapDeleteBatch - half.mapDeleteBatch).to.be.at.most(3);
    expect((await kernel.readOuter(outer)).count).to.equal(0);
    inner!.close();
    outer.close();
  });

  it('what is refused of thousands that go one by one is named by its own index', async () => {
    const spec: MapSpec = { ...HASH, type: 'ArrayOfMaps', valueSize: 4, maxEntries: 5000 };
    const outer = kernel.createOuter(spec, HASH, named('outer'));
    const [inner] = (await kernel.build([scratch().request('web')])).map(openMap);
    const inside = Array.from({ length: 5000 }, (_, index) => index);
    const inserted = await kernel.replace(outer, u32(...inside), new Array(5000).fill(inner));
    expect(inserted.size).to.equal(0);
    const keys = u32(...inside, 5000, 5001);
    const failed = await measured('remove', () => kernel.remove(outer, keys), TURNS_OF_A_CALL);
    expect(errnos(failed)).to.deep.equal({ 5000: 'E2BIG', 5001: 'E2BIG' });
    expect((await kernel.readOuter(outer)).count).to.equal(0);
    inner!.close();
    outer.close();
  });

  it('20,000 maps made and closed leave neither map nor fd', async () => {
    const files = openFiles();
    for (let round = 0; round < 20; round += 1) {
      const requests = Array.from({ length: 1000 }, (_, index) =>
        scratch().request(`cycle${index}`, { name: named('cycle'), entries: numbered(0, 1) }),
      );
      for (const map of await kernel.build(requests)) openMap(map).close();
      for (const { pins } of requests) kernel.pins.unlink(pins[0]!);
    }
    expect(mapsNamed(named('cycle'))).to.equal(0);
    expect(openFiles()).to.be.at.most(files + 1);
  });

  for (const [type, maxEntries, flags] of [
    ['Hash', 200_000, 0],
    ['LPMTrie', 70_000, 1],
    ['PerCPUHash', 20_000, 1],
    ['Array', 100_000, 0],
  ] as const) {
    it(`a ${type} of ${maxEntries} entries goes in and comes back off the event loop`, async () => {
      const spec = { type, keySize: type === 'LPMTrie' ? 8 : 4, valueSize: 8, maxEntries, flags };
      const entries = type === 'LPMTrie' ? prefixes(maxEntries) : perCpu(type, counted(maxEntries));
      const build = () => kernel.build([scratch().request('large', { spec, entries })]);
      const map = openMap((await measured(`build ${type}`, build))[0]);
      const [reading] = await measured(`readInner ${type}`, () =>
        kernel.readInner([{ pin: scratch().path('large') }]),
      );
      map.close();
      if (reading === undefined || reading instanceof KernelError) throw reading ?? new Error('no answer');
      expect(reading.entries.count).to.equal(maxEntries);
      expect(sumOf(reading.entries.keys)).to.equal(sumOf(entries.keys));
      expect(sumOf(reading.entries.values)).to.equal(sumOf(entries.values));
    });
  }

  const perCpu = (type: string, entries: Entries) => {
    if (type !== 'PerCPUHash') return entries;
    const values = new Uint8Array(entries.count * 8 * kernel.possibleCpus).map((_, index) => index % 251);
    return { ...entries, values };
  };
});

/** Slices end by the clock, so that there are as many on a busy machine and more; blocking work lets the loop turn never. */
const TURNS_OF_SLICES = 5;
/** One call off the loop: on a busy machine this thread may sleep until it is over, and then turns once. */
const TURNS_OF_A_CALL = 1;

/** With MEASURE set, prints the durations. */
async function measured<T>(what: string, work: () => Promise<T>, least = TURNS_OF_SLICES): Promise<T> {
  const { stall, turns, took, result } = await loopDuring(work);
  if (process.env['MEASURE'] !== undefined) {
    console.log(`      ${what}: ${took.toFixed(0)} ms, longest stall ${stall.toFixed(1)} ms`);
  }
  // Counted and not timed: on a busy machine a slice takes as long as all should
  expect(turns, `turns of the event loop during ${what}`).to.be.at.least(least);
  return result;
}

function prefixes(count: number): Entries {
  const keys = new Uint8Array(count * 8);
  const view = new DataView(keys.buffer);
  for (let index = 0; index < count; index += 1) {
    view.setUint32(index * 8, 32, true);
    view.setUint32(index * 8 + 4, index * 7, false);
  }
  return { ...counted(count), keys };
}

/** As many entries as fit no argument list. */
function counted(count: number): Entries {
  const keys = new Uint8Array(Uint32Array.from({ length: count }, (_, index) => index).buffer);
  return { count, keys, values: new Uint8Array(count * 8).map((_, index) => index % 241) };
}

function sumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0);
}
