import { expect } from 'chai';
import * as fc from 'fast-check';
import { hasClang, programObject } from '../../testing/program.ts';
import { plainType } from '../../testing/types.ts';
import { leavesOf } from '../../types/path.ts';
import { typeText } from '../../types/show.ts';
import type { StructType, Type } from '../../types/type.ts';
import { mapDefinitions } from './definitions.ts';
import { elfSection } from './elf.ts';
import { type Btf, type Readable, readBtf } from './read.ts';
import { btfDeclaration } from './type.ts';

describe('btfDeclaration', function () {
  this.timeout(60_000);

  it('gives back the layout and the names of what clang compiled', function () {
    if (!hasClang(this)) return;
    const structs = fc
      .sample(plainType, { numRuns: 600, seed: 11 })
      .filter((type): type is StructType => type.kind === 'struct')
      .slice(0, 100);
    expect(structs.length).to.be.greaterThan(50);
    const btf = compiled(structs.map(withOwnEnumerators));
    for (const [index, { value }] of mapDefinitions(btf).entries()) {
      const declared = must(btfDeclaration(btf, value!));
      expect(layoutOf(declared.type), declared.text).to.deep.equal(layoutOf(structs[index]!));
    }
  });

  for (const [what, text, expected] of [
    ['a struct by its tag', 'struct tag { __be16 port; __u8 proto; }'],
    ['a typedef of a struct', 'struct { __u32 a; }', 'struct value0_t { __u32 a; }'],
    ['a nested struct', 'struct tag { struct { __u8 a; __u64 b; } c[2]; int d; }'],
    ['a struct that stands twice', 'struct tag { struct pair { __u8 a; } c; struct pair d[3]; }'],
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
    ['pointers', 'struct tag { void *next; int (*call)(int); }', 'struct tag { __u64 next; __u64 call; }'],
    [
      'an anonymous struct',
      'struct tag { struct { __u32 a; }; __u32 b; }',
      'struct tag { __u32 a; __u32 b; }',
    ],
    [
      'fields without a size',
      'struct tag { __u32 prefixlen; __u8 data[0]; }',
      'struct tag { __u32 prefixlen; }',
    ],
    ['a packed enum', 'struct tag { enum { SMALL } __attribute__((packed)) a; }', 'struct tag { __u8 a; }'],
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
  return typeText(type).replace(/enum \{[^}]*\}/g, body => body.replace(/NAME_/g, `E${enums++}_`));
}

/** As programs see it: alignment is in no BTF. Before version 15 clang tells neither an enum's sign nor values of 8 bytes. */
function layoutOf(type: Type): readonly unknown[] {
  const leaves = [...leavesOf(type)].map(({ path, offset, type: leaf }) => [
    path.join('.'),
    offset,
    leaf.size,
    leaf.kind === 'enum' ? 'integer' : leaf.kind,
    leaf.kind === 'integer' && leaf.size < 8 ? leaf.name : '',
  ]);
  return [type.size, ...leaves];
}
