import { expect } from 'chai';
import { array, assert, integer, property, record, shuffledSubarray, tuple } from 'fast-check';
import { isBefore, repeatsKeys } from './prefixes.ts';

const lengths = integer({ min: 0, max: 16 });
const addresses = tuple(integer({ min: 0, max: 255 }), integer({ min: 0, max: 255 }));
const prefixes = record({ length: lengths, address: addresses }).map(({ length, address }) => {
  const bits = ((address[0] << 8) | address[1]) & ((0xffff << (16 - length)) & 0xffff);
  return Uint8Array.of(length, 0, 0, 0, bits >> 8, bits & 0xff);
});

/** The order of a trie's walk, as text: branches in bit order, prefixes inside a prefix before it. */
function walkText(key: Uint8Array): string {
  const bits = ((key[4]! << 8) | key[5]!).toString(2).padStart(16, '0').slice(0, key[0]);
  return `${bits}2`;
}

const walked = (key: Uint8Array) => ({ count: 1, keys: key, values: key });

describe('repeatsKeys', () => {
  it('isBefore: orders prefixes as a post-order walk does', () => {
    assert(
      property(prefixes, prefixes, (first, second) => {
        expect(isBefore(first, second)).to.equal(walkText(first) < walkText(second));
      }),
    );
  });

  it('false for a walk in order, true as soon as a key comes again', () => {
    assert(
      property(array(prefixes, { minLength: 2, maxLength: 40 }), integer({ min: 0 }), (given, at) => {
        const byText = new Map(given.map(key => [walkText(key), key]));
        const ordered = [...byText.keys()].sort().map(text => byText.get(text)!);
        const walk = ordered.map(walked);
        expect(repeatsKeys(walk, 6)).to.equal(false);
        expect(repeatsKeys([...walk, walk[at % walk.length]!], 6)).to.equal(true);
      }),
    );
  });

  it('a restart from the first key is seen whatever was left out before', () => {
    assert(
      property(shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 2 }), chosen => {
        const keys = [...chosen].sort().map(number => Uint8Array.of(16, 0, 0, 0, 0, number));
        expect(repeatsKeys([...keys, keys[0]!].map(walked), 6)).to.equal(true);
      }),
    );
  });
});
