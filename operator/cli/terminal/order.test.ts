import { expect } from 'chai';
import fc from 'fast-check';
import { keyBytes, keyText } from '../../core/codec/keytext.ts';
import { parseDeclaration } from '../../core/types/declaration.ts';
import type { Type } from '../../core/types/type.ts';
import { inKeyOrder, ordered } from './order.ts';

function typeOf(text: string): Type {
  const declaration = parseDeclaration(text);
  if (!declaration.ok) throw new Error(declaration.message);
  return declaration.type;
}

/** The texts of keys, given in any order, as `inKeyOrder` puts them. */
function sorted(type: Type, keys: readonly (string | number)[]): readonly string[] {
  const bytes = Buffer.concat(
    keys.map(key => {
      const made = keyBytes(type, key);
      if (!made.ok) throw new Error(made.message);
      return made.bytes;
    }),
  );
  return inKeyOrder(type)({ keys: bytes, count: keys.length }).map(place =>
    keyText(type, bytes, place * type.size),
  );
}

describe('inKeyOrder', () => {
  for (const name of ['u8', 's8', 'u16', '__be16', 's32', '__be32', 'u64', 's64', '__be64']) {
    it(`${name}: by value`, () => {
      const type = typeOf(name);
      const bits = type.size * 8;
      const [least, most] = name.startsWith('s')
        ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n]
        : [0n, (1n << BigInt(bits)) - 1n];
      fc.assert(
        fc.property(fc.array(fc.bigInt(least, most), { maxLength: 20 }), values => {
          const wanted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String);
          expect(sorted(type, values.map(String))).to.deep.equal(wanted);
        }),
      );
    });
  }

  it('prefixes by address, then by length; addresses as numbers; structs field by field', () => {
    expect(sorted(typeOf('cidr4'), ['10.2.0.0/16', '10.0.0.0/16', '9.0.0.0/8', '10.0.0.0/8'])).to.deep.equal([
      '9.0.0.0/8',
      '10.0.0.0/8',
      '10.0.0.0/16',
      '10.2.0.0/16',
    ]);
    expect(sorted(typeOf('ipv4'), ['10.1.0.25', '10.1.0.7', '9.9.9.9'])).to.deep.equal([
      '9.9.9.9',
      '10.1.0.7',
      '10.1.0.25',
    ]);
    const pair = typeOf('struct { __be16 port; u8 proto; }');
    expect(sorted(pair, ['port=443,proto=17', 'port=443,proto=6', 'port=80,proto=6'])).to.deep.equal([
      'port=80,proto=6',
      'port=443,proto=6',
      'port=443,proto=17',
    ]);
  });
});

describe('ordered', () => {
  it('moves each value with its key', () => {
    const keys = Uint8Array.of(3, 1, 2);
    const values = Uint8Array.of(30, 30, 10, 10, 20, 20);
    expect(ordered({ count: 3, keys, values }, typeOf('u8'))).to.deep.equal({
      count: 3,
      keys: Uint8Array.of(1, 2, 3),
      values: Uint8Array.of(10, 10, 20, 20, 30, 30),
    });
    expect(
      ordered({ count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) }, typeOf('u8')).count,
    ).to.equal(0);
  });
});
