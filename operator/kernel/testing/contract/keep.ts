import { expect } from 'chai';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { KernelFixture } from './fixture.ts';
import { bytes, entriesOf, errnos, HASH, u32 } from './fixture.ts';

/** A key that is there, and a new one; of a trie a prefix around the new one. */
const KEYS = ['01000000', '02000000'] as const;
const PREFIXES = ['080000000a000000', '100000000a010000'] as const;

const HELD = 'aaaaaaaa11111111';
const WRITTEN = 'bbbbbbbb22222222';
const MASK = 'ffffffff00000000';
const MERGED = 'bbbbbbbb11111111';

/** What an edit leaves as the kernel has it at the moment of the write. */
export function keepContract(fixture: () => KernelFixture): void {
  for (const type of ['Hash', 'LRUHash', 'PerCPUHash', 'LPMTrie', 'Array', 'PerCPUArray'] as const) {
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
      expect(contents).to.include({ [old]: onEachCpu(MERGED), [fresh]: onEachCpu(WRITTEN) });
    });
  }

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
  return type === 'LPMTrie' ? { ...HASH, type, keySize: 8, flags: 1 } : { ...HASH, type };
}
