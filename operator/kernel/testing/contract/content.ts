import { expect } from 'chai';
import { type ContentType, MAP_FLAGS } from '../../../api/outermap.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { KernelFixture } from './fixture.ts';
import { contents, entriesOf, errnos, HASH, numbered, u32 } from './fixture.ts';
import { keepContract } from './keep.ts';

/** Three entries, a change to them, and what is there after it. Keys and values in hex, sizes odd where the type allows. */
interface Trial {
  readonly spec: MapSpec;
  readonly first: Record<string, string>;
  readonly upserts: Record<string, string>;
  readonly deletes: readonly string[];
  readonly second: Record<string, string>;
}

/** The contract of filling, reading and editing inner maps of the types with contents. */
export function contentContract(fixture: () => KernelFixture): void {
  const types: readonly ContentType[] = [
    'Hash',
    'LRUHash',
    'PerCPUHash',
    'LRUPerCPUHash',
    'LPMTrie',
    'Array',
    'PerCPUArray',
  ];
  for (const type of types) describe(type, () => roundTripContract(fixture, type));
  describe('LPMTrie keys', () => prefixContract(fixture));
  describe('LRUHash', () => evictionContract(fixture));
  describe('edit', () => editContract(fixture));
  describe('edit that keeps bytes', () => keepContract(fixture));
  describe('readInner', () => readContract(fixture));
}

function roundTripContract(fixture: () => KernelFixture, type: ContentType): void {
  it('build, readInner and edit: every byte comes back', async () => {
    const trial = trialOf(type, fixture().kernel.possibleCpus);
    const map = await fixture().inner('trial', { spec: trial.spec, entries: entriesOf(trial.first) });
    expect(map.spec).to.deep.equal(trial.spec);
    expect(await fixture().innerContents(fixture().path('trial'))).to.deep.equal(filled(trial, trial.first));
    const edit = { upserts: entriesOf(trial.upserts), deletes: entriesOf(emptied(trial.deletes)).keys };
    expect(errnos(await fixture().kernel.edit(map, edit))).to.deep.equal({});
    expect(await fixture().innerContents(fixture().path('trial'))).to.deep.equal(filled(trial, trial.second));
  });

  it('readInner: an entry of a map without entries', async () => {
    const trial = trialOf(type, fixture().kernel.possibleCpus);
    await fixture().inner('trial', { spec: trial.spec });
    expect(await fixture().innerContents(fixture().path('trial'))).to.deep.equal(filled(trial, {}));
  });

  it('replace: goes into both outer types', async () => {
    const { spec } = trialOf(type, fixture().kernel.possibleCpus);
    const map = await fixture().inner('trial', { spec });
    for (const outer of [fixture().hashOfMaps(spec), fixture().arrayOfMaps(spec)])
      expect(errnos(await fixture().kernel.replace(outer, u32(1), [map]))).to.deep.equal({});
  });
}

function trialOf(type: ContentType, cpus: number): Trial {
  const perCpu = type.includes('PerCPU');
  const value = (byte: string) => (perCpu ? perCpuValue(byte, cpus) : byte.repeat(5));
  const isArray = type === 'Array' || type === 'PerCPUArray';
  const [a, b, c, d] = keysOf(type, isArray);
  return {
    spec: {
      type,
      keySize: a!.length / 2,
      valueSize: 5,
      maxEntries: isArray ? 5 : 600,
      flags: type === 'LPMTrie' ? 1 : 0,
    },
    first: { [a!]: value('11'), [b!]: value('22'), [c!]: value('33') },
    upserts: { [b!]: value('44'), [d!]: value('55') },
    deletes: isArray ? [] : [c!],
    second: {
      [a!]: value('11'),
      [b!]: value('44'),
      [d!]: value('55'),
      ...(isArray ? { [c!]: value('33') } : {}),
    },
  };
}

/** Another value for each CPU, in 8 bytes each. */
function perCpuValue(byte: string, cpus: number): string {
  return Array.from(
    { length: cpus },
    (_, cpu) => `${byte.repeat(4)}${(cpu % 256).toString(16).padStart(2, '0')}000000`,
  ).join('');
}

function keysOf(type: ContentType, isArray: boolean): readonly string[] {
  if (isArray) return ['00000000', '02000000', '04000000', '01000000'];
  if (type === 'LPMTrie')
    return ['000000000000', '080000000a00', '100000000a01', '0f0000000a00'].map(key => `${key}0000`);
  return ['000000', '0000ff', 'abcdef', 'ff0000'];
}

/** The other entries of an array: zeros. */
function filled(trial: Trial, pairs: Record<string, string>): Record<string, string> {
  const { type, maxEntries } = trial.spec;
  if (type !== 'Array' && type !== 'PerCPUArray') return Object.fromEntries(Object.entries(pairs).sort());
  const zero = '0'.repeat(Object.values(trial.first)[0]!.length);
  const all = Array.from({ length: maxEntries }, (_, index) => [`0${index}000000`, zero]);
  return { ...Object.fromEntries(all), ...pairs };
}

function emptied(keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map(key => [key, '']));
}

