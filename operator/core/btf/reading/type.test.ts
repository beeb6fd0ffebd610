import { expect } from 'chai';
import * as fc from 'fast-check';
import { typeOf } from '../../testing/layouts.ts';
import { hasClang, programObject } from '../../testing/program.ts';
import { anyValueType } from '../../testing/types.ts';
import { WORD_TYPES } from '../../types/parser/words.ts';
import { hasFields } from '../../types/path.ts';
import { typeText } from '../../types/show.ts';
import type { StructType, Type } from '../../types/type.ts';
import { mapTypes } from '../maptypes.ts';
import { BtfWriter } from '../writer.ts';
import { mapDefinitions } from './definitions.ts';
import { elfSection } from './elf.ts';
import { type Btf, type Readable, readBtf } from './read.ts';
import { btfDeclaration } from './type.ts';

describe('btfDeclaration', function () {
  this.timeout(60_000);

  it('gives back the layout of what clang compiled', function () {
    if (!hasClang(this)) return;
    const structs = fc
      .sample(anyValueType, { numRuns: 600, seed: 11 })
      .filter((type): type is StructType => hasFields(type))
      .slice(0, 100);
    expect(structs.length).to.be.greaterThan(50);
    const btf = compiled(structs.map(withOwnEnumerators));
    let placed = 0;
    for (const [index, { value }] of mapDefinitions(btf).entries()) {
      const read = btfDeclaration(btf, value!);
      if (!read.ok) {
        expect(read.message).to.contain('where no attribute places them');
        continue;
      }
      placed += 1;
      expect(layoutOf(read.value.type), read.value.text).to.deep.equal(layoutOf(structs[index]!));
    }
    // Attributes within attributes that no header has
    expect(placed).to.be.greaterThan(0.95 * structs.length);
  });

  it('gives back the layout of what our own maps are made with', () => {
    let [all, placed] = [0, 0];
    fc.assert(
      fc.property(anyValueType, value => {
        const { current } = mapTypes({ type: 'Hash', key: WORD_TYPES.get('u32')!, value });
        const read = btfDeclaration(must(readBtf(current.btf)), current.value);
        all += 1;
        if (!read.ok) return;
        placed += 1;
        expect(layoutOf(read.value.type), read.value.text).to.deep.equal(layoutOf(value));
      }),
      { numRuns: 500, seed: 3 },
    );
    expect(placed).to.be.greaterThan(0.95 * all);
  });

  it('has a name and a sign for every number of an enum', () => {
    for (const text of ['enum level { LOW = -1, HIGH = 5 }', 'enum wide { WIDE = 4294967296, LEAST = -5 }']) {
      const { current } = mapTypes({ type: 'Hash', key: WORD_TYPES.get('u32')!, value: typeOf(text) });
      expect(must(btfDeclaration(must(readBtf(current.btf)), current.value)).text).to.equal(text);
    }
  });

  it('says why not: a circle, a depth, a size, a part that is not there', () => {
    const why = (write: (writer: BtfWriter) => number): string => {
      const writer = new BtfWriter();
      const id = write(writer);
      const read = btfDeclaration(must(readBtf(writer.bytes())), id);
      return read.ok ? read.value.text : read.message;
    };
    const struct = (writer: BtfWriter, type: number, size = 8) =>
      writer.composite('Struct', 'tag', { size, members: [{ name: 'next', type, offset: 0 }] });
    expect(why(writer => struct(writer, 1))).to.contain('is nested more than 64 deep');
    expect(why(writer => writer.typedef('self', 1))).to.contain('is nested more than 64 deep');
    expect(why(writer => struct(writer, 77))).to.equal('field next has type 77, which is not there');
    expect(why(writer => struct(writer, 0))).to.equal('field next is void');
    expect(why(writer => writer.array(writer.int('int', 4, 1), 1, 0xffffffff))).to.contain(
      'larger than 1 MiB',
    );
    expect(why(writer => writer.int('huge', 5))).to.equal('it is an integer of 5 bytes');
    // Each has two of the one before: two to the 16th fields
    const doubled = (writer: BtfWriter): number => {
      let [type, size] = [writer.int('char', 1, 1), 1];
      for (let level = 0; level < 16; level += 1) {
        const members = [0, 1].map(at => ({ name: `f${at}`, type, offset: at * size * 8 }));
        [type, size] = [writer.composite('Struct', '', { size: 2 * size, members }), 2 * size];
      }
      return type;
    };
    expect(why(doubled)).to.match(/has more than 4096 parts/);
    expect(why(writer => struct(writer, writer.int('b; } evil {', 4, 0), 4))).to.equal(
      'struct tag { __u32 next; }',
    );
  });

  for (const name of ['a; u8 b', 'a /* the same */', 'if', ''])
    it(`takes no field of the name ${JSON.stringify(name)}, which is none of C`, () => {
      const writer = new BtfWriter();
      const members = [{ name, type: writer.int('int', 4, 1), offset: 0 }];
      const id = writer.composite('Struct', 'tag', { size: 4, members });
      expect(btfDeclaration(must(readBtf(writer.bytes())), id).ok).to.equal(false);
    });

  for (const [what, text, expected] of [
    ['a struct by its tag', 'struct tag { __be16 port; __u8 proto; }'],
    ['a typedef of a struct', 'struct { __u32 a; }', 'struct value0_t { __u32 a; }'],
    ['a nested struct', 'struct tag { struct { __u8 a; __u64 b; } c[2]; int d; }'],
    ['a struct that stands twice', 'struct tag { struct pair { __u8 a; } c; struct pair d[3]; }'],
    [
      'a union',
      'struct tag { __u8 family; union { struct in_addr v4; struct in6_addr v6; }; }',
      'struct tag { __u8 family; union { ipv4 v4; ipv6 v6; }; }',
    ],
    [
      'a union with a name',
      'union tag { __u32 word; __u8 bytes[6]; }',
      'union tag { __u32 word; u8 bytes[6]; }',
    ],
    ['bit-fields', 'struct tag { __u32 a:3; __u32 b:29; __u64 c:40; bool d:1; }'],
    [
      'bits without a name',
      'struct tag { __u32 a:3; __u32:7; __u32 b:2; }',
      'struct tag { __u32 a:3; __u64:7; __u32 b:2; }',
    ],
    ['alignment of a field', 'struct tag { __u8 a; __u32 b __attribute__((aligned(16))); }'],
    ['alignment of the whole', 'struct tag { __u32 a; } __attribute__((aligned(64)))'],
    ['a field that is packed', 'struct tag { __u8 a; __u64 b __attribute__((packed)); __u32 c; }'],
    ['an integer of 16 bytes', 'struct tag { unsigned __int128 a; __int128 b; }'],
    ['one char', 'struct tag { char a; char b[1]; }'],
    ['an enum', 'enum action { PASS = 0, DROP = 2 }'],
    ['text and bytes', 'struct tag { char name[16]; char names[2][8]; u8 id[6]; }'],
    ['base words', 'struct tag { unsigned int a; long b; short c; unsigned long long d; signed char e; }'],
    ['a packed struct', 'struct tag { __u8 a; __u32 b; } __attribute__((packed))'],
    [
      'const and volatile',
      'struct tag { const __u32 a; volatile __be32 b; }',
      'struct tag { __u32 a; __be32 b; }',
    ],
    [
      'fields of the kernel',
      'struct tag { struct bpf_spin_lock lock; struct bpf_list_head head; __u32 left; }',
    ],
    ['pointers of the kernel', 'struct tag { struct task_struct __kptr * task; }'],
    ['pointers', 'struct tag { void *next; int (*call)(int); }', 'struct tag { void * next; void * call; }'],
    ['an anonymous struct', 'struct tag { struct { __u32 a; }; __u32 b; }'],
    [
      'fields without a size',
      'struct tag { __u32 prefixlen; __u8 data[0]; }',
      'struct tag { __u32 prefixlen; }',
    ],
    ['a packed enum', 'struct tag { enum { SMALL = 0 } __attribute__((packed)) a; }'],
  ] as const)
    it(`says ${what}`, function () {
      if (!hasClang(this)) return;
      expect(must(declared(text)).text).to.equal(expected ?? text);
    });

  for (const [what, text, message] of [
    ['a float', 'struct tag { struct { double when; } a; }', 'field a.when is of kind Float, which'],
  ] as const)
    it(`says why ${what} is not said`, function () {
      if (!hasClang(this)) return;
      expect(declared(text)).to.include({ ok: false }).and.property('message').contains(message);
    });
});

