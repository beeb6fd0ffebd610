import { expect } from 'chai';
import { parseDeclaration } from './declaration.ts';
import { fieldMask } from './padding.ts';
import { fieldLocation } from './path.ts';
import { typeText } from './show.ts';
import type { Type } from './type.ts';

function typeOf(text: string): Type {
  const declaration = parseDeclaration(text);
  if (!declaration.ok) throw new Error(`${declaration.offset}: ${declaration.message}`);
  return declaration.type;
}

function refusalOf(text: string): string {
  const declaration = parseDeclaration(text);
  return declaration.ok
    ? `taken: ${typeText(declaration.type)}`
    : `${declaration.offset}: ${declaration.message}`;
}

const sizeOf = (text: string) => typeOf(text).size;
const valuesOf = (text: string) => {
  const type = typeOf(text);
  return type.kind === 'enum' ? type.enumerators.map(({ value }) => value) : [];
};

describe('parseDeclaration of a pasted header', () => {
  it('knows typedefs, and the last or the named definition is the type', () => {
    expect(typeText(typeOf('typedef __u32 id_t;'))).to.equal('__u32');
    expect(typeOf('typedef struct { __u8 a; __u32 b; } name_t;')).to.include({ typedef: 'name_t', size: 8 });
    expect(
      sizeOf('typedef unsigned char byte; typedef byte six[6]; struct a { six x[2]; byte y; };'),
    ).to.equal(13);
    expect(sizeOf('struct a { u64 x; }; typedef struct a a_t, *a_p; struct b { a_t x; a_p y; };')).to.equal(
      16,
    );
    expect(typeOf('struct a { u8 x; }; struct b { u16 y; }; struct a')).to.include({ tag: 'a' });
    expect(typeOf('typedef struct { u8 x; } a_t; struct b { u16 y; }; a_t')).to.include({ typedef: 'a_t' });
    expect(sizeOf('struct a; struct b { struct a *next; struct b *self; }')).to.equal(16);
  });

  it('knows constants: enumerators, macros, those of Linux, and what C computes of them', () => {
    expect(sizeOf('#define N 4\n#define M (N * 2)\nstruct a { u32 x[N + M]; };')).to.equal(48);
    expect(sizeOf('enum { MAX = 16 }; struct a { char x[MAX]; char comm[TASK_COMM_LEN]; };')).to.equal(32);
    expect(sizeOf('struct k { u64 a; u32 b; }; struct v { u8 raw[sizeof(struct k) * 2]; };')).to.equal(32);
    expect(valuesOf('enum { A = 1 << 0, B = 1 << 1, C = A | B, D, LAST = D }')).to.deep.equal([
      1n,
      2n,
      3n,
      4n,
      4n,
    ]);
    expect(valuesOf('enum { A = ~0, B = -1U, C = 1 << 31, D = (u8)-1 }')).to.deep.equal([
      -1n,
      0xffffffffn,
      -(2n ** 31n),
      255n,
    ]);
    expect(
      valuesOf("enum { A = 'a', B = '\\n', C = 1 ? 2 : 3, D = 7 / 2 % 2, E = 3 > 2 && !0 }"),
    ).to.deep.equal([97n, 10n, 2n, 1n, 1n]);
    expect(valuesOf('enum { A = BIT(3), B = 1ULL << 40 }')).to.deep.equal([8n, 2n ** 40n]);
  });

  it('obeys lines that begin with #', () => {
    const guarded =
      '#ifndef _H\n#define _H 1\n#include <linux/types.h>\n#pragma once\nstruct a { u8 x; };\n#endif';
    expect(sizeOf(guarded)).to.equal(1);
    const chosen = (head: string) => `${head}struct a { u8 x;\n#ifdef V6\nu32 y;\n#else\nu64 z;\n#endif\n};`;
    expect(sizeOf(chosen('#define V6\n'))).to.equal(8);
    expect(sizeOf(chosen('#undef V6\n'))).to.equal(16);
    expect(refusalOf(chosen(''))).to.match(
      /^17: Whether #ifdef V6 holds is not known here: #define or #undef/,
    );
    expect(
      sizeOf(
        '#if defined(A) && A > 1\nu8\n#elif 0\nu16\n#else\nu32\n#endif'.replace('#if', '#define A 2\n#if'),
      ),
    ).to.equal(1);
    expect(sizeOf('#ifdef __cplusplus\nextern "C" {\n#endif\nu16')).to.equal(2);
    expect(sizeOf('#ifdef NOBODY_KNOWS\n#include <a.h>\n#endif\nu16')).to.equal(2);
    expect(sizeOf('#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__\nu8\n#else\nu16\n#endif')).to.equal(1);
    expect(sizeOf('#define packed_ __attribute__((packed))\nstruct a { u8 x; u32 y; } packed_;')).to.equal(5);
    expect(valuesOf('enum { A = 1,\n#define A A\nB = A }')).to.deep.equal([1n, 1n]);
  });

  it('places what attributes align, and bits, as C does', () => {
    expect(sizeOf('struct a { u8 x; u32 y __attribute__((aligned(16))); };')).to.equal(32);
    expect(sizeOf('struct a { u8 x; u32 y; } __attribute__((packed, aligned(4)));')).to.equal(8);
    expect(sizeOf('struct a { u8 x; u32 y; } __attribute__((preserve_access_index));')).to.equal(8);
    expect(sizeOf('struct a { u32 x:3, y:30; u8 :0; u8 z:1; };')).to.equal(12);
    expect(sizeOf('struct a { u32 n; u64 data[]; };')).to.equal(8);
    expect(sizeOf('struct a { u8 n; u32 here[0]; u8 m; };')).to.equal(8);
    expect(sizeOf('struct k { struct bpf_lpm_trie_key lpm; u8 addr[4]; };')).to.equal(8);
    expect(sizeOf('struct a { u8 x; __u64 at __aligned(8); } __packed;')).to.equal(16);
    expect(sizeOf('struct a { u8 x; __aligned_u64 at; } __packed;'), 'its attribute is the field’s').to.equal(
      16,
    );
  });

  it('places bits without a name as gcc and clang for eBPF do', () => {
    const sizes = {
      'struct { u8 x; unsigned :3; }': [2, 1],
      'struct { u8 x; unsigned :0; u8 y; }': [5, 1],
      'struct { u8 x; unsigned :0; u8 y; } __attribute__((packed))': [5, 1],
      'struct { unsigned a:3; unsigned :0; u8 y:2; unsigned long :40; unsigned z:7; } __packed': [11, 1],
      'struct { u8 x:1; unsigned long :0; u8 y:1; }': [9, 1],
    };
    for (const [text, [size, alignment]] of Object.entries(sizes))
      expect(typeOf(text), text).to.include({ size, alignment });
  });

  it('has one member of a union at a place, and the fields of anonymous parts as its own', () => {
    const type = typeOf(
      'struct a { union { __be32 vip; __be32 vipv6[4]; } as vip; struct { u16 x; u16 y; }; };',
    );
    expect(type.size).to.equal(20);
    for (const [path, offset] of Object.entries({ vip: 0, 'vipv6[1]': 4, y: 18 }))
      expect(fieldLocation(type, path)).to.include({ ok: true, offset });
  });

  it('has no bits without a name among its fields: they are padding', () => {
    const mask = fieldMask(typeOf('struct { __u8 a; __u32 :24; __u16 b:3; __u16 :5; __u16 c:8; }'));
    expect([...mask!]).to.deep.equal([0xff, 0, 0, 0, 0x07, 0xff]);
  });

  it('knows the words of headers by the kernel’s sizes', () => {
    const sizes = {
      pid_t: 4,
      dev_t: 4,
      loff_t: 8,
      uint: 4,
      ulong: 8,
      __sum16: 2,
      __wsum: 4,
      __aligned_u64: 8,
    };
    for (const [word, size] of Object.entries(sizes)) expect(sizeOf(word), word).to.equal(size);
    for (const word of ['unsigned __int128', 'signed __int128', '__int128 unsigned', '__uint128_t'])
      expect(sizeOf(word), word).to.equal(16);
    expect(typeOf('char')).to.include({ kind: 'integer', size: 1, signed: true });
    expect(typeOf('struct { u8 off, on, y, n, true_; }').size).to.equal(5);
  });

  it('leaves words that a header defines again what they are here', () => {
    expect(typeOf('typedef unsigned short __u16; typedef __u16 __be16; __be16')).to.include({
      byteOrder: 'network',
    });
    expect(typeOf('struct in6_addr { union { u8 a[16]; u32 b[4]; } u; }; struct in6_addr')).to.include({
      kind: 'ipv6',
    });
    expect(sizeOf('typedef struct { u8 bytes[8]; } mac; mac')).to.equal(8);
  });

  const refused: Readonly<Record<string, string>> = {
    'unsigned __u64': '9: Two types stand in a row, unsigned and __u64',
    'struct { unsigned __u64; }': '18: Two types stand in a row',
    'struct { long pid_t x; }': '14: Two types stand in a row, long and pid_t',
    'unsigned signed int': '0: C has no type unsigned signed int',
    'int char': '0: C has no type int char',
    'struct { u32 __be16 x; }': '20: Expected ; after field __be16',
    '__attribute__((packed)) struct { u8 a; u32 b; }': '15: C ignores packed in this place',
    'typedef struct { u8 a; u32 b; } t __attribute__((packed));': '49: C ignores packed in this place',
    'struct { u8 a; } __attribute__((mode(SI)))': '32: Attribute mode is not known here',
    'struct { u8 a; } __attribute__((aligned(3)))': '39: An alignment of 3 cannot be',
    'struct { u8 a; } __attribute__((aligned))': '39: aligned without a number',
    '#pragma pack(1)\nstruct { u8 a; u32 b; }': '0: This pragma may change the layout',
    '#define F(x) x\nstruct { F(u8) a; }': '24: F is a macro with arguments',
    '#if A\nu8\n#endif': '0: Whether #if A holds is not known here',
    '#if 1\nu8': '0: This #if is not closed',
    '#endif': '0: This #endif has no #if',
    '#else': '0: This #else has no #if',
    '#error no\nu8': '0: This text is made not to be read: #error no',
    'u8 #if': '3: A # stands within a line',
    'static int x;': '0: Functions and variables are not read',
    'int f(void);': '5: Functions are not read',
    'struct { u8 a[N]; }': '14: Constant N is not known here',
    'struct { u8 a; __attribute__((aligned(16))) struct { u8 x; }; u8 c; }':
      '60: Compilers differ on attributes before a struct without a name',
    'struct { u8 a[NSIG]; }': '14: Constant NSIG is not known here',
    '#if 0\nu8\n#elifdef __linux__\nu16\n#else\nu32\n#endif':
      '9: Directive #elifdef is not read: write #elif defined(NAME)',
    '#if 0\nu8\n#elifndef A\nu16\n#endif': '9: Directive #elifndef is not read: write #elif !defined(NAME)',
    'struct { u8 a; enum { A } __attribute__((aligned(8))) b; }':
      '20: This enum of 4 bytes is aligned to 8, which is not read: write aligned(8) behind each field',
    'struct { u8 a; enum __aligned(2) { A = 1 } __attribute__((packed)) b; }':
      '33: This enum of 1 bytes is aligned to 2',
    'enum { A = 1 << 40 }': '13: A shift by 40 leaves the 32 bits',
    'enum { A = 2147483647 + 1 }': '22: The result leaves the 32 bits',
    'enum { A = 1 / 0 }': '13: This divides by zero',
    'enum { A = 1 }; enum { A = 2 }': '23: A is 1 in an enum before',
    'struct a { u8 x; }; union a { u8 y; }': '26: union a is already defined',
    'struct a { u8 x; }; enum a': '25: a is defined as struct',
    'typedef __u32 __u64; __u64': '14: __u64 has 8 bytes and is unsigned',
    'typedef u8 a; typedef u16 a; a': '26: a is already defined',
    'struct { union { u8 a; } as b; }': '28: This union has no member b',
    'struct { struct { u8 a; }; u8 a; }': '30: Field a stands twice',
    'struct { u8 a[]; u8 b:1; }': '23: Field a has no elements',
    'struct { u8 a[]; }': '7: A struct needs at least one field that has bytes',
    'struct { u32 a:33; }': '14: A bit-field of 33 bits cannot be',
    'struct { u8 a:0; }': '13: A bit-field of 0 bits cannot be',
    'struct { struct { u8 x; } a:3; }': '27: A bit-field is a part of an integer',
    'struct { struct node n; }': '16: struct node is not known here',
    'struct { void v; }': '9: A void has no size',
    '_Static_assert(sizeof(long) == 4, "no"); u8': '0: This assertion does not hold',
  };
  for (const [text, message] of Object.entries(refused))
    it(`refuses ${JSON.stringify(text)} and says where and why`, () => {
      expect(refusalOf(text).slice(0, message.length)).to.equal(message);
    });
});
