import { expect } from 'chai';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { Library } from '../library.ts';
import { digestsOf } from './digests.ts';

const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };

describe('digestsOf', () => {
  it('what is made for two layouts at once is never taken for one another', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => {
      open = resolve;
    });
    let calls = 0;
    // Both are answered in one moment
    const digest = async (...[, , , , digests]: Parameters<Library['digest']['later']>) => {
      calls += 1;
      digests.fill(BigInt(calls));
      await gate;
      return 0;
    };
    const library = { digest: { later: digest } } as unknown as Library;
    const entries = { count: 1, keys: new Uint8Array(4), values: new Uint8Array(4) };
    const inners = [{ spec: HASH, entries }];
    const made = [HASH, { ...HASH, type: 'Array' } as const].map(spec =>
      digestsOf(library, inners, { spec, mask: null }),
    );
    open();
    const digests = await Promise.all(made);
    for (const [at, found] of digests.entries())
      if (found !== undefined) expect([...found]).to.deep.equal([BigInt(at + 1)]);
    expect(digests.filter(found => found !== undefined)).to.have.length(1);
  });
});