function prefixContract(fixture: () => KernelFixture): void {
  const spec: MapSpec = { type: 'LPMTrie', keySize: 8, valueSize: 1, maxEntries: 4, flags: 1 };

  it('equal prefixes are one key whatever the bits behind the prefix are', async () => {
    const map = await fixture().inner('lpm', { spec, entries: entriesOf({ '100000000a010203': '01' }) });
    await fixture().kernel.edit(map, { upserts: entriesOf({ '100000000a01ffff': '02' }), deletes: u32() });
    expect(Object.values(await fixture().innerContents(fixture().path('lpm')))).to.deep.equal(['02']);
    expect(errnos(await fixture().kernel.edit(map, removal('100000000a010000')))).to.deep.equal({});
    expect(await fixture().innerContents(fixture().path('lpm'))).to.deep.equal({});
  });

  it('a prefix inside another is a key of its own, and removing one leaves the other', async () => {
    const pairs = { '080000000a000000': '01', '100000000a010000': '02', '180000000a010100': '03' };
    const map = await fixture().inner('lpm', { spec, entries: entriesOf(pairs) });
    await fixture().kernel.edit(map, removal('100000000a010000'));
    const { '100000000a010000': _, ...left } = pairs;
    expect(await fixture().innerContents(fixture().path('lpm'))).to.deep.equal(left);
  });

  it('a prefix longer than the address is EINVAL', async () => {
    const [failed] = await fixture().kernel.build([
      fixture().request('lpm', { spec, entries: entriesOf({ '210000000a010000': '01' }) }),
    ]);
    expect(failed).to.be.instanceOf(KernelError).with.property('errno', 'EINVAL');
  });

  it('one prefix more than maxEntries is ENOSPC', async () => {
    const prefixes = [1, 2, 3, 4, 5].map(length => [`0${length}00000000000000`, '01']);
    const [failed] = await fixture().kernel.build([
      fixture().request('lpm', { spec, entries: entriesOf(Object.fromEntries(prefixes)) }),
    ]);
    expect(failed).to.be.instanceOf(KernelError).with.property('errno', 'ENOSPC');
  });
}

function removal(key: string) {
  return { upserts: entriesOf({}), deletes: entriesOf({ [key]: '' }).keys };
}

function evictionContract(fixture: () => KernelFixture): void {
  it('takes more entries than it holds, forgets some, and never has more than maxEntries', async () => {
    const spec: MapSpec = { ...HASH, type: 'LRUHash', maxEntries: 300 };
    await fixture().inner('lru', { spec, entries: numbered(0, 1000) });
    const read = await fixture().innerContents(fixture().path('lru'));
    expect(Object.keys(read).length).to.be.within(1, 300);
    const given = contents(numbered(0, 1000), 4);
    for (const [key, value] of Object.entries(read)) expect(value).to.equal(given[key]);
  });

  it('takes as many entries as maxEntries without an error, and keeps fewer', async () => {
    const { possibleCpus } = fixture().kernel;
    const kept = async (name: string, flags: number) => {
      const spec: MapSpec = { ...HASH, type: 'LRUHash', maxEntries: 1000, flags };
      await fixture().inner(name, { spec, entries: numbered(0, 1000) });
      return Object.keys(await fixture().innerContents(fixture().path(name))).length;
    };
    expect(await kept('common', 0)).to.be.within(1000 - 128 * possibleCpus, 999);
    const share = Math.ceil(1000 / possibleCpus);
    // The writing thread may change its CPU
    if (possibleCpus > 1) expect(await kept('own', MAP_FLAGS.NoCommonLRU)).to.be.within(share - 1, 999);
  });
}

