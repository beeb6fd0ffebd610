import { expect } from 'chai';
import { type Entries, NO_ENTRIES } from '../../../../core/entries.ts';
import { isArray, type MapSpec } from '../../../../core/mapspec.ts';
import type { Expectation } from '../../../kernel.ts';
import type { KernelFixture } from '../fixture.ts';
import { entriesOf, HASH, numbered } from '../fixture.ts';

/** Sizes that do not end on a word, as most structs' do not. */
const LAYOUTS: readonly MapSpec[] = [
  { ...HASH, keySize: 7, valueSize: 13, maxEntries: 64 },
  { ...HASH, type: 'LRUHash', keySize: 22, valueSize: 5, maxEntries: 5000 },
  { ...HASH, type: 'PerCPUHash', valueSize: 8, maxEntries: 64 },
  { ...HASH, type: 'LRUPerCPUHash', keySize: 1, valueSize: 8, maxEntries: 5000 },
  { ...HASH, type: 'LPMTrie', keySize: 8, valueSize: 3, maxEntries: 64, flags: 1 },
  { ...HASH, type: 'Array', valueSize: 3, maxEntries: 40 },
  { ...HASH, type: 'PerCPUArray', valueSize: 8, maxEntries: 40 },
];

/** The contract of verify. Of 0 nothing follows, so that each test shows what is found as 1 too. */
export function verifyContract(fixture: () => KernelFixture): void {
  for (const spec of LAYOUTS) describe(spec.type, () => eachByteContract(fixture, spec));

  it('entries too many, too few and exchanged values are found; where others may be, those too many are none', async () => {
    const held = numbered(0, 4, 100);
    const one = await holding(fixture(), { spec: HASH, entries: held });
    const exchanged = { ...held, values: held.values.slice().reverse() };
    const asked = [held, numbered(0, 3, 100), numbered(0, 5, 100), exchanged, NO_ENTRIES];
    const answers = (exact: boolean) =>
      verified(
        fixture(),
        asked.map(entries => ({ ...one, entries, exact })),
      );
    expect(await answers(true)).to.deep.equal([1, 0, 0, 0, 0]);
    expect(await answers(false)).to.deep.equal([1, 1, 0, 0, 1]);
  });

  it('another id, another layout, frozen or not: each counts', async () => {
    const one = await holding(fixture(), { spec: HASH, entries: numbered(0, 2) });
    const frozen = await holding(fixture(), { spec: HASH, entries: numbered(0, 2), frozen: true });
    const asked: Expectation[] = [
      one,
      { ...one, id: one.id + 1_000_000 },
      { ...one, frozen: true },
      frozen,
      { ...frozen, frozen: false },
      ...(['keySize', 'valueSize', 'maxEntries', 'flags'] as const).flatMap(field => {
        const spec = { ...HASH, [field]: HASH[field] + 1 };
        return [{ ...one, spec, entries: NO_ENTRIES }];
      }),
    ];
    expect(await verified(fixture(), asked)).to.deep.equal([1, 0, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('a pin that is gone, one of another map, a directory and a link are not as expected', async () => {
    const { kernel } = fixture();
    const [one, other] = [
      await holding(fixture(), { spec: HASH, entries: numbered(0, 2) }),
      await holding(fixture(), { spec: HASH, entries: numbered(0, 2) }),
    ];
    kernel.pins.makeDirectory(fixture().path('directory'));
    kernel.pins.writeRecord(fixture().path('link'), pinOf(one));
    const gone = [
      pinOf(other),
      fixture().path('nothing'),
      fixture().path('directory'),
      fixture().path('link'),
    ];
    const asked = [pinOf(one), ...gone].map((pin, at) => ({
      ...one,
      address: { pin },
      id: one.id + (at && 1e6),
    }));
    expect(await verified(fixture(), asked)).to.deep.equal([1, 0, 0, 0, 0]);
  });

  it('by id, where that is permitted', async function () {
    const { kernel } = fixture();
    if ((await kernel.probe()).features['openById'] !== true) this.skip();
    const one = await holding(fixture(), { spec: HASH, entries: numbered(0, 2) });
    const asked = [numbered(0, 2), numbered(0, 2, 1)];
    const byId = (entries: Entries) => ({ ...one, address: { id: one.id }, entries });
    expect(await verified(fixture(), asked.map(byId))).to.deep.equal([1, 0]);
  });

  it('bits that the mask leaves out do not count, and no others', async () => {
    const entries = entriesOf({ '01000000': '0011223344556677', '02000000': '0011223344556677' });
    const one = await holding(fixture(), { spec: HASH, entries });
    const mask = Uint8Array.from([0xff, 0xff, 0, 0, 0, 0, 0xff, 0x0f]);
    const asked = ['0011223344556677', '0011ffffffff66f7', '0111ffffffff6677', '0011ffffffff6676'];
    const answers = (by?: Uint8Array) =>
      verified(
        fixture(),
        asked.map(value => ({ ...one, entries: { ...entries, values: twice(value) } })),
        by,
      );
    expect(await answers(mask)).to.deep.equal([1, 1, 0, 0]);
    expect(await answers()).to.deep.equal([1, 0, 0, 0]);
    expect(await answers(new Uint8Array(8))).to.deep.equal([1, 1, 1, 1]);
  });

  it('an Array’s entries that nobody expects are zero but for bits that do not count, unless others may be', async () => {
    const spec: MapSpec = { ...HASH, type: 'Array' };
    const entries = entriesOf({ '03000000': '0100000000000000', '05000000': '000000000000ff00' });
    const one = await holding(fixture(), { spec, entries });
    const asked = [entries, entriesOf({ '03000000': '0100000000000000' })];
    const answers = (exact: boolean, mask?: Uint8Array) =>
      verified(
        fixture(),
        asked.map(some => ({ ...one, entries: some, exact })),
        mask,
      );
    expect(await answers(true)).to.deep.equal([1, 0]);
    expect(await answers(false)).to.deep.equal([1, 1]);
    expect(await answers(true, Uint8Array.of(255, 255, 255, 255, 255, 255, 0, 255))).to.deep.equal([1, 1]);
  });

  it('bits behind a prefix are no part of a trie’s key', async () => {
    const spec: MapSpec = { ...HASH, type: 'LPMTrie', keySize: 8, flags: 1 };
    const at = (key: string) => entriesOf({ [key]: '0100000000000000' });
    const one = await holding(fixture(), { spec, entries: at('0c0000000a1fffff') });
    const asked = [
      '0c0000000a1fffff',
      '0c0000000a100000',
      '0c0000000a200000',
      '0d0000000a100000',
      '0b0000000a100000',
    ];
    expect(
      await verified(
        fixture(),
        asked.map(key => ({ ...one, entries: at(key) })),
      ),
    ).to.deep.equal([1, 1, 0, 0, 0]);
  });

  it('many at once, of two layouts, are answered in their order; none are no answer', async () => {
    const [a, b] = [
      await holding(fixture(), { spec: HASH, entries: numbered(0, 9) }),
      await holding(fixture(), { spec: { ...HASH, valueSize: 4 }, entries: { ...NO_ENTRIES } }),
    ];
    const all = Array.from({ length: 700 }, (_, at) => at);
    const asked = (at: number) => {
      const one = at % 300 < 200 ? a : b;
      return at === 222 || at === 333 ? { ...one, frozen: true } : one;
    };
    const same = await verified(fixture(), all.map(asked));
    expect(same.flatMap((one, at) => (one === 1 ? [] : [at]))).to.deep.equal([222, 333]);
    expect(await verified(fixture(), [])).to.deep.equal([]);
  });

  for (const type of ['Hash', 'Array', 'LPMTrie'] as const)
    it(`a ${type} that is read in parts: its last entry counts as its first`, async () => {
      const isTrie = type === 'LPMTrie';
      const count = 40_000;
      const spec: MapSpec = {
        ...HASH,
        type,
        keySize: isTrie ? 8 : 4,
        maxEntries: count,
        flags: isTrie ? 1 : 0,
      };
      const entries = isTrie ? hosts(count) : numbered(0, count);
      const one = await holding(fixture(), { spec, entries });
      const asked = [undefined, 0, count - 1, 17_000];
      const changed = (at: number | undefined) =>
        at === undefined ? entries : flipped(entries, 'values', at * 8);
      expect(
        await verified(
          fixture(),
          asked.map(at => ({ ...one, entries: changed(at) })),
        ),
      ).to.deep.equal([1, 0, 0, 0]);
    });

  it('of a type without contents the map alone counts', async () => {
    const spec: MapSpec = { type: 'RingBuf', keySize: 0, valueSize: 0, maxEntries: 65_536, flags: 0 };
    const one = await holding(fixture(), { spec, entries: NO_ENTRIES });
    const asked = [one, { ...one, frozen: true }, { ...one, spec: { ...spec, maxEntries: 131_072 } }];
    expect(await verified(fixture(), asked)).to.deep.equal([1, 0, 0]);
  });

  it('leaves no map open', async () => {
    const one = await holding(fixture(), { spec: HASH, entries: numbered(0, 2) });
    expect(await verified(fixture(), [one, one])).to.deep.equal([1, 1]);
    fixture().kernel.pins.unlink(pinOf(one));
    expect(fixture().isGone(one.id)).to.not.equal(false);
  });
}

function eachByteContract(fixture: () => KernelFixture, spec: MapSpec): void {
  it('each byte of each entry counts, and their order does not', async () => {
    const entries = someEntries(spec, fixture().kernel.possibleCpus);
    const one = await holding(fixture(), { spec, entries });
    const asked: Entries[] = [entries, reversed(entries)];
    // An index beyond an Array, or a prefix longer than the address, is no key
    const keyBytes = isArray(spec.type) || spec.type === 'LPMTrie' ? [0, 1] : entries.keys.keys();
    for (const at of keyBytes) asked.push(flipped(entries, 'keys', at));
    for (const at of entries.values.keys()) asked.push(flipped(entries, 'values', at));
    const same = await verified(
      fixture(),
      asked.map(some => ({ ...one, entries: some })),
    );
    expect(same).to.deep.equal(asked.map((_, at) => (at < 2 ? 1 : 0)));
  });
}

async function verified(
  { kernel }: KernelFixture,
  asked: readonly Expectation[],
  mask?: Uint8Array,
): Promise<readonly number[]> {
  return [...(await kernel.verify(asked, mask))];
}

/** A map with these entries, closed, as it is expected at its pin. */
async function holding(
  fixture: KernelFixture,
  held: { readonly spec: MapSpec; readonly entries: Entries; readonly frozen?: boolean },
): Promise<Expectation> {
  const { spec, entries, frozen = false } = held;
  const name = `held${fixture.names().length}`;
  const [map] = await fixture.kernel.build([fixture.request(name, { spec, entries, freeze: frozen })]);
  if (map === undefined || !('close' in map)) throw map ?? new Error('no answer');
  map.close();
  return { address: { pin: fixture.path(name) }, id: map.id, spec, frozen, entries, exact: true };
}

function pinOf({ address }: Expectation): string {
  return 'pin' in address ? address.pin : '';
}

/** Distinct keys; no value is zero. */
function someEntries({ type, keySize, valueSize }: MapSpec, cpus: number): Entries {
  const count = 5;
  const stride = type.includes('PerCPU') ? 8 * cpus : valueSize;
  const keys = new Uint8Array(count * keySize);
  const values = new Uint8Array(count * stride);
  for (let entry = 0; entry < count; entry += 1) {
    keys.fill(isArray(type) ? 0 : 7, entry * keySize, (entry + 1) * keySize);
    keys[entry * keySize] = 4 * entry + 1;
    if (type === 'LPMTrie') keys.set([32, 0, 0, 0, 4 * entry + 1], entry * keySize);
    for (let at = 0; at < stride; at += 1) values[entry * stride + at] = 1 + ((13 * at + 5 * entry) % 250);
  }
  return { count, keys, values };
}

function reversed({ count, keys, values }: Entries): Entries {
  const back = (bytes: Uint8Array) => {
    const size = bytes.length / count;
    const runs = Array.from({ length: count }, (_, at) =>
      bytes.subarray((count - 1 - at) * size).slice(0, size),
    );
    return new Uint8Array(Buffer.concat(runs));
  };
  return { count, keys: back(keys), values: back(values) };
}

function flipped(entries: Entries, side: 'keys' | 'values', at: number): Entries {
  const bytes = entries[side].slice();
  bytes[at] = bytes[at]! ^ 0x20;
  return { ...entries, [side]: bytes };
}

function twice(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value + value, 'hex'));
}

/** Prefixes of 32 bits. */
function hosts(count: number): Entries {
  const pairs = new Uint8Array(count * 8);
  const view = new DataView(pairs.buffer);
  for (let at = 0; at < count; at += 1) {
    view.setUint32(at * 8, 32, true);
    view.setUint32(at * 8 + 4, at * 7);
  }
  return { ...numbered(0, count), keys: pairs };
}
