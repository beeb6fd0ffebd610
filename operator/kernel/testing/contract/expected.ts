import { expect } from 'chai';
import type { Entries } from '../../../core/entries.ts';
import { NO_ENTRIES } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { ExpectedContents, OpenMap } from '../../kernel.ts';
import type { KernelFixture } from './fixture.ts';
import { entriesOf, HASH, numbered, u32 } from './fixture.ts';

/** Sizes that do not end on a word, as most structs' do not. */
const SIZES: readonly Pick<MapSpec, 'type' | 'keySize' | 'valueSize'>[] = [
  { type: 'Hash', keySize: 1, valueSize: 1 },
  { type: 'Hash', keySize: 8, valueSize: 8 },
  { type: 'Hash', keySize: 7, valueSize: 13 },
  { type: 'LRUHash', keySize: 22, valueSize: 67 },
  { type: 'Hash', keySize: 64, valueSize: 448 },
  { type: 'Array', keySize: 4, valueSize: 3 },
  { type: 'Array', keySize: 4, valueSize: 16 },
];

/** The contract of asExpected. Of 0 nothing follows, so that each test shows what is found as 1 too. */
export function expectedContract(fixture: () => KernelFixture): void {
  // Before 5.13 nothing is ever known; that newer ones can is in libbpf's own specs
  beforeEach(async function () {
    if ((await fixture().kernel.probe()).features['walk'] !== true) this.skip();
  });

  for (const sizes of SIZES)
    it(`${sizes.type} of ${sizes.keySize} and ${sizes.valueSize} bytes: each byte of each entry counts`, async () => {
      const spec = { ...HASH, ...sizes, maxEntries: 64 };
      const declared = someEntries(spec, 5);
      const outer = await holding(fixture(), spec, [declared]);
      const asked: Entries[] = [declared];
      for (let at = 0; at < declared.keys.length; at += 1)
        if (spec.type !== 'Array' || at % 4 === 0) asked.push(flipped(declared, 'keys', at));
      for (let at = 0; at < declared.values.length; at += 1) asked.push(flipped(declared, 'values', at));
      const inners = asked.map(entries => ({ spec, entries }));
      const keys = u32(...asked.map(() => 0));
      const same = await found(fixture(), outer, { keys, inners });
      expect(same).to.deep.equal(asked.map((_, at) => (at === 0 ? 1 : 0)));
    });

  it('entries too many, too few and exchanged values are found', async () => {
    const declared = numbered(0, 4, 100);
    const outer = await holding(fixture(), HASH, [
      declared,
      numbered(0, 5, 100),
      numbered(0, 3, 100),
      { ...declared, values: numbered(0, 4, 100).values.slice().reverse() },
      NO_ENTRIES,
    ]);
    const inners = [0, 1, 2, 3, 4].map(() => ({ spec: HASH, entries: declared }));
    expect(await found(fixture(), outer, { keys: u32(0, 1, 2, 3, 4), inners })).to.deep.equal([
      1, 0, 0, 0, 0,
    ]);
  });

  it('a beginning of keys or values is not as expected: the inner maps have other sizes', async () => {
    const spec = { ...HASH, keySize: 8, valueSize: 8 };
    const words = (count: number) => new Uint8Array(Uint32Array.of(7, 0xdead_0001).buffer).slice(0, count);
    const one = (keySize: number, valueSize: number) => ({
      spec: { ...spec, keySize, valueSize },
      entries: { count: 1, keys: words(keySize), values: words(valueSize) },
    });
    const outer = await holding(fixture(), spec, [one(8, 8).entries]);
    for (const [keySize, valueSize] of [
      [8, 8],
      [8, 2],
      [8, 4],
      [4, 8],
      [2, 8],
    ] as const) {
      const asked = { keys: u32(0), inners: [one(keySize, valueSize)] };
      const same = await found(fixture(), outer, asked);
      expect(same, `${keySize} ${valueSize}`).to.deep.equal([keySize === 8 && valueSize === 8 ? 1 : 0]);
    }
  });

  it('an absent key, an ArrayOfMaps’ empty place and one beyond its end are not as expected', async () => {
    const { kernel } = fixture();
    const map = await fixture().inner('one', { entries: numbered(0, 2) });
    for (const outer of [fixture().hashOfMaps(), fixture().arrayOfMaps()]) {
      await kernel.replace(outer, u32(7), [map]);
      const inners = [7, 8, 1 << 20].map(() => ({ spec: HASH, entries: numbered(0, 2) }));
      expect(await found(fixture(), outer, { keys: u32(7, 8, 1 << 20), inners })).to.deep.equal([1, 0, 0]);
    }
  });

  it('bits that the mask leaves out do not count, and no others', async () => {
    const spec = { ...HASH, valueSize: 12 };
    const outer = await holding(fixture(), spec, [entriesOf({ '01000000': '00112233445566778899aabb' })]);
    const mask = Uint8Array.from([0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x0f]);
    const asked = ['00112233445566778899aabb', '0011ffffffffffffffffaafb', '0111ffffffffffffffffaabb']
      .concat('0011ffffffffffffffffaaba')
      .map(value => ({ spec, entries: entriesOf({ '01000000': value }) }));
    const keys = u32(...asked.map(() => 0));
    expect(await found(fixture(), outer, { keys, inners: asked, mask })).to.deep.equal([1, 1, 0, 0]);
    expect(await found(fixture(), outer, { keys, inners: asked })).to.deep.equal([1, 0, 0, 0]);
    const none = new Uint8Array(12);
    expect(await found(fixture(), outer, { keys, inners: asked, mask: none })).to.deep.equal([1, 1, 1, 1]);
  });

  it('an Array’s entries that nobody declares are zero', async () => {
    const spec: MapSpec = { ...HASH, type: 'Array' };
    const declared = entriesOf({ '03000000': '0100000000000000' });
    const zero = entriesOf({ '01000000': '0000000000000000', '03000000': '0100000000000000' });
    const other = entriesOf({ '01000000': '0000000000000001', '03000000': '0100000000000000' });
    const outer = await holding(fixture(), spec, [declared, other]);
    const asked = [declared, zero, other, declared].map(entries => ({ spec, entries }));
    expect(await found(fixture(), outer, { keys: u32(0, 0, 0, 1), inners: asked })).to.deep.equal([
      1, 1, 0, 0,
    ]);
  });

  it('what is edited meanwhile is not as expected, until it is again', async () => {
    const { kernel } = fixture();
    const map = await fixture().inner('one', { entries: numbered(0, 3) });
    const outer = fixture().hashOfMaps();
    await kernel.replace(outer, u32(1), [map]);
    const asked = { keys: u32(1), inners: [{ spec: HASH, entries: numbered(0, 3) }] };
    expect(await found(fixture(), outer, asked)).to.deep.equal([1]);
    await kernel.edit(map, { upserts: numbered(1, 1, 77), deletes: u32() });
    expect(await found(fixture(), outer, asked)).to.deep.equal([0]);
    await kernel.edit(map, { upserts: numbered(1, 1, 1), deletes: u32() });
    expect(await found(fixture(), outer, asked)).to.deep.equal([1]);
  });

  it('one call asks for more inner maps than one walk has', async () => {
    const { kernel } = fixture();
    const count = 5000;
    const map = await fixture().inner('one', { entries: numbered(0, 2) });
    const outer = fixture().hashOfMaps(HASH, count);
    const all = Array.from({ length: count }, (_, at) => at);
    await kernel.replace(
      outer,
      u32(...all),
      all.map(() => map),
    );
    const inners = all.map(at => ({ spec: HASH, entries: numbered(0, at === 4321 ? 3 : 2) }));
    const same = await found(fixture(), outer, { keys: u32(...all), inners });
    expect(same.flatMap((one, at) => (one === 1 ? [] : [at]))).to.deep.equal([4321]);
  });

  it('types that cannot be walked, large maps and none at all: nothing is known', async () => {
    const { kernel } = fixture();
    const outer = fixture().hashOfMaps();
    expect([...(await kernel.asExpected(outer, { keys: u32(), inners: [] }))]).to.deep.equal([]);
    for (const spec of [
      { ...HASH, type: 'LPMTrie', keySize: 8, flags: 1 },
      { ...HASH, type: 'PerCPUHash' },
      { ...HASH, maxEntries: 100_000 },
    ] satisfies MapSpec[]) {
      const other = await holding(fixture(), spec, [NO_ENTRIES]);
      const asked = { keys: u32(0), inners: [{ spec, entries: NO_ENTRIES }] };
      expect([...(await kernel.asExpected(other, asked))], spec.type).to.deep.equal([0]);
    }
  });
}

