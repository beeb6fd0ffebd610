import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '../bytes/hex.ts';
import { runToEnd } from '../steps.ts';
import { inKeyOrder } from './order.ts';

describe('inKeyOrder', () => {
  it('sorts by key, whatever the keys’ length and the order they come in', () => {
    const keys = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 7, max: 3 }), {
      selector: key => hex(key),
    });
    fc.assert(
      fc.property(keys, given => {
        const items = given.map(key => ({ inner: { keyHex: hex(key) } }));
        const sorted = (list: readonly (typeof items)[number][]) =>
          runToEnd(inKeyOrder(list)).map(({ inner }) => inner.keyHex);
        const expected = sorted(items);
        expect(sorted(items.toReversed())).to.deep.equal(expected);
        const sameLength = new Set(given.map(({ length }) => length)).size <= 1;
        if (sameLength) expect(expected).to.deep.equal(expected.toSorted());
        expect(expected.toSorted()).to.deep.equal(items.map(({ inner }) => inner.keyHex).toSorted());
      }),
    );
  });
});
