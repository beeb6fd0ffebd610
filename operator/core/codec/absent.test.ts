import { expect } from 'chai';
import { layoutOf } from '../testing/layouts.ts';
import { encodeContent } from './content.ts';

function encoded(...entries: readonly (readonly [unknown, unknown])[]) {
  const raw = { entries: entries.map(([key, value]) => ({ key, value })) };
  return encodeContent(raw, layoutOf('u32', 'u32', 'Hash'), { maxEntries: 100 });
}

describe('encodeContent, of entries without a key or a value, which the parser has told', () => {
  const nothing = { kind: 'invalid', problems: [], total: 0 };

  it('takes none of them', () => {
    expect(encoded([1, undefined])).to.deep.include(nothing);
    expect(encoded([undefined, 1], [undefined, 2])).to.deep.include(nothing);
  });

  it('finds what is wrong beside', () => {
    expect(encoded([undefined, -1], [2, 1])).to.deep.include({ total: 1 });
    expect(encoded([1, undefined], [1, 2]))
      .to.have.property('message')
      .include('is given by spec.entries[0]');
  });
});
