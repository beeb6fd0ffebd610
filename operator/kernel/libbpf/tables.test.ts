import { expect } from 'chai';
import fc from 'fast-check';
import { ERRNO } from './errno.ts';
import { openLibrary } from './library.ts';
import { onRealKernel } from './scratch.test.ts';

/** What native/bulk makes of tables that nobody should give it: native/sanitized.test.ts runs this too. */
onRealKernel('libinnermap.so, given any table', () => {
  it('innermap_identify: paths that are not as many as are counted are EINVAL, and nothing is done', () => {
    const { identify } = openLibrary();
    const paths = fc.uint8Array({ max: 2, maxLength: 40 });
    fc.assert(
      fc.property(paths, fc.nat(12), (bytes, count) => {
        const identities = new Uint8Array(24 * count).fill(0xff);
        const ends = bytes.filter(byte => byte === 0).length;
        const isWhole = ends === count && (bytes.at(-1) ?? 0) === 0;
        expect(identify(bytes, bytes.length, count, identities)).to.equal(isWhole ? 0 : -ERRNO.EINVAL);
        if (!isWhole) expect(identities.every(byte => byte === 0xff)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });
});
