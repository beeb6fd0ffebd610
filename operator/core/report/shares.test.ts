import { expect } from 'chai';
import fc from 'fast-check';
import { fairShares } from './shares.ts';

describe('fairShares', () => {
  const groupOf = (item: string): string => item[0]!;
  const isSubsequence = (some: readonly string[], all: readonly string[]): boolean => {
    let at = 0;
    for (const each of all) if (each === some[at]) at++;
    return at === some.length;
  };
  const item = fc
    .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(99))
    .map(([group, at]) => `${group}${at}`);

  it('takes all where there is room for all', () => {
    expect(fairShares(['a1', 'b1', 'a2'], groupOf, 3)).to.deep.equal(['a1', 'b1', 'a2']);
  });

  it('leaves a small group its place beside a flood', () => {
    const flood = Array.from({ length: 500 }, (_, at) => `a${at}`);
    expect(fairShares([...flood, 'b1', 'b2'], groupOf, 100).slice(-2)).to.deep.equal(['b1', 'b2']);
  });

  it('takes as many as there is room for, of each group its first ones, and keeps their order', () => {
    fc.assert(
      fc.property(fc.array(item), fc.nat(20), (all, most) => {
        const taken = fairShares(all, groupOf, most);
        expect(taken.length).to.equal(Math.min(all.length, most));
        expect(isSubsequence(taken, all)).to.equal(true);
        for (const group of 'abcd') {
          const [there, told] = [all, taken].map(list => list.filter(each => groupOf(each) === group));
          expect(told).to.deep.equal(there!.slice(0, told!.length));
        }
      }),
    );
  });

  it('gives no group more while another has less than it needs and less than that', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 30 }), fc.integer({ min: 4, max: 20 }), (all, most) => {
        const told = fairShares(all, groupOf, most);
        const [needs, shares] = [all, told].map(list =>
          [...'abcd'].map(group => list.filter(each => groupOf(each) === group).length),
        );
        for (const [at, share] of shares!.entries())
          if (share < needs![at]!) expect(Math.max(...shares!)).to.be.at.most(share + 1);
      }),
    );
  });
});
