import { expect } from 'chai';
import type { Entries } from '../entries.ts';
import { type Comparison, difference } from './difference.ts';

const HASH: Comparison = { type: 'Hash', keySize: 1, stride: 1, exact: true };

function entries(pairs: readonly (readonly [number, number])[]): Entries {
  return {
    count: pairs.length,
    keys: Uint8Array.from(pairs, ([key]) => key),
    values: Uint8Array.from(pairs, ([, value]) => value),
  };
}

/** Keys and values of 4 bytes, host order. */
function words(pairs: readonly (readonly [number, number])[]): Entries {
  const keys = new Uint8Array(Uint32Array.from(pairs, ([key]) => key).buffer);
  const values = new Uint8Array(Uint32Array.from(pairs, ([, value]) => value).buffer);
  return { count: pairs.length, keys, values };
}

describe('difference', () => {
  it('does not compare what the mask leaves out, wherever in a value it is', () => {
    const wide = (filled: readonly number[]): Entries => ({
      count: 2,
      keys: Uint8Array.of(1, 2),
      values: Uint8Array.from({ length: 48 }, (_, at) => (filled.includes(at) ? 7 : 0)),
    });
    const mask = new Uint8Array(24).fill(0xff).fill(0, 12, 20);
    const by = { ...HASH, stride: 24, mask };
    for (let at = 12; at < 20; at++) {
      expect(difference(wide([]), wide([at]), by), `byte ${at} of the first`).to.equal(undefined);
      expect(difference(wide([]), wide([24 + at]), by), `byte ${at} of the second`).to.equal(undefined);
    }
    for (const at of [0, 7, 8, 11, 20, 23])
      expect(difference(wide([]), wide([24 + at]), by), `byte ${at}`).to.include({ different: 1 });
  });

  it('keeps bytes of entries that are there, and not of those that are new', () => {
    const mask = Uint8Array.of(0xff, 0);
    const of = (pairs: readonly (readonly [number, number])[]): Entries => ({
      count: pairs.length,
      keys: Uint8Array.from(pairs, ([key]) => key),
      values: Uint8Array.from(pairs.flatMap(([, value]) => [value, 9])),
    });
    const found = difference(
      of([
        [1, 1],
        [2, 2],
        [3, 3],
      ]),
      of([
        [3, 4],
        [1, 5],
      ]),
      {
        ...{ ...HASH, stride: 2, mask, owned: mask },
      },
    );
    // The new ones last
    expect([...found!.upserts.keys]).to.deep.equal([1, 3, 2]);
    expect([...found!.kept!.entries]).to.deep.equal([1, 1, 0]);
  });

  it('is undefined for the same entries in another order', () => {
    expect(
      difference(
        entries([
          [1, 10],
          [2, 20],
        ]),
        entries([
          [2, 20],
          [1, 10],
        ]),
        HASH,
      ),
    ).to.equal(undefined);
  });

  it('names only what differs', () => {
    const found = entries([
      [1, 10],
      [2, 21],
      [9, 90],
    ]);
    expect(
      difference(
        entries([
          [1, 10],
          [2, 20],
          [3, 30],
        ]),
        found,
        HASH,
      ),
    ).to.deep.equal({
      upserts: entries([
        [2, 20],
        [3, 30],
      ]),
      deletes: Uint8Array.of(9),
      missing: 1,
      different: 1,
      extra: 1,
    });
  });

  it('leaves undeclared entries alone where the content is AtLeast', () => {
    expect(
      difference(
        entries([[1, 10]]),
        entries([
          [1, 10],
          [9, 90],
        ]),
        { ...HASH, exact: false },
      ),
    ).to.equal(undefined);
  });

  it('takes an undeclared entry of an array for right when it is zero', () => {
    const by: Comparison = { type: 'Array', keySize: 4, stride: 4, exact: true };
    expect(
      difference(
        words([[1, 7]]),
        words([
          [0, 0],
          [1, 7],
          [2, 0],
        ]),
        by,
      ),
    ).to.equal(undefined);
    const differing = difference(
      words([[1, 7]]),
      words([
        [0, 5],
        [1, 7],
        [2, 0],
      ]),
      by,
    );
    expect(differing).to.deep.include({ upserts: words([[0, 0]]), extra: 1 });
  });

  it('neither compares nor changes what the program owns', () => {
    const owning = { mask: Uint8Array.of(0xff, 0), owned: Uint8Array.of(0xff, 0) };
    const by: Comparison = { type: 'Hash', keySize: 1, stride: 2, exact: true, ...owning };
    const declared = { count: 1, keys: Uint8Array.of(1), values: Uint8Array.of(10, 0) };
    expect(difference(declared, { ...declared, values: Uint8Array.of(10, 77) }, by)).to.equal(undefined);
    const differing = difference(declared, { ...declared, values: Uint8Array.of(11, 77) }, by);
    expect([...differing!.upserts.values]).to.deep.equal([10, 77]);
  });

  it('tells which written entries have bytes of the program to keep: new ones have none', () => {
    const owned = Uint8Array.of(0xff, 0);
    const by: Comparison = { type: 'Hash', keySize: 1, stride: 2, exact: true, mask: owned, owned };
    const declared = { count: 2, keys: Uint8Array.of(1, 2), values: Uint8Array.of(10, 0, 20, 0) };
    const found = { count: 1, keys: Uint8Array.of(2), values: Uint8Array.of(21, 5) };
    expect(difference(declared, found, by)!.kept).to.deep.equal({
      mask: owned,
      entries: Uint8Array.of(1, 0),
    });
  });

  it('does not compare padding, and writes it as zero with what differs beside it', () => {
    const by: Comparison = { type: 'Hash', keySize: 1, stride: 2, exact: true, mask: Uint8Array.of(0xff, 0) };
    const declared = { count: 1, keys: Uint8Array.of(1), values: Uint8Array.of(10, 0) };
    expect(difference(declared, { ...declared, values: Uint8Array.of(10, 77) }, by)).to.equal(undefined);
    const differing = difference(declared, { ...declared, values: Uint8Array.of(11, 77) }, by)!;
    expect([...differing.upserts.values]).to.deep.equal([10, 0]);
    expect(differing).not.to.have.property('kept');
  });

  it('takes prefixes of a trie that differ behind their length for one', () => {
    const by: Comparison = { type: 'LPMTrie', keySize: 8, stride: 1, exact: true };
    const prefix = (...bytes: number[]): Entries => ({
      count: 1,
      keys: Uint8Array.of(...bytes),
      values: Uint8Array.of(1),
    });
    for (const [bits, byte, kept] of [
      [8, 9, 0],
      [12, 0x1f, 0x10],
      [16, 1, 1],
      [32, 1, 1],
    ] as const) {
      const declared = prefix(bits, 0, 0, 0, 10, kept, 0, bits === 32 ? 7 : 0);
      const found = prefix(bits, 0, 0, 0, 10, byte, bits === 32 ? 0 : 3, 7);
      expect(difference(declared, found, by), `/${bits}`).to.equal(undefined);
    }
    expect(difference(prefix(16, 0, 0, 0, 10, 1, 0, 0), prefix(16, 0, 0, 0, 10, 2, 0, 0), by)).to.include({
      missing: 1,
      extra: 1,
    });
  });
});
