import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { anyValueType } from '../testing/types.ts';
import { KERNEL_FIELDS, POINTER_TAGS } from './kernelfield.ts';
import { typeText } from './show.ts';
import type { StructType, Type } from './type.ts';

const PRELUDE = `
#include <stddef.h>
#include <stdio.h>
#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>
#include <netinet/in.h>
typedef __u8 u8; typedef __u16 u16; typedef __u32 u32; typedef __u64 u64;
typedef __s8 s8; typedef __s16 s16; typedef __s32 s32; typedef __s64 s64;
typedef __le16 le16; typedef __le32 le32; typedef __le64 le64;
typedef __be16 be16; typedef __be32 be32; typedef __be64 be64;
typedef struct in_addr ipv4; typedef struct in6_addr ipv6;
typedef struct { __u8 bytes[6]; } mac;
typedef struct { __u32 length; struct in_addr address; } cidr4;
typedef struct { __u32 length; struct in6_addr address; } cidr6;
${Object.entries(KERNEL_FIELDS)
  .map(
    ([name, { size, alignment }]) => `struct ${name} { __u${alignment * 8} opaque[${size / alignment}]; };`,
  )
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
      .sample(anyValueType, { numRuns: 400, seed: 7 })
      .filter((type): type is StructType => type.kind === 'struct')
      .slice(0, 60);
    expect(structs.length).to.be.greaterThan(30);
    expect(compiled(structs)).to.deep.equal(structs.map(layoutLine));
  });
});

function layoutLine(type: StructType): string {
  return [type.size, type.alignment, ...type.fields.flatMap(field => [field.offset, field.type.size])].join(
    ' ',
  );
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
  const declarations = structs.map((type, index) => {
    const text = typeText(type as Type).replace(/enum \{[^}]*\}/g, body =>
      body.replace(/NAME_/g, `E${enums++}_`),
    );
    return `typedef ${text} type${index};`;
  });
  const prints = structs.map((type, index) => {
    const name = `type${index}`;
    const fields = type.fields.map(
      field => `printf(" %zu %zu", offsetof(${name}, ${field.name}), sizeof(((${name}*)0)->${field.name}));`,
    );
    return `printf("%zu %zu", sizeof(${name}), _Alignof(${name})); ${fields.join(' ')} puts("");`;
  });
  return `${PRELUDE}${declarations.join('\n')}\nint main(void) {\n${prints.join('\n')}\n}\n`;
}
