import { expect } from 'chai';
import { canonicalText } from './canonical.ts';

describe('canonicalText', () => {
  it('is the same for what means the same', () => {
    const one = { b: 1, a: { d: null, c: [{ y: 1, x: undefined }] } };
    const other = { a: { c: [{ y: 1 }] }, b: 1, z: undefined };
    expect(canonicalText(one)).to.equal(canonicalText(other)).and.equal('{"a":{"c":[{"y":1}]},"b":1}');
  });
});
