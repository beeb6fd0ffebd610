import { expect } from 'chai';
import * as fc from 'fast-check';
import { growth, LINEAR } from '../../testing/cost.ts';
import { type Duplicates, duplicatesIn } from './duplicates.ts';

function found(bytes: Uint8Array, size: number): Duplicates {
  const steps = duplicatesIn(bytes, size, bytes.length / size);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

describe('duplicatesIn', () => {
  it('finds every key that was there before, whatever its size', () => {
    const cases = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }))
      .map(([size, keys]) => ({ size, keys }));
    fc.assert(
      fc.property(cases, ({ size, keys }) => {
        const bytes = new Uint8Array(keys.length * size);
        for (const [index, key] of keys.entries()) bytes[index * size + (key % size)] = key;
        const distinct = new Set(
          Array.from(keys, (_, index) => String(bytes.subarray(index * size, (index + 1) * size))),
        );
        const { pairs, total } = found(bytes, size);
        expect(total).to.equal(keys.length - distinct.size);
        for (const [first, second] of pairs) {
          expect(first).to.be.lessThan(second);
          expect(bytes.slice(first * size, (first + 1) * size)).to.deep.equal(
            bytes.slice(second * size, (second + 1) * size),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes keys that all hash alike without going quadratic', async () => {
    const searched = (count: number) => {
      const bytes = new Uint8Array(collisions(count).buffer);
      return () => expect(found(bytes, 8)).to.deep.include({ total: 1, pairs: [[0, count - 1]] });
    };
    expect(await growth(4000, searched)).to.be.below(LINEAR);
  });
});

/** Keys of two words with one hash, the last equal to the first: the second word undoes what the first did. */
function collisions(count: number): Uint32Array {
  const words = new Uint32Array(count * 2);
  for (let index = 0; index < count; index += 1) {
    const first = index === count - 1 ? 0 : index;
    const mixed = Math.imul(0x2545f491 ^ (0x2545f491 >>> 15) ^ first, 0x9e3779b1);
    words[index * 2] = first;
    words[index * 2 + 1] = mixed ^ (mixed >>> 15);
  }
  return words;
}