async function found(
  { kernel }: KernelFixture,
  outer: OpenMap,
  asked: ExpectedContents,
): Promise<readonly number[]> {
  return [...(await kernel.asExpected(outer, asked))];
}

/** A HashOfMaps with an inner map of each contents, at 0, 1 … */
async function holding(
  fixture: KernelFixture,
  spec: MapSpec,
  contents: readonly Entries[],
): Promise<OpenMap> {
  const outer = fixture.hashOfMaps(spec);
  for (const [at, entries] of contents.entries()) {
    const map = await fixture.inner(`held${outer.id}_${at}`, { spec, entries });
    await fixture.kernel.replace(outer, u32(at), [map]);
  }
  return outer;
}

/** Distinct keys; no value is zero. */
function someEntries({ type, keySize, valueSize }: MapSpec, count: number): Entries {
  const keys = new Uint8Array(count * keySize);
  const values = new Uint8Array(count * valueSize);
  for (let entry = 0; entry < count; entry += 1) {
    if (type !== 'Array')
      for (let at = 0; at < keySize; at += 1) keys[entry * keySize + at] = 31 * at + 7 * entry;
    else keys[entry * keySize] = 9 * entry;
    for (let at = 0; at < valueSize; at += 1)
      values[entry * valueSize + at] = 1 + ((13 * at + 5 * entry) % 250);
  }
  return { count, keys, values };
}

function flipped(entries: Entries, side: 'keys' | 'values', at: number): Entries {
  const bytes = entries[side].slice();
  bytes[at] = bytes[at]! ^ 0x20;
  return { ...entries, [side]: bytes };
}
