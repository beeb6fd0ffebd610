import { expect } from 'chai';
import fc from 'fast-check';
import { costAgainst } from '../testing/cost.ts';
import { nearest, suggestion } from './nearest.ts';

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
    ['max', 'maxEntries'],
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

  it('of a very long word costs no more than of a short one', async () => {
    const looked = (length: number) => {
      const word = 'x'.repeat(length);
      return () => Array.from({ length: 20 }, () => nearest(word, FIELDS));
    };
    expect(await costAgainst(looked(100), looked(10_000))).to.be.below(5);
  });
});

describe('suggestion', () => {
  const commands = ['agent', 'plan', 'validate', 'get', 'export', 'status', 'clean'];
  const table: [string, string][] = [
    ['stauts', ', did you mean status?'],
    ['vaildate', ', did you mean validate?'],
    ['plna', ', did you mean plan?'],
    ['gte', ', did you mean get?'],
    ['val', ', did you mean validate?'],
    ['EXPORT', ', did you mean export?'],
    ['frobnicate', ''],
    ['v', ''],
  ];
  for (const [word, said] of table) {
    it(`for ${word} is ${said === '' ? 'nothing' : said}`, () =>
      expect(suggestion(word, commands)).to.equal(said));
  }
});
