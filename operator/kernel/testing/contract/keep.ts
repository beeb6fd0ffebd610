import { expect } from 'chai';
import { NO_ENTRIES } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { isArray } from '../../../core/mapspec.ts';
import type { KernelFixture } from './fixture.ts';
import { bytes, contents, entriesOf, errnos, HASH, numbered, u32 } from './fixture.ts';

const TYPES = ['Hash', 'LRUHash', 'PerCPUHash', 'LPMTrie', 'Array', 'PerCPUArray'] as const;

/** A key that is there, and a new one; of a trie a prefix around the new one. */
const KEYS = ['01000000', '02000000'] as const;
const PREFIXES = ['080000000a000000', '100000000a010000'] as const;

const HELD = 'aaaaaaaa11111111';
const WRITTEN = 'bbbbbbbb22222222';
const MASK = 'ffffffff00000000';
const MERGED = 'bbbbbbbb11111111';

/** What an edit leaves as the kernel has it at the moment of the write. */
export function keepContract(fixture: () => KernelFixture): void {
  for (const type of TYPES) {
    it(`where the mask is 0 an entry that is there keeps its own bytes, a new one gets all: ${type}`, async () => {
      const { kernel } = fixture();
      const [old, fresh] = type === 'LPMTrie' ? PREFIXES : KEYS;
      const onEachCpu = (value: string) => value.repeat(type.startsWith('PerCPU') ? kernel.possibleCpus : 1);
      const entries = entriesOf({ [old]: onEachCpu(HELD) });
      const map = await fixture().inner('web', { spec: specOf(type), entries });
      const upserts = entriesOf({ [old]: onEachCpu(WRITTEN), [fresh]: onEachCpu(WRITTEN) });
      const kept = { mask: bytes(onEachCpu(MASK)), entries: Uint8Array.of(1, 0) };
      expect(errnos(await kernel.edit(map, { upserts, deletes: u32(), kept }))).to.deep.equal({});
      const contents = await fixture().innerContents(fixture().path('web'));
      // All entries of an array are there
      const whole = isArray(type) ? 'bbbbbbbb00000000' : WRITTEN;
      expect(contents).to.include({ [old]: onEachCpu(MERGED), [fresh]: onEachCpu(whole) });
    });
  }

  for (const type of TYPES.filter(type => type !== 'LPMTrie')) {
    it(`an entry that came since it was not found keeps its own bytes, too: ${type}`, async () => {
      const { kernel } = fixture();
      const onEachCpu = (value: string) => value.repeat(type.startsWith('PerCPU') ? kernel.possibleCpus : 1);
      const entries = entriesOf({ [KEYS[0]]: onEachCpu(HELD) });
      const map = await fixture().inner('web', { spec: specOf(type), entries });
      const kept = { mask: bytes(onEachCpu(MASK)), entries: Uint8Array.of(0) };
      const upserts = entriesOf({ [KEYS[0]]: onEachCpu(WRITTEN) });
      expect(errnos(await kernel.edit(map, { upserts, deletes: u32(), kept }))).to.deep.equal({});
      const contents = await fixture().innerContents(fixture().path('web'));
      expect(contents).to.include({ [KEYS[0]]: onEachCpu(MERGED) });
    });
  }

  it('a frozen map is EPERM for each entry, and stays as it is', async () => {
    const map = await fixture().inner('web', { entries: entriesOf({ [KEYS[0]]: HELD }), freeze: true });
    const kept = { mask: bytes(MASK), entries: Uint8Array.of(1, 0) };
    const upserts = entriesOf({ [KEYS[0]]: WRITTEN, [KEYS[1]]: WRITTEN });
    const failed = await fixture().kernel.edit(map, { upserts, deletes: u32(), kept });
    expect(errnos(failed)).to.deep.equal({ 0: 'EPERM', 1: 'EPERM' });
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal({ [KEYS[0]]: HELD });
  });

  it('many entries, of which some went and one came, are one edit', async () => {
    const map = await fixture().inner('web', {
      spec: { ...HASH, maxEntries: 1000 },
      entries: numbered(0, 400),
    });
    const mask = bytes('00000000ffffffff');
    const deletes = u32(...Array.from({ length: 40 }, (_, at) => at * 10));
    await fixture().kernel.edit(map, { upserts: NO_ENTRIES, deletes });
    const upserts = numbered(0, 500, 2 ** 40);
    const found = Uint8Array.from({ length: 500 }, (_, at) => (at < 300 ? 1 : 0));
    const kept = { mask, entries: found };
    expect(errnos(await fixture().kernel.edit(map, { upserts, deletes: u32(), kept }))).to.deep.equal({});
    // The lower half of the values is the same in both
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal(contents(upserts, 4));
  });

  it('entries that found the map full are written once deletes have made room', async () => {
    const spec = { ...HASH, maxEntries: 2 };
    const map = await fixture().inner('web', {
      spec,
      entries: entriesOf({ [KEYS[0]]: HELD, '03000000': HELD }),
    });
    const kept = { mask: bytes(MASK), entries: Uint8Array.of(1, 0) };
    const upserts = entriesOf({ [KEYS[0]]: WRITTEN, [KEYS[1]]: WRITTEN });
    const edit = { upserts, deletes: u32(3), kept };
    expect(errnos(await fixture().kernel.edit(map, edit))).to.deep.equal({});
    const after = await fixture().innerContents(fixture().path('web'));
    expect(after).to.deep.equal({ [KEYS[0]]: MERGED, [KEYS[1]]: WRITTEN });
  });

  it('an entry that went since it was found gets all bytes', async () => {
    const map = await fixture().inner('web');
    const kept = { mask: bytes(MASK), entries: Uint8Array.of(1) };
    const upserts = entriesOf({ [KEYS[0]]: WRITTEN });
    expect(errnos(await fixture().kernel.edit(map, { upserts, deletes: u32(), kept }))).to.deep.equal({});
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal({ [KEYS[0]]: WRITTEN });
  });

  it('a refused entry is a failure at its index, the rest is written', async () => {
    const spec = { ...HASH, maxEntries: 1 };
    const map = await fixture().inner('web', { spec, entries: entriesOf({ [KEYS[0]]: HELD }) });
    const kept = { mask: bytes(MASK), entries: Uint8Array.of(0, 1) };
    const upserts = entriesOf({ [KEYS[1]]: WRITTEN, [KEYS[0]]: WRITTEN });
    const failed = await fixture().kernel.edit(map, { upserts, deletes: u32(), kept });
    expect(errnos(failed)).to.deep.equal({ 0: 'E2BIG' });
    expect(await fixture().innerContents(fixture().path('web'))).to.deep.equal({ [KEYS[0]]: MERGED });
  });
}

function specOf(type: MapSpec['type']): MapSpec {
  if (type === 'LPMTrie') return { ...HASH, type, keySize: 8, flags: 1 };
  // A small LRU map evicts before it is full
  return type === 'LRUHash' ? { ...HASH, type, maxEntries: 1024 } : { ...HASH, type };
}
