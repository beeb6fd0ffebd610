import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { hex } from '../bytes/hex.ts';
import { anyValueType } from '../testing/types.ts';
import { KERNEL_FIELDS, POINTER_TAGS } from './kernelfield.ts';
import { fieldMask } from './padding.ts';
import { WORD_TYPES } from './parser/words.ts';
import { fieldLocation, fieldNames, hasFields } from './path.ts';
import { typeText } from './show.ts';
import type { StructType, Type } from './type.ts';

/** Header words as C's own types of their size: on this machine dev_t and others are the C library's. */
const INTEGERS = [...WORD_TYPES.values()]
  .filter(type => type.kind === 'integer')
  .map(({ name, size, signed }) => {
    const own = { 1: 'char', 2: 'short', 4: 'int', 8: 'long', 16: '__int128' }[size];
    return `typedef ${signed ? 'signed' : 'unsigned'} ${own} my_${name};\n#define ${name} my_${name}`;
  });

const PRELUDE = `
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <stdbool.h>
#include <netinet/in.h>
${INTEGERS.join('\n')}
typedef struct in_addr ipv4; typedef struct in6_addr ipv6;
typedef struct { u8 bytes[6]; } mac;
typedef struct { u32 length; struct in_addr address; } cidr4;
typedef struct { u32 length; struct in6_addr address; } cidr6;
${Object.entries(KERNEL_FIELDS)
  .map(([name, { size, alignment }]) => `struct ${name} { u${alignment * 8} opaque[${size / alignment}]; };`)
  .join('\n')}
${Object.keys(POINTER_TAGS)
  .map(macro => `#define ${macro}`)
  .join('\n')}
`;

describe('structOf and enumOf', () => {
  it('agree with the C compiler on every size, alignment and offset', function () {
    if (spawnSync('gcc', ['--version']).error !== undefined) {
      if (process.env['CI'] === 'true') throw new Error('gcc is missing where CI is set: install it');
      this.skip(); // No gcc on this machine: the layout is then compared by hand-computed structs only.
    }
    const structs = fc
      .sample(anyValueType, { numRuns: 1000, seed: 7 })
      .filter((type): type is StructType => hasFields(type))
      .slice(0, 150);
    expect(structs.length).to.be.greaterThan(50);
    expect(compiled(structs)).to.deep.equal(structs.map(layoutLine));
  });
});

/** Size, alignment, and for each field the bytes that are its, in hex: bits of the field are ones. */
function layoutLine(type: StructType): string {
  const fields = fieldNames(type).map(name => {
    const place = fieldLocation(type, name);
    if (!place.ok) throw new Error(place.message);
    const bytes = new Uint8Array(type.size);
    bytes.set(fieldMask(place.type) ?? new Uint8Array(place.type.size).fill(0xff), place.offset);
    return place.type.kind === 'bits'
      ? hex(bytes)
      : hex(bytes.fill(0xff, place.offset, place.offset + place.type.size));
  });
  return [type.size, type.alignment, ...fields].join(' ');
}

function compiled(structs: readonly StructType[]): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'layout-'));
  try {
    const source = join(directory, 'layout.c');
    const program = join(directory, 'layout');
    writeFileSync(source, programOf(structs));
    execFileSync('gcc', ['-w', '-o', program, source]);
    return execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Enumerators are file-wide in C: each enum gets names of its own. */
function programOf(structs: readonly StructType[]): string {
  let enums = 0;
  const prints = structs.map(type => {
    const text = typeText(type as Type)
      .replace(/enum \{[^}]*\}/g, body => body.replace(/NAME_/g, `E${enums++}_`))
      .replace(/ as \w+/g, '');
    const fields = fieldNames(type).map(name => {
      const place = fieldLocation(type, name);
      const isBits = place.ok && place.type.kind === 'bits';
      const set = isBits ? `value.${name} = -1;` : `memset(&value.${name}, 0xff, sizeof(value.${name}));`;
      return `memset(&value, 0, sizeof(value)); ${set} show(&value, sizeof(value));`;
    });
    return `{ typedef ${text} type; static type value;
      printf("%zu %zu", sizeof(type), _Alignof(type)); ${fields.join('\n')} puts(""); }`;
  });
  return `${PRELUDE}
static void show(void *from, size_t size) {
  putchar(' ');
  for (size_t at = 0; at < size; at++) printf("%02x", ((unsigned char *)from)[at]);
}
int main(void) {\n${prints.join('\n')}\n}\n`;
}
