import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KERNEL_FIELDS, POINTER_TAGS } from '../types/kernelfield.ts';
import { WORD_TYPES } from '../types/parser/words.ts';

/** Words that linux/types.h does not have, as C's own types of their size. */
const INTEGERS = [...WORD_TYPES.values()]
  .filter(type => type.kind === 'integer')
  .filter(({ name }) => !name.startsWith('__') || /^__([us]128|kernel_.*)$/.test(name))
  .map(({ name, size, signed }) => {
    const own = { 1: 'char', 2: 'short', 4: 'int', 8: 'long', 16: '__int128' }[size];
    const typedef = `typedef ${signed ? 'signed' : 'unsigned'} ${own}`;
    // Those of a header are of 32 bits to clang -target bpf
    return name.startsWith('__kernel_')
      ? `${typedef} own${name};\n#define ${name} own${name}`
      : `${typedef} ${name};`;
  });

/** The header of a program: every word of declarations, and the kernel's structs of all kernels. */
const PRELUDE = `
${Object.keys(KERNEL_FIELDS)
  .map(name => `#define ${name} header_${name}`)
  .join('\n')}
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
${Object.entries(KERNEL_FIELDS)
  .map(
    ([name, { size, alignment }]) =>
      `#undef ${name}\nstruct ${name} { __u${alignment * 8} opaque[${size / alignment}]; };`,
  )
  .join('\n')}
${Object.entries(POINTER_TAGS)
  .map(([macro, tag]) => `#undef ${macro}\n#define ${macro} __attribute__((btf_type_tag("${tag}")))`)
  .join('\n')}
${INTEGERS.join('\n')}
typedef struct in_addr ipv4; typedef struct in6_addr ipv6; typedef __u8 mac[6];
typedef struct cidr4 { __u32 prefixlen; struct in_addr address; } cidr4;
typedef struct cidr6 { __u32 prefixlen; struct in6_addr address; } cidr6;
`;

/** Where it is missing the test is skipped, but not where CI is set. */
export function hasClang(context: Mocha.Context): boolean {
  if (spawnSync('clang', ['--version']).error === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error('clang is missing where CI is set: install it');
  return context.skip();
}

/** The object file of a program with these definitions, as clang makes it. */
export function programObject(definitions: string): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'program-'));
  try {
    const [source, object] = [join(directory, 'program.c'), join(directory, 'program.o')];
    writeFileSync(source, PRELUDE + definitions);
    const include = `-I/usr/include/${execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim()}`;
    execFileSync('clang', ['-target', 'bpfel', '-g', '-O2', '-w', include, '-c', source, '-o', object]);
    return new Uint8Array(readFileSync(object));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
