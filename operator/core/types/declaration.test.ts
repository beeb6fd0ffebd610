import { expect } from 'chai';
import * as fc from 'fast-check';
import { excerpt, parseDeclaration } from './declaration.ts';
import type { StructType, Type } from './type.ts';

function typeOf(text: string): Type {
  const declaration = parseDeclaration(text);
  if (!declaration.ok) throw new Error(declaration.message);
  return declaration.type;
}

function refusalOf(text: string): string {
  const declaration = parseDeclaration(text);
  return declaration.ok ? 'taken' : `${declaration.offset}: ${declaration.message}`;
}

const offsetsOf = (text: string) => (typeOf(text) as StructType).fields.map(field => field.offset);

describe('parseDeclaration', () => {
  it('takes every usual name of the fixed-width integers', () => {
    for (const bits of [8, 16, 32, 64])
      for (const name of [
        `__u${bits}`,
        `u${bits}`,
        `uint${bits}_t`,
        `__s${bits}`,
        `s${bits}`,
        `int${bits}_t`,
      ]) {
        const signed = /^(__)?s|^int/.test(name);
        expect(typeOf(name)).to.deep.equal({
          ...{ kind: 'integer', name, signed, byteOrder: 'host' },
          ...{ size: bits / 8, alignment: bits / 8 },
        });
      }
  });

  it('takes network order from the name', () => {
    for (const bits of [16, 32, 64])
      expect(typeOf(`__be${bits}`)).to.include({ byteOrder: 'network', size: bits / 8, signed: false });
  });

  it("takes C's own integers in any order of their words", () => {
    const sizes = {
      int: 4,
      unsigned: 4,
      'unsigned int': 4,
      'short int': 2,
      'long unsigned int': 8,
      'long long': 8,
    };
    for (const [name, size] of Object.entries(sizes)) expect(typeOf(name).size, name).to.equal(size);
    expect(typeOf('signed char')).to.include({ kind: 'integer', signed: true, size: 1 });
    expect(typeOf('unsigned char[4]')).to.include({ kind: 'bytes', size: 4 });
  });

  it('makes text of char[N], bytes of u8[N], and arrays of the dimensions before them', () => {
    expect(typeOf('char[16]')).to.deep.equal({ kind: 'text', size: 16, alignment: 1 });
    expect(typeOf('__u8[6]')).to.deep.equal({ kind: 'bytes', size: 6, alignment: 1 });
    expect(typeOf('char[3][16]')).to.deep.include({ kind: 'array', length: 3, size: 48 });
    expect(typeOf('u32[2][3]')).to.deep.include({ kind: 'array', length: 2, size: 24 });
    expect(typeOf('__s8[3]')).to.include({ kind: 'array', length: 3 });
  });

  it('lays structs out as C does', () => {
    expect(offsetsOf('struct { __u8 a; __u32 b; __u8 c; __u64 d; }')).to.deep.equal([0, 4, 8, 16]);
    expect(typeOf('struct { __u64 a; __u8 b; }').size).to.equal(16);
    expect(offsetsOf('struct { __u8 a; struct { __u16 x; __u8 z; } b; __u8 c; }')).to.deep.equal([0, 2, 6]);
    expect(typeOf('struct { __u8 a; ipv6 b; mac c; }')).to.include({ size: 28, alignment: 4 });
  });

  it('packs where any spelling of packed says so', () => {
    const spellings = [
      'struct { __u8 a; __u32 b; } __attribute__((packed))',
      'struct __attribute__((__packed__)) t { __u8 a; __u32 b; };',
      'packed struct { __u8 a; __u32 b; }',
      'struct packed { __u8 a; __u32 b; }',
      'struct { __u8 a; __u32 b; } packed',
      'struct { __u8 a; __u32 b; } __packed;',
    ];
    for (const spelling of spellings)
      expect(typeOf(spelling), spelling).to.include({ size: 5, alignment: 1 });
  });

  it('takes a field named packed for a name, as C does', () => {
    const type = typeOf('struct { struct { __u8 a; __u32 b; } packed; }') as StructType;
    expect(type.fields[0]).to.deep.include({ name: 'packed' });
    expect(type.size).to.equal(8);
  });

  it('takes several declarators, comments, qualifiers and definitions before the last', () => {
    const text = `
      struct port { __be16 number; }; // first
      enum action { PASS, DROP };
      struct rule { /* what
        it does */ const struct port from, to[2]; enum action action; };`;
    expect(typeOf(text)).to.include({ tag: 'rule', size: 12 });
    expect(offsetsOf(text)).to.deep.equal([0, 2, 8]);
  });

  it("takes the kernel's structs of addresses for addresses", () => {
    expect(typeOf('struct in_addr')).to.include({ kind: 'ipv4', size: 4 });
    expect(typeOf('struct { struct in6_addr source; }')).to.include({ size: 16, alignment: 4 });
  });

  it('gives enums the size and values that gcc gives them', () => {
    expect(typeOf('enum { A, B = 5, C, D = 1 << 4, E = 0x10, F = 010 }')).to.deep.include({
      ...{ size: 4, signed: false },
      enumerators: [0n, 5n, 6n, 16n, 16n, 8n].map((value, index) => ({ name: 'ABCDEF'[index], value })),
    });
    expect(typeOf('enum { A = -1 }')).to.include({ size: 4, signed: true });
    expect(typeOf('enum { A = 0xffffffff }')).to.include({ size: 4, signed: false });
    expect(typeOf('enum { A = -1, B = 0xffffffff }')).to.include({ size: 8, signed: true });
    expect(typeOf('enum { A = 1ULL << 40 }')).to.include({ size: 8, signed: false });
  });

  const refused: Readonly<Record<string, string>> = {
    '': '0: Declaration is empty',
    'struct { float f; }': '9: Floats are not read',
    'struct { int :3; }': '7: A struct needs at least one field',
    'struct { int (*f)(void); }': '13: Functions and pointers to them are not read',
    'struct { u8 a; u16 a; }': '19: Field a stands twice',
    'struct { u8 int; }': '12: int is a word of C',
    'struct { u8 __proto__; }': '12: __proto__ is a word of JavaScript',
    'struct { }': '7: A struct needs at least one field',
    'struct { u8; }': '11: Expected the name of a field',
    'struct { u8 a }': '14: Expected ; after field a',
    'struct { u8 a;': '14: Expected a type, found the end',
    'struct missing': '7: struct missing is not known here',
    'enum missing': '5: enum missing is not known here',
    'struct in_addr { u8 a; }': '7: struct in_addr is already defined',
    'struct a { u8 a; }; struct a { u8 b; }': '27: struct a is already defined',
    'enum { A, A }': '10: A stands twice',
    'enum { }': '5: An enum needs at least one name',
    'enum { A = 1 << 64 }': '13: A shift by 64 leaves the 32 bits',
    'enum { A = 0xffffffffffffffff, B }': '5: The values of this enum do not fit',
    'enum { A = 08 }': '11: 08 begins with 0',
    'enum { A B }': '9: Expected , after A',
    'u8[0]': '0: Arrays of no elements hold nothing',
    'u8[]': '0: Arrays of no elements hold nothing',
    'u64[131073]': '3: Array of 1048584 bytes is larger than 1 MiB',
    'u8[9999999999999999999999]': '3: 9999999999999999999999 does not fit 64 bits',
    'u8[9999999999]': '2: Array of 9999999999 elements is larger',
    'struct { u8 a[1048576]; u8 b; }': '7: Struct is larger than 1 MiB',
    'u32[1][1][1][1][1][1][1][1][1]': '27: An array takes at most 8 dimensions',
    foo: '0: Unknown type foo',
    'unsigned short long': '0: C has no type unsigned short long',
    'u32 a b': '6: Expected the end of the type',
    'u32 a, b': '5: Expected the end of the type',
    'u32 int': '4: Expected the end of the type',
    '#define A 1': '11: Declaration is empty',
    'u32 /* open': '4: A comment is not closed',
    'u8[1.5]': '4: Unexpected character "."',
    'u8[12ab]': '3: Not an integer',
    'const 5': '6: Expected a type, found "5"',
    'packed u32': '7: Expected struct after packed',
  };
  for (const [text, message] of Object.entries(refused))
    it(`refuses ${JSON.stringify(text)} and says where and why`, () => {
      expect(refusalOf(text).slice(0, message.length)).to.equal(message);
    });

  it('bounds text, nesting and names before it takes memory', () => {
    expect(refusalOf(' '.repeat(20000))).to.match(/at most 16384 are read/);
    expect(refusalOf(`${'struct { '.repeat(33)}`)).to.match(/nested more than 32 deep/);
    expect(
      refusalOf(`enum { ${Array.from({ length: 1025 }, (_, index) => `A${index}`).join(',')} }`),
    ).to.match(/at most 1024 names/);
    expect(refusalOf(`u8[${'1'.repeat(71)}]`)).to.match(/too long/);
    expect(refusalOf('struct { u64 a[65536]; u64 b[65535]; u8 c; u64 d; }')).to.match(/larger than 1 MiB/);
  });

  it('answers any text, and never throws', () => {
    const pieces =
      'struct union enum typedef packed char u8 u32 { } [ ] ( ) ; , = - << * : ? 0x1 7 a b __attribute__ /* // sizeof'.split(
        ' ',
      );
    fc.assert(fc.property(fc.string(), text => void expect(parseDeclaration(text)).to.have.property('ok')));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 30 }),
        words => void expect(parseDeclaration(words.join(' '))).to.have.property('ok'),
      ),
      { numRuns: 2000 },
    );
  });
});

describe('excerpt', () => {
  it('marks the place on one line and is never long', () => {
    expect(excerpt('struct {\n  foo bar;\n}', 11)).to.equal('struct { >>>foo bar; }');
    expect(excerpt('a'.repeat(200), 100)).to.equal(`…${'a'.repeat(30)}>>>${'a'.repeat(30)}…`);
  });
});
