import { expect } from 'chai';
import { array, assert, integer, property, uint8Array } from 'fast-check';
import { UniqueKeys } from './unique.ts';

describe('UniqueKeys', () => {
  it('add and has answer as a Set of strings does, through every growth', () => {
    const keys = integer({ min: 1, max: 5 }).chain(size =>
      array(uint8Array({ minLength: size, maxLength: size, max: 3 }), { maxLength: 300 }),
    );
    assert(
      property(keys, given => {
        const size = given[0]?.length ?? 1;
        const unique = new UniqueKeys(size);
        const model = new Set<string>();
        for (const key of given) {
          const text = Buffer.from(key).toString('hex');
          expect(unique.has(key, 0)).to.equal(model.has(text));
          expect(unique.add(key, 0)).to.equal(!model.has(text));
          model.add(text);
          expect(unique.size).to.equal(model.size);
        }
      }),
    );
  });

  it('100,000 keys that differ in their high bytes alone are told apart in a moment', () => {
    const keys = new Uint8Array(800_000);
    const words = new Uint32Array(keys.buffer);
    for (let index = 0; index < 100_000; index += 1) words[index * 2 + 1] = index * 0x10001;
    const unique = new UniqueKeys(8, 100_000);
    const start = performance.now();
    for (let index = 0; index < 100_000; index += 1) unique.add(keys, index);
    expect(unique.size).to.equal(100_000);
    expect(performance.now() - start).to.be.lessThan(1000);
  });
});