function declared(text: string): ReturnType<typeof btfDeclaration> {
  const btf = compiled([text]);
  return btfDeclaration(btf, mapDefinitions(btf)[0]!.value!);
}

/** The BTF of a program with a map of each type. */
function compiled(types: readonly string[]): Btf {
  const maps = types.map(
    (text, index) => `typedef ${text} value${index}_t;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, value${index}_t); } map${index} SEC(".maps");`,
  );
  return must(readBtf(must(elfSection(programObject(maps.join('\n')), '.BTF'))!));
}

function must<T>(read: Readable<T>): T {
  if (!read.ok) throw new Error(read.message);
  return read.value;
}

let enums = 0;

/** Enumerators are file-wide in C: each enum gets names of its own. */
function withOwnEnumerators(type: Type): string {
  return typeText(type)
    .replace(/enum \{[^}]*\}/g, body => body.replace(/NAME_/g, `E${enums++}_`))
    .replace(/ as \w+/g, '');
}

/** As programs see it: alignment is in no BTF. Before version 15 clang tells neither an enum's sign nor values of 8 bytes. */
function layoutOf(type: Type): readonly unknown[] {
  return [type.size, ...partsOf(type, 0, '')];
}

function* partsOf(type: Type, offset: number, path: string): Generator<readonly unknown[]> {
  if (hasFields(type))
    for (const field of type.fields)
      yield* partsOf(field.type, offset + field.offset, `${path}.${field.name}`);
  else if (type.kind === 'array') yield* partsOf(type.element, offset, `${path}[${type.length}]`);
  else if (type.kind === 'enum' && type.size < 4) yield [path, offset * 8, type.size * 8];
  else if (type.kind !== 'bits') yield [path, offset, ...nameOf(type)];
  else if (path.endsWith('.')) return;
  else yield [path, offset * 8 + type.shift, type.width];
}

function nameOf(type: Type): readonly unknown[] {
  const { size } = type;
  if (type.kind === 'enum') return [size, false, false];
  return type.kind === 'integer'
    ? [size, size < 8 && type.signed, type.byteOrder === 'network']
    : [size, type.kind];
}
