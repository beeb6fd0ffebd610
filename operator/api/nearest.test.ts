import { expect } from 'chai';
import fc from 'fast-check';
import { nearest } from './nearest.ts';

const FIELDS = ['maxEntries', 'key', 'keys', 'flags', 'inner', 'pin', 'pinMode'];

describe('nearest', () => {
  const table: [string, string | undefined][] = [
    ['maxentries', 'maxEntries'],
    ['max_entries', 'maxEntries'],
    ['maxEntrys', 'maxEntries'],
    ['Key', 'key'],
    ['keyss', 'keys'],
    ['flag', 'flags'],
    ['kye', 'key'],
    ['innre', 'inner'],
    ['pinmode', 'pinMode'],
    ['update', undefined],
    ['', undefined],
  ];
  for (const [word, expected] of table) {
    it(`of ${JSON.stringify(word)} is ${expected ?? 'nothing'}`, () =>
      expect(nearest(word, FIELDS)).to.equal(expected));
  }

  it('of a candidate in any case is that candidate', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FIELDS), fc.boolean(), (field, upper) => {
        const written = upper ? field.toUpperCase() : field.toLowerCase();
        expect(nearest(written, FIELDS)).to.equal(field);
      }),
    );
  });

  it('of a very long word costs no more than of a short one', () => {
    const start = performance.now();
    nearest('x'.repeat(10_000_000), FIELDS);
    expect(performance.now() - start).to.be.below(100);
  });
});
