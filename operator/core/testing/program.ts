import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KERNEL_FIELDS, POINTER_TAGS } from '../types/kernelfield.ts';

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
typedef unsigned long size_t; typedef long ssize_t;
typedef __u8 u8; typedef __u16 u16; typedef __u32 u32; typedef __u64 u64;
typedef __s8 s8; typedef __s16 s16; typedef __s32 s32; typedef __s64 s64;
typedef __u8 uint8_t; typedef __u16 uint16_t; typedef __u32 uint32_t; typedef __u64 uint64_t;
typedef __u8 u_int8_t; typedef __u16 u_int16_t; typedef __u32 u_int32_t; typedef __u64 u_int64_t;
typedef __s8 int8_t; typedef __s16 int16_t; typedef __s32 int32_t; typedef __s64 int64_t;
typedef __u16 le16; typedef __u32 le32; typedef __u64 le64;
typedef __be16 be16; typedef __be32 be32; typedef __be64 be64;
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
