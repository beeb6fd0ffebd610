import { expect } from 'chai';
import fc from 'fast-check';
import { growth, LINEAR } from '../../testing/cost.ts';
import { KeyIndex } from './keyindex.ts';

const keysOfOneSize = fc
  .integer({ min: 1, max: 8 })
  .chain(size => fc.array(fc.uint8Array({ minLength: size, maxLength: size, max: 3 }), { maxLength: 300 }));

describe('KeyIndex', () => {
  it('enters and finds keys as a Map of strings does', () => {
    fc.assert(
      fc.property(keysOfOneSize, keysOfOneSize, (own, others) => {
        const size = own[0]?.length ?? 1;
        const index = new KeyIndex(joined(own), size, own.length);
        const model = new Map<string, number>();
        for (const [at, key] of own.entries()) {
          expect(index.enter(at)).to.equal(model.get(textOf(key)) ?? -1);
          if (!model.has(textOf(key))) model.set(textOf(key), at);
        }
        const foreign = others.filter(({ length }) => length === size);
        const keys = joined(foreign);
        for (const [at, key] of foreign.entries())
          expect(index.find(keys, at)).to.equal(model.get(textOf(key)) ?? -1);
      }),
    );
  });

  it('tells keys that differ in their high bytes alone apart, at a cost that grows as they do', async () => {
    const entered = (count: number) => {
      const keys = new Uint8Array(count * 8);
      const words = new Uint32Array(keys.buffer);
      for (let at = 0; at < count; at++) words[at * 2 + 1] = at * 0x10001;
      return () => {
        const index = new KeyIndex(keys, 8, count);
        for (let at = 0; at < count; at++) if (index.enter(at) !== -1) expect.fail('It was entered before');
      };
    };
    expect(await growth(2000, entered)).to.be.below(LINEAR);
  });
});

function joined(keys: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(keys.flatMap(key => [...key]));
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
