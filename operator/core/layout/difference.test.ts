import { expect } from 'chai';
import * as fc from 'fast-check';
import { outerMapOf } from '../testing/outermap.ts';
import { anyType } from '../testing/types.ts';
import { typeText } from '../types/show.ts';
import { differenceText, layoutDifference, shapeDigest } from './difference.ts';
import { type OuterLayout, outerLayout } from './outer.ts';

type Given = Parameters<typeof outerMapOf>[0];

function layoutOf(given: Given): OuterLayout {
  const layout = outerLayout(outerMapOf(given));
  if (!layout.ok) throw new Error(JSON.stringify(layout.problems));
  return layout.value;
}

/** As a message has it; both ways of comparing must agree. */
function told(before: Given, now: Given): string | undefined {
  const [one, other] = [layoutOf(before), layoutOf(now)];
  const difference = layoutDifference(one, other);
  expect(shapeDigest(one) === shapeDigest(other)).to.equal(difference === undefined);
  return difference === undefined ? undefined : differenceText(difference);
}

const values = (before: string, now: string) => told({ inner: { value: before } }, { inner: { value: now } });

describe('layoutDifference', () => {
  it('is none where the kernel makes the same', () => {
    expect(told({ inner: { maxEntries: 64 } }, { inner: { maxEntries: 128 } })).to.equal(undefined);
    expect(told({ key: '__u32' }, { key: 'uint32_t' })).to.equal(undefined);
    expect(values('__u32', 'u32')).to.equal(undefined);
    expect(values('enum { A = 1 }', 'enum { A = 1, B = 2, C = 7 }')).to.equal(undefined);
    expect(values('u32', 'enum { A = 1 }')).to.equal(undefined);
    expect(values('struct { __u8 a; u32 b; }', 'struct x { u8 a; u8 pad[3]; u32 b; }')).to.be.a('string');
    expect(values('struct { __u8 a; u32 b; }', 'struct x { u8 first; uint32_t second; }')).to.equal(
      undefined,
    );
    const value = 'struct { u32 a; }';
    expect(told({ inner: { value } }, { inner: { value, programOwned: ['a'] } })).to.equal(undefined);
  });

  it('names the field, and its two values', () => {
    const struct = (fields: string) => `struct { u32 action; ${fields} }`;
    expect(values('u32', 'u64')).to.equal('inner.value is u32, declared is u64');
    expect(values(struct('u32 b;'), struct('u64 b;'))).to.equal('inner.value.b is u32, declared is u64');
    expect(values(struct('u16 b;'), struct('__be16 b;'))).to.equal(
      'inner.value.b is u16, declared is __be16',
    );
    expect(values('u32', 's32')).to.equal('inner.value is u32, declared is s32');
    expect(values('enum { A = 1 }', 'enum { A = 1, B = -1 }')).to.match(/^inner\.value is enum/);
    expect(values(struct('struct { u8 x; } in;'), struct('struct { bool x; } in;'))).to.equal(
      'inner.value.in.x is u8, declared is bool',
    );
    expect(values(struct('u16 b[2];'), struct('u16 b[3];'))).to.equal(
      'inner.value.b is u16[2], declared is u16[3]',
    );
    expect(values(struct('u32 b[2];'), struct('s32 b[2];'))).to.equal(
      'inner.value.b[0] is u32, declared is s32',
    );
    expect(values(struct('struct bpf_spin_lock b;'), struct('struct bpf_refcount b;'))).to.equal(
      'inner.value.b is struct bpf_spin_lock, declared is struct bpf_refcount',
    );
    expect(values(struct(''), struct('u8 b;'))).to.equal('inner.value.b is absent, declared is u8');
    expect(values(struct('u8 b;'), struct(''))).to.equal('inner.value.b is u8, declared is absent');
    expect(values('struct { u8 a; u32 b; }', 'struct { u8 a; u32 b; } __attribute__((packed))')).to.equal(
      'inner.value.b is at byte 4, declared is at byte 1',
    );
    expect(values('struct { u32 b; u8 a; }', 'struct { u32 b; u8 a; } __attribute__((packed))')).to.equal(
      'inner.value is 8 bytes, declared is 5 bytes',
    );
  });

  it('names what is of the maps themselves', () => {
    expect(told({ maxEntries: 16 }, { maxEntries: 32 })).to.equal('maxEntries is 16, declared is 32');
    expect(told({}, { flags: ['NoPrealloc'] })).to.equal('flags is none, declared is 0x1');
    expect(told({}, { key: 'ipv4' })).to.equal('key is u32, declared is ipv4');
    expect(told({}, { inner: { type: 'LRUHash' } })).to.equal('inner.type is Hash, declared is LRUHash');
    const array = (maxEntries: number): Given => ({ inner: { type: 'Array', maxEntries } });
    expect(told(array(4), array(8))).to.equal('inner.maxEntries is 4, declared is 8');
    const queue = (value: string): Given => ({ inner: { type: 'Queue', value } });
    expect(told(queue('u32'), queue('u64'))).to.equal('inner.value is of 4 bytes, declared is of 8 bytes');
  });

  it('is none between a type and its own text, whatever the type', () => {
    fc.assert(
      fc.property(anyType, anyType, (type, other) => {
        expect(values(typeText(type), typeText(type))).to.equal(undefined);
        values(typeText(type), typeText(other));
      }),
    );
  });
});
