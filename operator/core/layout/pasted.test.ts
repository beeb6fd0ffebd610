import { expect } from 'chai';
import { problemText } from '../../api/problem.ts';
import { hex } from '../bytes/hex.ts';
import { outerMapOf } from '../testing/outermap.ts';
import { layoutDifference } from './difference.ts';
import { type OuterLayout, outerLayout } from './outer.ts';

type Inner = NonNullable<Parameters<typeof outerMapOf>[0]['inner']>;

function layoutOf(inner: Inner): OuterLayout {
  const layout = outerLayout(outerMapOf({ inner }));
  if (!layout.ok) throw new Error(layout.problems.map(problemText).join('\n'));
  return layout.value;
}

function problemsOf(inner: Inner): readonly string[] {
  const layout = outerLayout(outerMapOf({ inner }));
  return layout.ok ? [] : layout.problems.map(problemText);
}

describe('outerLayout of pasted declarations', () => {
  it("takes the kernel's own prefix length for that of a trie's key", () => {
    const key = 'struct lpm_key { struct bpf_lpm_trie_key lpm; union { __be32 v4; __u8 v6[16]; }; };';
    expect(layoutOf({ type: 'LPMTrie', key, value: 'u32' }).template.keySize).to.equal(20);
    expect(problemsOf({ type: 'LPMTrie', key: 'struct { __u8 a; __u32 b; }', value: 'u32' })).to.have.length(
      1,
    );
  });

  it('compares bits, and gives the program all that share a byte or none', () => {
    const value = 'struct { u8 on:1; u8 mode:2; u8 hits:8; u8 last:8; }';
    expect(hex(layoutOf({ value }).valueMask!)).to.equal('07ffff');
    const { valueMask, ownedMask } = layoutOf({ value, programOwned: ['hits'] });
    expect([hex(valueMask!), hex(ownedMask!)]).to.deep.equal(['0700ff', 'ff00ff']);
    expect(hex(layoutOf({ value, programOwned: ['on', 'mode'] }).ownedMask!)).to.equal('00ffff');
    expect(problemsOf({ value, programOwned: ['mode'] })).to.deep.equal([
      'spec.inner.programOwned[0]: Byte 0 has bit-fields of the program and others: name all that share a byte, or none',
    ]);
  });

  it('differs by members of unions and by bits, not by the member that is shown nor by names', () => {
    const told = (before: string, now: string) => {
      const difference = layoutDifference(layoutOf({ value: before }), layoutOf({ value: now }));
      return difference && `${difference.field}: ${difference.before}, ${difference.now}`;
    };
    expect(told('union { u32 a; u8 b[4]; }', 'union { u32 a; u8 b[4]; } as b')).to.equal(undefined);
    expect(told('struct { union { u32 a; u16 b; }; }', 'struct { union { u32 a; u16 c; }; }')).to.equal(
      undefined,
    );
    expect(told('struct { union { u32 a; u16 b; }; }', 'struct { union { u32 a; s16 b; }; }')).to.equal(
      'inner.value.b: u16, s16',
    );
    expect(told('struct { u32 a:3; }', 'struct { u32 a:4; }')).to.match(/^inner\.value\.a: /);
    expect(told('union { u32 a; u16 b; }', 'struct { u32 a; u16 b; }')).to.match(/^inner\.value: union/);
  });
});
