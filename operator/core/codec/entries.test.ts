import { expect } from 'chai';
import type { OuterLayout } from '../layout/outer.ts';
import { layoutOf } from '../testing/layouts.ts';
import { encodeContent } from './content.ts';
import { decodeEntries } from './entries.ts';

function decoded(
  layout: OuterLayout,
  entries: readonly (readonly [unknown, unknown])[],
  possibleCpus = 1,
): unknown {
  const raw = { entries: entries.map(([key, value]) => ({ key, value })) };
  const content = encodeContent(raw, layout, { maxEntries: 100, possibleCpus });
  return content.kind === 'encoded' ? decodeEntries(layout, content.entries, possibleCpus) : content.message;
}

describe('decodeEntries', () => {
  it('reads what encodeContent wrote', () => {
    const layout = layoutOf('struct { __be16 port; u8 proto; }', 'char[4]');
    expect(decoded(layout, [['port=443,proto=6', 'web']])).to.deep.equal([
      { key: { port: 443, proto: 6 }, value: 'web' },
    ]);
  });

  it('reads nothing where nothing is declared, and where there is nothing', () => {
    const { innerKey: _key, innerValue: _value, ...bare } = layoutOf('u32', 'u32');
    expect(
      decodeEntries(bare, { count: 1, keys: new Uint8Array(4), values: new Uint8Array(4) }, 1),
    ).to.deep.equal([]);
    expect(decodeEntries(layoutOf('u32', 'u32'))).to.deep.equal([]);
  });

  it('shows keys that differ in padding alone as their bytes, and no padding of values', () => {
    const layout = layoutOf('struct { u16 a; u8 b; }', 'struct { u8 x; u16 z; }');
    const keys = Uint8Array.of(1, 0, 2, 0, 1, 0, 2, 9);
    const values = Uint8Array.of(1, 7, 2, 0, 1, 8, 2, 0);
    expect(decodeEntries(layout, { count: 2, keys, values })).to.deep.equal([
      { key: { a: 1, b: 2 }, value: { x: 1, z: 2 } },
      { key: 'raw:01000209', value: { x: 1, z: 2 } },
    ]);
  });

  it('shows one value where those of the CPUs differ in padding alone', () => {
    const layout = layoutOf('u32', 'struct { u8 x; u16 z; }', 'PerCPUHash');
    const values = Uint8Array.of(1, 7, 2, 0, 0, 0, 0, 0, 1, 8, 2, 0, 9, 9, 9, 9);
    expect(decodeEntries(layout, { count: 1, keys: Uint8Array.of(5, 0, 0, 0), values }, 2)).to.deep.equal([
      { key: 5, value: { x: 1, z: 2 } },
    ]);
  });

  it('shows a value of each CPU, or one where all are equal', () => {
    const layout = layoutOf('u32', 'u32', 'PerCPUHash');
    expect(
      decoded(
        layout,
        [
          [1, 5],
          [2, [6, 7]],
        ],
        2,
      ),
    ).to.deep.equal([
      { key: 1, value: 5 },
      { key: 2, value: [6, 7] },
    ]);
  });
});
