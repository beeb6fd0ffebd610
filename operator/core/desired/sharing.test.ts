import { expect } from 'chai';
import fc from 'fast-check';
import type { Entries } from '../entries.ts';
import { runToEnd } from '../steps.ts';
import type { DesiredInner } from './compile.ts';
import { sharing } from './sharing.ts';

type Judged = Pick<DesiredInner, 'entries' | 'isShareable' | 'sealed' | 'spec'>;

const SPEC = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 } as const;

function inner(entries: Entries, changes: Partial<Judged> = {}): Judged {
  return { entries, isShareable: true, sealed: false, spec: SPEC, ...changes };
}

function entriesOf(keys: readonly number[], values: readonly number[]): Entries {
  const bytes = (numbers: readonly number[]) => new Uint8Array(Uint32Array.from(numbers).buffer);
  return { count: keys.length, keys: bytes(keys), values: bytes(values) };
}

function sharesOf(inners: readonly Judged[]): readonly (readonly number[])[] {
  return runToEnd(sharing(inners as readonly DesiredInner[]));
}

/** Steps and time of many inner maps, each with 100 entries, that differ as `valueAt` says. */
function many(count: number, valueAt: (place: number, entry: number) => number): readonly Judged[] {
  const keys = Array.from({ length: 100 }, (_, at) => at);
  return Array.from({ length: count }, (_, place) =>
    inner(
      entriesOf(
        keys,
        keys.map(entry => valueAt(place, entry)),
      ),
    ),
  );
}

function oddly(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes, 1);
  return longer.subarray(1);
}

/** The hash of contents, a word further: two words that follow each other can be chosen so that it ends the same. */
function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** The values of contents with keys 0 … 99 and one hash for all places. */
function collidingAt(place: number, entry: number): number {
  if (entry === 41) return place;
  if (entry !== 42) return 7;
  let hash = 100;
  for (let key = 0; key < 100; key += 1) hash = mixed(hash, key);
  for (let value = 0; value < 41; value += 1) hash = mixed(hash, 7);
  return (mixed(hash, place) ^ mixed(hash, 0)) >>> 0;
}

const content = fc
  .array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 40 })
  .map(values => entriesOf([...values.keys()], values));

describe('sharing', () => {
  it('has each place once, in shares of equal contents; no two shares of what may be shared are equal', () => {
    const judged = fc
      .tuple(content, fc.boolean(), fc.boolean(), fc.constantFrom(16, 32))
      .map(([entries, isShareable, sealed, maxEntries]) =>
        inner(entries, { isShareable, sealed, spec: { ...SPEC, maxEntries } }),
      );
    fc.assert(
      fc.property(fc.array(judged, { maxLength: 30 }), inners => {
        const shares = sharesOf(inners);
        expect(shares.flat().toSorted((a, b) => a - b)).to.deep.equal([...inners.keys()]);
        const text = (place: number) => {
          const { entries, sealed, spec } = inners[place]!;
          return [sealed, spec.maxEntries, entries.count, entries.keys, entries.values].join();
        };
        const texts = shares.flatMap(share => {
          expect(new Set(share.map(text)).size, 'equal').to.equal(1);
          const first = share[0]!;
          if (!inners[first]!.isShareable) expect(share).to.have.length(1);
          return inners[first]!.isShareable ? [text(first)] : [];
        });
        expect(new Set(texts).size, 'apart, though equal').to.equal(texts.length);
      }),
    );
  });

  it('takes runs of bytes that begin anywhere in a longer one', () => {
    const { count, keys, values } = entriesOf([1, 2, 3], [4, 5, 6]);
    const odd = { count, keys: oddly(keys), values: oddly(values) };
    const half = { count, keys, values: oddly(values) };
    expect(sharesOf([inner({ count, keys, values }), inner(odd), inner(half)])).to.deep.equal([[0, 1, 2]]);
  });

  it('finds equal ones among many that differ in one byte, wherever that is', () => {
    const shares = sharesOf(many(4000, (place, entry) => (entry === 41 ? place % 1000 : 7)));
    expect(shares).to.have.length(1000);
    expect(shares.every(share => share.length === 4)).to.equal(true);
  });

  it('has no more than 10,000 keys at one inner map', () => {
    const [same] = many(1, () => 1);
    expect(sharesOf(Array(25_000).fill(same)).map(share => share.length)).to.deep.equal([
      10_000, 10_000, 5_000,
    ]);
  });

  it('compares a few of each hash only: contents that were made to collide cost no more than others', () => {
    // Counts what is read of the contents, byte by byte as they begin at an odd place
    let read = 0;
    const counted = (judged: Judged): Judged => {
      const { count, keys, values } = judged.entries;
      const seen = (bytes: Uint8Array) =>
        new Proxy(oddly(bytes), {
          get: (target, name) => {
            if (typeof name === 'string' && /^\d+$/.test(name)) read += 1;
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      return { ...judged, entries: { count, keys: seen(keys), values: seen(values) } };
    };
    const costOf = (inners: readonly Judged[]): number => {
      read = 0;
      sharesOf(inners.map(counted));
      return read;
    };
    const colliding = (count: number) => costOf(many(count, collidingAt));
    expect(sharesOf([...many(3, collidingAt), ...many(3, collidingAt)])).to.deep.equal([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(colliding(400) / colliding(100)).to.be.below(6);
  });
});