function editContract(fixture: () => KernelFixture): void {
  it('of nothing does nothing', async () => {
    const map = await fixture().inner('web', { entries: numbered(1, 2) });
    const failed = await fixture().kernel.edit(map, { upserts: numbered(0, 0), deletes: u32() });
    expect(failed.size).to.equal(0);
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal(contents(numbered(1, 2), 4));
  });

  it('an upsert into a full map is E2BIG at its index, the rest goes on', async () => {
    const map = await fixture().inner('web', { spec: { ...HASH, maxEntries: 2 }, entries: numbered(1, 2) });
    const upserts = entriesOf({ '09000000': '0900000000000000', '02000000': '0700000000000000' });
    expect(errnos(await fixture().kernel.edit(map, { upserts, deletes: u32() }))).to.deep.equal({
      0: 'E2BIG',
    });
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal({
      '01000000': '0000000000000000',
      '02000000': '0700000000000000',
    });
  });

  it('an insert into a full map finds the room that a delete of the same edit makes', async () => {
    const map = await fixture().inner('web', { spec: { ...HASH, maxEntries: 2 }, entries: numbered(1, 2) });
    const failed = await fixture().kernel.edit(map, { upserts: numbered(3, 1, 9), deletes: u32(1) });
    expect(errnos(failed)).to.deep.equal({});
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal({
      '02000000': '0100000000000000',
      '03000000': '0900000000000000',
    });
  });

  it('a key that is already gone is no failed delete', async () => {
    const map = await fixture().inner('web', { entries: numbered(1, 3) });
    const failed = await fixture().kernel.edit(map, { upserts: numbered(0, 0), deletes: u32(9, 1, 9, 3) });
    expect(errnos(failed)).to.deep.equal({});
    expect(Object.keys(await fixture().innerContents(fixture().path('web')))).to.deep.equal(['02000000']);
  });

  it('an index beyond an Array is E2BIG, and its entries cannot be deleted: EINVAL', async () => {
    const map = await fixture().inner('web', { spec: { ...HASH, type: 'Array', maxEntries: 3 } });
    const failed = await fixture().kernel.edit(map, { upserts: numbered(1, 3, 5), deletes: u32(0) });
    expect(errnos(failed)).to.deep.equal({ 2: 'E2BIG', 3: 'EINVAL' });
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal({
      '00000000': '0000000000000000',
      '01000000': '0500000000000000',
      '02000000': '0600000000000000',
    });
  });

  it('10,000 upserts and 5,000 deletes at once', async () => {
    const map = await fixture().inner('web', {
      spec: { ...HASH, maxEntries: 10_000 },
      entries: numbered(0, 10_000),
    });
    const gone = u32(...Array.from({ length: 5000 }, (_, index) => 5000 + index));
    const failed = await fixture().kernel.edit(map, { upserts: numbered(0, 10_000, 3), deletes: gone });
    expect(failed.size).to.equal(0);
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal(
      contents(numbered(0, 5000, 3), 4),
    );
  });

  it('changes a map that programs see through an outer map', async () => {
    const map = await fixture().inner('web', { entries: numbered(1, 1) });
    await fixture().kernel.replace(fixture().hashOfMaps(), u32(1), [map]);
    await fixture().kernel.edit(map, { upserts: numbered(2, 1, 6), deletes: u32(1) });
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal(
      contents(numbered(2, 1, 6), 4),
    );
  });
}

function readContract(fixture: () => KernelFixture): void {
  it('answers in the order of the addresses; one that is gone is a KernelError in its place', async () => {
    const [a, b] = [await fixture().inner('a', { entries: numbered(1, 1) }), await fixture().inner('b')];
    const pins = ['b', 'gone', 'a'].map(name => ({ pin: fixture().path(name) }));
    const [first, second, third] = await fixture().kernel.readInner(pins);
    expect(first).to.include({ id: b.id, frozen: false });
    expect(second).to.be.instanceOf(KernelError).with.property('errno', 'ENOENT');
    expect(third).to.deep.include({ id: a.id, spec: HASH, frozen: false });
    expect(third instanceof KernelError || third?.entries).to.deep.equal(numbered(1, 1));
  });

  it('identify: ids and names of pins in their order, a KernelError for what is none; nothing stays open', async () => {
    const [a, b] = [await fixture().inner('a'), await fixture().inner('b')];
    fixture().kernel.pins.makeDirectory(fixture().path('directory'));
    const names = ['b', 'gone', 'directory', 'a', 'b'];
    const found = await fixture().kernel.identify(names.map(name => fixture().path(name)));
    const answers = found.map(one => (one instanceof KernelError ? one.errno : one));
    const [first, second] = [a, b].map(({ id, name }) => ({ id, name }));
    expect(answers).to.deep.equal([second, 'ENOENT', 'EACCES', first, second]);
    a.close();
    fixture().kernel.pins.unlink(fixture().path('a'));
    expect(fixture().isGone(a.id)).to.not.equal(false);
    expect(await fixture().kernel.identify([])).to.deep.equal([]);
  });

  it('by id: the same as by pin; ENOENT when the id is gone', async function () {
    if ((await fixture().kernel.probe()).features['openById'] !== true) this.skip();
    const map = await fixture().inner('a', { entries: numbered(1, 3) });
    const [byId, byPin] = await fixture().kernel.readInner([{ id: map.id }, { pin: fixture().path('a') }]);
    expect(byId).to.deep.equal(byPin);
    fixture().kernel.pins.unlink(fixture().path('a'));
    map.close();
    const [gone] = await fixture().kernel.readInner([{ id: map.id }]);
    expect(gone).to.be.instanceOf(KernelError).with.property('errno', 'ENOENT');
  });

  it('leaves no map open', async () => {
    const map = await fixture().inner('a');
    map.close();
    await fixture().kernel.readInner([{ pin: fixture().path('a') }, { pin: fixture().path('a') }]);
    fixture().kernel.pins.unlink(fixture().path('a'));
    expect(fixture().isGone(map.id)).to.not.equal(false);
  });

  it('answers copies: a later edit does not change what was read', async () => {
    const map = await fixture().inner('a', { entries: numbered(1, 1) });
    const [reading] = await fixture().kernel.readInner([{ pin: fixture().path('a') }]);
    await fixture().kernel.edit(map, { upserts: numbered(1, 1, 77), deletes: u32() });
    expect(reading instanceof KernelError || reading?.entries).to.deep.equal(numbered(1, 1));
  });
}
