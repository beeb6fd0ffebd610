import { expect } from 'chai';
import fc from 'fast-check';
import {
  isRecent,
  parseRemovals,
  type RecentRemoval,
  recentOf,
  removalsText,
  sumOf,
  withRemoval,
} from './recent.ts';

describe('recentOf', () => {
  it('are those of the last minute, whichever way a clock of another namespace is off', () => {
    expect(isRecent(1_000, 60_999)).to.equal(true);
    expect(isRecent(1_000, 61_000)).to.equal(false);
    expect(isRecent(10 ** 9, 61_000), 'never for ever').to.equal(false);
    expect(
      recentOf(
        [
          { at: 0, keys: 5 },
          { at: 9, keys: 2 },
        ],
        60_000,
      ),
    ).to.deep.equal([{ at: 9, keys: 2 }]);
  });
});

describe('withRemoval', () => {
  it('counts what goes in one turn together, and forgets what is older than a minute', () => {
    const one = withRemoval([{ at: 1, keys: 9 }], 3, 70_000);
    expect(one).to.deep.equal([{ at: 70_000, keys: 3 }]);
    expect(withRemoval(one, 1, 70_000)).to.deep.equal([{ at: 70_000, keys: 4 }]);
    expect(withRemoval(one, 1, 70_001)).to.deep.equal([...one, { at: 70_001, keys: 1 }]);
  });
});

describe('removalsText', () => {
  const removals = fc
    .array(fc.record({ at: fc.nat(2 ** 40), keys: fc.nat(100_000) }), { maxLength: 300 })
    .map(all => all.toSorted((a, b) => a.at - b.at));

  it('fits a record, is read again, and counts every key, none as older than it is', () => {
    const check = (all: readonly RecentRemoval[]): void => {
      const text = removalsText(all);
      expect(text.length).to.be.at.most(4000);
      const read = parseRemovals(text);
      if (all.length <= 100) expect(read).to.deep.equal(all);
      expect(sumOf(read)).to.equal(sumOf(all));
      for (const { at } of all) expect(keysSince(read, at)).to.be.at.least(keysSince(all, at));
    };
    fc.assert(fc.property(removals, check));
  });

  it('is nothing where it is no record of ours', () => {
    for (const text of ['', '{}', '[1]', '[[1]]', '[[1,-2]]', '[["1",2]]', '[[1,2,3]]', '[[1e99,2]]'])
      expect(parseRemovals(text), text).to.deep.equal([]);
  });
});

function keysSince(removals: readonly RecentRemoval[], since: number): number {
  return sumOf(removals.filter(({ at }) => at >= since));
}
