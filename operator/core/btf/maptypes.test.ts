import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { typeOf } from '../testing/layouts.ts';
import { anyType, anyValueType } from '../testing/types.ts';
import type { Field, Type } from '../types/type.ts';
import { mapTypes, type TypedBtf } from './maptypes.ts';

/** Of `bpftool --json btf dump file`. */
interface DumpedType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly encoding?: string;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly {
    readonly name: string;
    readonly type_id: number;
    readonly bits_offset: number;
    readonly bitfield_size?: number;
  }[];
  readonly values?: readonly { readonly name: string; readonly val: string }[];
}

function dumped({ btf }: TypedBtf): readonly DumpedType[] {
  const directory = mkdtempSync(join(tmpdir(), 'btf-'));
  try {
    const path = join(directory, 'btf');
    writeFileSync(path, btf);
    const text = execFileSync('bpftool', ['--json', 'btf', 'dump', 'file', path], { encoding: 'utf8' });
    const exact = text.replace(/"val":(-?\d+)/g, '"val":"$1"');
    return (JSON.parse(exact) as { types: DumpedType[] }).types;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Names, offsets, sizes and signs, as bpftool finds them. */
function found(types: readonly DumpedType[], id: number): string {
  const { kind, name, size, encoding, ...type } = types[id - 1]!;
  switch (kind) {
    case 'INT':
      return `${encoding === 'BOOL' ? 'bool' : encoding === 'SIGNED' ? 's' : 'u'}${size}`;
    case 'ARRAY':
      return `${found(types, type.type_id!)}[${type.nr_elems}]`;
    case 'TYPEDEF':
      return found(types, type.type_id!);
    case 'ENUM':
    case 'ENUM64':
      return `${encoding === 'SIGNED' ? 's' : 'u'}${size}{${type.values!.map(({ name: each, val }) => `${each}=${val}`).join()}}`;
    case 'PTR':
      if (type.type_id === 0) return 'pointer';
      return `${types[type.type_id! - 1]!.name} ${types[types[type.type_id! - 1]!.type_id! - 1]!.name}`;
    case 'UNION':
    case 'STRUCT': {
      if (name.startsWith('bpf_')) return `${name}${size}`;
      const fields = type.members!.map(
        each =>
          `${each.name === '(anon)' ? '' : each.name}@${each.bits_offset}+${each.bitfield_size ?? 0}:${found(types, each.type_id)}`,
      );
      return `${kind === 'UNION' ? 'union' : ''}{${fields.join()}}${size}`;
    }
    default:
      throw new Error(`No declaration is of kind ${kind}`);
  }
}

/** The same of the declaration. */
function declared(type: Type): string {
  switch (type.kind) {
    case 'integer':
      if (type.name === 'void *') return 'pointer';
      return `${type.signed ? 's' : 'u'}${type.size}`;
    case 'bool':
      return 'bool1';
    case 'text':
      return `s1[${type.size}]`;
    case 'bytes':
    case 'mac':
    case 'ipv6':
      return `u1[${type.size}]`;
    case 'array':
      return `${declared(type.element)}[${type.length}]`;
    case 'enum':
      return `${type.signed ? 's' : 'u'}${type.size}{${type.enumerators.map(({ name, value }) => `${name}=${value}`).join()}}`;
    case 'ipv4':
      return 'u4';
    case 'cidr4':
      return '{prefixlen@0+0:u4,address@32+0:u4}8';
    case 'cidr6':
      return '{prefixlen@0+0:u4,address@32+0:u1[16]}20';
    case 'kernel':
      return type.tag === undefined ? `${type.name}${type.size}` : `${type.tag} ${type.name}`;
    case 'bits':
      return type.width > 32 && type.base.kind === 'enum'
        ? `${type.base.signed ? 's' : 'u'}8`
        : declared(type.base);
    case 'struct':
    case 'union': {
      const hasBits = type.fields.some(field => field.type.kind === 'bits');
      const fields = type.fields.map(field => declaredField(field, hasBits));
      return `${type.kind === 'union' ? 'union' : ''}{${fields.join()}}${type.size}`;
    }
  }
}

/** The kernel wants the width of a small enum beside bit-fields. */
function declaredField({ name, offset, type }: Field, hasBits: boolean): string {
  const isSmallEnum = hasBits && type.kind === 'enum' && type.size < 4;
  const whole = isSmallEnum ? type.size * 8 : 0;
  const [shift, width] = type.kind === 'bits' ? [type.shift, type.width] : [0, whole];
  return `${name}@${offset * 8 + shift}+${width}:${declared(type)}`;
}

describe('mapTypes', () => {
  it('says of every declaration what bpftool reads: names, offsets, sizes, signs, enumerators', function () {
    if (spawnSync('bpftool', ['version']).error !== undefined) {
      if (process.env['CI'] === 'true') throw new Error('bpftool is missing where CI is set: install it');
      this.skip(); // No bpftool on this machine: the kernel's verifier still reads all of it.
    }
    fc.assert(
      fc.property(anyValueType, anyType, (value, key) => {
        const { current } = mapTypes({ type: 'Hash', key, value });
        const types = dumped(current);
        expect([found(types, current.key), found(types, current.value)]).to.deep.equal([
          declared(key),
          declared(value),
        ]);
      }),
      { numRuns: 150 },
    );
  });

  it('has an index as the key of an array and a struct as that of a trie, as the kernel wants', () => {
    const array = mapTypes({ type: 'Array', key: typeOf('enum { A, B }'), value: typeOf('u64') });
    expect(found(dumped(array.current), array.current.key)).to.equal('u4');
    const trie = mapTypes({ type: 'LPMTrie', key: typeOf('u8[9]'), value: typeOf('u64') });
    expect(found(dumped(trie.current), trie.current.key)).to.equal('{key@0+0:u1[9]}9');
  });

  it('for a kernel before 6.0 has nothing that is newer, and is absent where there is nothing', () => {
    const key = typeOf('u32');
    expect(mapTypes({ type: 'Hash', key, value: typeOf('enum { A, B }') })).not.to.have.property('older');
    const wide = mapTypes({
      type: 'Hash',
      key,
      value: typeOf('struct { enum { A = -1 } sign; enum { B = 1ULL << 40 } wide; }'),
    });
    const { older } = wide;
    expect(found(dumped(older!), older!.value)).to.match(/^\{sign@0\+0:u4\{A=\d+\},wide@64\+0:u8\}16$/);
  });

  it('names what a C program would not know by no name that is too long for the kernel', () => {
    const long = 'x'.repeat(200);
    const value = typeOf(`struct ${long} { u32 ${long}; enum { ${long}, B } e; }`);
    const { current } = mapTypes({ type: 'Hash', key: typeOf('u32'), value });
    expect(found(dumped(current), current.value)).to.match(/^\{@0\+0:u4,e@32\+0:u4\{B=1\}\}8$/);
  });
});
