import { expect } from 'chai';
import fc from 'fast-check';
import { heldRemoval, type Limit } from './removals.ts';

const keys = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}`);
const limit = (maxRemoval: Limit['maxRemoval'], present: number, recent = 0): Limit => ({
  ...{ outer: 'tenants', maxRemoval, present, recent },
});

describe('heldRemoval', () => {
  /** The most keys that may go at once. */
  const most = (by: Limit): number => {
    let count = 0;
    while (count < by.present && heldRemoval(keys(count + 1), by) === undefined) count++;
    return count;
  };

  it('lets maxRemoval go and not one key more', () => {
    expect(most(limit({ percent: 50 }, 100))).to.equal(50);
    expect(most(limit({ percent: 50 }, 101))).to.equal(50);
    expect(most(limit({ percent: 1 }, 2_000))).to.equal(20);
    expect(most(limit({ keys: 37 }, 100))).to.equal(37);
    expect(most(limit({ percent: 100 }, 100))).to.equal(100);
  });

  it('lets ten go in any case, and not eleven', () => {
    expect(most(limit({ percent: 50 }, 11))).to.equal(10);
    expect(most(limit({ percent: 0 }, 1_000))).to.equal(10);
    expect(most(limit({ keys: 0 }, 1_000))).to.equal(10);
  });

  it('lets as many go in pieces as at once', () => {
    const by = fc.record({ percent: fc.nat(100), present: fc.nat(80), first: fc.nat(80) });
    fc.assert(
      fc.property(by, ({ percent, present, first }) => {
        const atOnce = most(limit({ percent }, present));
        const gone = Math.min(first, atOnce);
        const rest = most(limit({ percent }, present - gone, gone));
        expect(gone + rest).to.equal(atOnce);
      }),
    );
  });

  it('counts what was held a moment ago, though some of it is declared again', () => {
    const by = limit({ percent: 50 }, 30);
    expect(heldRemoval(keys(1), { ...by, before: 30 })).to.include({ keys: 1, before: 30 });
    expect(heldRemoval(keys(1), { ...by, before: 15 })).to.equal(undefined);
    expect(heldRemoval([], { ...by, before: 30 }), 'nothing is to go').to.equal(undefined);
  });

  it('has one token for the same keys of the same outer map, in any order', () => {
    const token = (texts: readonly string[], outer = 'tenants') =>
      heldRemoval(texts, { ...limit({ keys: 0 }, 30), outer })?.token;
    const some = keys(12);
    expect(token(some.toReversed()))
      .to.equal(token(some))
      .and.match(/^[0-9a-f]{12}$/);
    expect(token(some, 'others')).not.to.equal(token(some));
    expect(token(keys(13))).not.to.equal(token(some));
  });
});
