import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Entries } from '../../core/entries.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { numbered, openMap, refusal, u32 } from '../contract/stand.ts';
import { KernelError } from '../error.ts';
import type { BuildRequest } from '../kernel.ts';
import type { RealKernel } from './kernel.ts';
import { openKernel } from './kernel.ts';
import { observed, openLibrary } from './library.ts';
import {
  inChild,
  longestStall,
  mapsNamed,
  onRealKernel,
  openFiles,
  Scratch,
  withCapabilities,
} from './scratch.test.ts';

const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 128, flags: 0 };

onRealKernel('openKernel', () => {
  let scratch: Scratch;
  let kernel: RealKernel;
  let files: number;
  beforeEach(() => {
    files = openFiles();
    scratch = new Scratch();
    kernel = scratch.open();
  });
  afterEach(() => {
    scratch.close();
    expect(openFiles(), 'open files').to.be.at.most(files);
  });

  const request = (name: string, changes: Partial<BuildRequest> = {}): BuildRequest => ({
    spec: HASH,
    name: 'libbpf_test',
    label: `team-a/${name}`,
    entries: numbered(0, 100),
    freeze: false,
    pin: scratch.path(name),
    ...changes,
  });

  describe('where something is missing', () => {
    it('a directory without a bpffs: says how to mount one', () => {
      const directory = mkdtempSync(join(tmpdir(), 'innermap-plain-'));
      const error = refusal(() => openKernel({ bpffs: directory }));
      rmdirSync(directory);
      expect(error?.message).to.contain(`mount -t bpf bpf ${directory}`);
    });

    it('no directory: ENOENT, and says how to make one', () => {
      const error = refusal(() => openKernel({ bpffs: '/nowhere/at/all' }));
      expect(error?.errno).to.equal('ENOENT');
      expect(error?.message).to.contain('mkdir -p /nowhere/at/all && mount -t bpf bpf');
    });

    it('libbpf.so.1: says what to install', () => {
      const library = execFileSync(
        'sh',
        ['-c', "PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n 's/.*libbpf.so.1 .*=> //p'"],
        {
          encoding: 'utf8',
        },
      ).split('\n')[0]!;
      const hidden = `mount --bind /dev/null "$(readlink -f ${library})" && exec "$@"`;
      const told = inChild(`openKernel({ bpffs: ${JSON.stringify(scratch.root)} })`, [
        ...['unshare', '--mount', 'sh', '-c', hidden, 'sh'],
      ]);
      expect(told).to.match(/^Cannot load libbpf.so.1: ENOENT, install libbpf1 \(apt-get install libbpf1\)/);
    });

    it('CAP_BPF: says so', () => {
      const told = inChild(
        `openKernel({ bpffs: ${JSON.stringify(scratch.root)} })`,
        withCapabilities('-all'),
      );
      expect(told).to.match(/EPERM, this process needs CAP_BPF/);
    });

    it('all capabilities but CAP_BPF: builds, replaces, reads and removes; ids and templates are not to be had', () => {
      const told = inChild(ROUND_TRIP.replaceAll('ROOT', scratch.root), withCapabilities('-all,+bpf'));
      expect(JSON.parse(told)).to.deep.equal({
        ...{ openById: false, readTemplate: false, freeze: true },
        ...{ byId: 'EPERM', count: 100, ids: 1, frozen: true, removed: 0 },
      });
    });
  });

  describe('the calls', () => {
    it('observed: build announces each mutation before it happens, in the order of the steps', async () => {
      const calls: string[] = [];
      const library = observed(openLibrary(), (name, mutating) => {
        if (mutating) calls.push(`${name} ${kernel.pins.exists(scratch.path('web'))}`);
      });
      const [map] = await scratch.open(library).build([request('web', { freeze: true })]);
      openMap(map).close();
      expect(calls).to.deep.equal([
        'mapCreate false',
        'mapUpdateBatch false',
        'mapFreeze false',
        'objectPin false',
      ]);
      expect(kernel.pins.exists(scratch.path('web'))).to.equal(true);
    });

    it('observed: an exception thrown by the observer stops the call', async () => {
      const library = observed(openLibrary(), name => {
        if (name === 'objectPin') throw new KernelError('stop', 'here', 'EINTR');
      });
      const [built] = await scratch.open(library).build([request('web')]);
      expect(built).to.be.instanceOf(KernelError).with.property('errno', 'EINTR');
      expect(kernel.pins.exists(scratch.path('web'))).to.equal(false);
      expect(mapsNamed('libbpf_test')).to.equal(0);
    });

    it('observed: reading mutates nothing', async () => {
      const outer = kernel.createOuter({ ...HASH, type: 'HashOfMaps', valueSize: 4 }, HASH, 'libbpf_outer');
      const [inner] = (await kernel.build([request('web')])).map(openMap);
      await kernel.replace(outer, u32(1), [inner!]);
      kernel.pins.pin(outer, scratch.path('outer'), 0o600);
      const mutations: string[] = [];
      const reader = scratch.open(
        observed(openLibrary(), (name, mutating) => mutating && mutations.push(name)),
      );
      const opened = reader.open(scratch.path('outer'));
      await reader.readOuter(opened);
      const [reading] = await reader.readInner([{ pin: scratch.path('web') }]);
      await reader.identify([scratch.path('web')]);
      reader.template(opened);
      reader.pins.readRecord(scratch.path('none'));
      for (const map of [outer, inner!, opened]) map.close();
      expect(reading instanceof KernelError || reading?.entries.count).to.equal(100);
      expect(mutations).to.deep.equal([]);
      expect(reader.calls.objectGet).to.equal(3);
    });

    it('close: what comes after is EBADF', () => {
      const other = scratch.open();
      other.close();
      expect(refusal(() => other.open(scratch.path('x')))?.errno).to.equal('EBADF');
    });

    it('entries that are not as many bytes as their count says are refused, not read beyond', async () => {
      const [built] = await kernel.build([request('web', { entries: { ...numbered(0, 3), count: 4 } })]);
      expect(built).to.be.instanceOf(KernelError).with.property('errno', 'EINVAL');
    });
  });

  describe('many', () => {
    it('build of 10,000 × 100, replace and readInner: quick, and the event loop goes on', async function () {
      this.timeout(60_000);
      const outer = kernel.createOuter(
        { ...HASH, type: 'HashOfMaps', valueSize: 4, maxEntries: 10_000 },
        HASH,
        'libbpf_outer',
      );
      kernel.pins.makeDirectory(scratch.path('inner'));
      const requests = Array.from({ length: 10_000 }, (_, index) =>
        request(`inner/${index}`, { name: 'libbpf_many' }),
      );
      const maps = await measured('build', async () => (await kernel.build(requests)).map(openMap));
      const keys = u32(...maps.keys());
      const failed = await measured('replace', () => kernel.replace(outer, keys, maps));
      expect(failed.size).to.equal(0);
      for (const map of maps) map.close();
      const addresses = requests.map(({ pin }) => ({ pin }));
      const read = await measured('readInner', () => kernel.readInner(addresses));
      expect(
        read.every(reading => !(reading instanceof KernelError) && reading.entries.count === 100),
      ).to.equal(true);
      const ids = await measured('identify', () => kernel.identify(requests.map(({ pin }) => pin)));
      const entries = await measured('readOuter', () => kernel.readOuter(outer));
      expect([...entries.ids].sort()).to.deep.equal([...ids].sort());
      expect((await measured('remove', () => kernel.remove(outer, keys))).size).to.equal(0);
      for (const { pin } of requests) kernel.pins.unlink(pin);
      outer.close();
      expect(mapsNamed('libbpf_many', 'libbpf_outer')).to.equal(0);
    });

    it('entries that are refused cost no batch each: a full map, and keys that are not there', async function () {
      this.timeout(60_000);
      const spec: MapSpec = { ...HASH, type: 'HashOfMaps', valueSize: 4, maxEntries: 1000 };
      const outer = kernel.createOuter(spec, HASH, 'libbpf_outer');
      const [inner] = (await kernel.build([request('web')])).map(openMap);
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

    it('20,000 maps made and let go leave neither map nor fd', async function () {
      this.timeout(60_000);
      for (let round = 0; round < 20; round += 1) {
        const requests = Array.from({ length: 1000 }, (_, index) =>
          request(`cycle${index}`, { name: 'libbpf_cycle', entries: numbered(0, 1) }),
        );
        for (const map of await kernel.build(requests)) openMap(map).close();
        for (const { pin } of requests) kernel.pins.unlink(pin);
      }
      expect(mapsNamed('libbpf_cycle')).to.equal(0);
      expect(openFiles()).to.be.at.most(files + 1);
    });

    for (const [type, maxEntries, flags] of [
      ['Hash', 200_000, 0],
      ['LPMTrie', 70_000, 1],
      ['PerCPUHash', 20_000, 1],
      ['Array', 100_000, 0],
    ] as const) {
      it(`a ${type} of ${maxEntries} entries goes in and comes back off the event loop`, async function () {
        this.timeout(60_000);
        const spec = { type, keySize: type === 'LPMTrie' ? 8 : 4, valueSize: 8, maxEntries, flags };
        const entries = type === 'LPMTrie' ? prefixes(maxEntries) : perCpu(type, counted(maxEntries));
        const build = () => kernel.build([request('large', { spec, entries })]);
        const map = openMap((await measured(`build ${type}`, build))[0]);
        const [reading] = await measured(`readInner ${type}`, () =>
          kernel.readInner([{ pin: scratch.path('large') }]),
        );
        map.close();
        if (reading === undefined || reading instanceof KernelError) throw reading ?? new Error('no answer');
        expect(reading.entries.count).to.equal(maxEntries);
        expect(sumOf(reading.entries.keys)).to.equal(sumOf(entries.keys));
        expect(sumOf(reading.entries.values)).to.equal(sumOf(entries.values));
      });
    }
  });

  const perCpu = (type: string, entries: Entries) => {
    if (type !== 'PerCPUHash') return entries;
    const values = new Uint8Array(entries.count * 8 * kernel.possibleCpus).map((_, index) => index % 251);
    return { ...entries, values };
  };
});

/** Work that blocks lets the loop turn before it and after it. */
const LEAST_TURNS = 5;

/** Prints what it took: the numbers to look at when a machine is slow. */
async function measured<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const { stall, turns, result } = await longestStall(work);
  const took = performance.now() - start;
  if (process.env['MEASURE'] !== undefined) {
    console.log(`      ${what}: ${took.toFixed(0)} ms, longest stall ${stall.toFixed(1)} ms`);
  }
  // Counted and not timed: on a busy machine a slice takes as long as all should
  expect(turns, `turns of the event loop during ${what}`).to.be.at.least(LEAST_TURNS);
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

const ROUND_TRIP = `
  const kernel = openKernel({ bpffs: 'ROOT' });
  const { openById, readTemplate, freeze } = (await kernel.probe()).features;
  const spec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 128, flags: 0 };
  const outer = kernel.createOuter({ ...spec, type: 'HashOfMaps', valueSize: 4 }, spec, 'libbpf_child');
  const keys = new Uint8Array(new Uint32Array(100).map((_, index) => index).buffer);
  const entries = { count: 100, keys, values: new Uint8Array(800) };
  const pin = 'ROOT/child';
  const [inner] = await kernel.build([{ spec, name: 'libbpf_child', label: 'child', entries, freeze: true, pin }]);
  await kernel.replace(outer, keys.slice(0, 4), [inner]);
  const ids = (await kernel.readOuter(outer)).count;
  const [read] = await kernel.readInner([{ pin }]);
  const removed = (await kernel.remove(outer, keys.slice(0, 4))).size;
  let byId = '';
  try { kernel.openById(inner.id) } catch (error) { byId = error.errno }
  const { count } = read.entries;
  const { frozen } = read;
  console.log(JSON.stringify({ openById, readTemplate, freeze, byId, count, ids, frozen, removed }));
`;
