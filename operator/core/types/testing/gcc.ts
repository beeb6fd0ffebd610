import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KERNEL_FIELDS, POINTER_TAGS } from '../kernelfield.ts';
import { KNOWN_CONSTANTS } from '../parser/text/known.ts';
import { WORD_TYPES } from '../parser/words.ts';

/** Words of headers as C's own types of their size: on this machine dev_t and others are the C library's. */
const INTEGERS = [...WORD_TYPES.values()]
  .filter(type => type.kind === 'integer')
  .map(({ name, size, signed }) => {
    const own = { 1: 'char', 2: 'short', 4: 'int', 8: 'long long', 16: '__int128' }[size];
    return `typedef ${signed ? 'signed' : 'unsigned'} ${own} my_${name};\n#define ${name} my_${name}`;
  });

const STRUCTS: Readonly<Record<string, string>> = {
  in_addr: 'u32 s_addr;',
  in6_addr: 'u32 words[4];',
  bpf_lpm_trie_key: 'u32 prefixlen; u8 data[0];',
  ...Object.fromEntries(
    Object.entries(KERNEL_FIELDS).map(([name, { size, alignment }]) => [
      name,
      `u${alignment * 8} opaque[${size / alignment}];`,
    ]),
  ),
};

/** Every word of declarations that is none of C, but what a text defines itself. */
const preludeOf = (text: string) => `
#include <stddef.h>
#include <stdio.h>
#include <string.h>
typedef _Bool bool;
${INTEGERS.join('\n')}
${Object.entries(STRUCTS)
  .filter(([name]) => !new RegExp(`struct ${name} *{`).test(text))
  .map(([name, fields]) => `struct ${name} { ${fields} };`)
  .join('\n')}
typedef struct in_addr ipv4; typedef struct in6_addr ipv6;
typedef struct { u8 bytes[6]; } mac;
typedef struct { u32 length; struct in_addr address; } cidr4;
typedef struct { u32 length; struct in6_addr address; } cidr6;
${[...Object.keys(POINTER_TAGS), '__user', '__rcu', '__percpu', '__force', '__iomem', '__bitwise']
  .map(macro => `#define ${macro}`)
  .join('\n')}
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define BIT(n) (1UL << (n))
`;

/** Where it is missing the test is skipped, but not where CI is set. */
export function hasGcc(context: Mocha.Context): boolean {
  if (spawnSync('gcc', ['--version']).error === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error('gcc is missing where CI is set: install it');
  return context.skip();
}

/** The lines that a program prints, which has these statements in its main. */
export function printed(statements: string): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'printed-'));
  try {
    const [source, program] = [join(directory, 'program.c'), join(directory, 'program')];
    writeFileSync(
      source,
      `${preludeOf('')}
static void show(void *from, size_t size) {
  putchar(' ');
  for (size_t at = 0; at < size; at++) printf("%02x", ((unsigned char *)from)[at]);
}
int main(void) {\n${statements}\n}\n`,
    );
    execFileSync('gcc', ['-w', '-o', program, source], { stdio: 'pipe' });
    return execFileSync(program, { encoding: 'utf8' }).trimEnd().split('\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What gcc says against definitions; undefined where it takes them. `as`, which is a word of ours, is left out. */
export function gccProblem(definitions: string): string | undefined {
  const input = `${preludeOf(definitions)}${constantsOf(definitions)}\n${withoutOurs(definitions)}\n`;
  const { status, stderr } = spawnSync('gcc', ['-w', '-x', 'c', '-fsyntax-only', '-'], {
    input,
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr;
}

export function withoutOurs(text: string): string {
  return text.replace(/ as \w+/g, '');
}

/** The constants of Linux that a text has and does not define. */
export function constantsOf(text: string): string {
  return [...KNOWN_CONSTANTS]
    .filter(([name]) => !name.startsWith('__') && new RegExp(`[[=(|+*/] *${name}\\b`).test(text))
    .map(([name, value]) => `#define ${name} ${value}`)
    .join('\n');
}
