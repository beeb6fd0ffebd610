import { readFileSync, statSync } from 'node:fs';
import { elfSection } from '../../core/btf/reading/elf.ts';
import { type Btf, type Readable, readBtf } from '../../core/btf/reading/read.ts';

const LARGEST = 64 * 1024 * 1024;

/** The BTF of a program's object file; throws with the file's name and what is wrong with it. */
export function objectBtf(file: string): Btf {
  const section = read(file, elfSection(contentsOf(file), '.BTF'));
  if (section === undefined)
    throw new Error(
      `Cannot use ${file}: it has no BTF; compile it with -g, and strip it with llvm-strip -g at most`,
    );
  return read(file, readBtf(section));
}

function read<T>(file: string, found: Readable<T>): T {
  if (found.ok) return found.value;
  throw new Error(`Cannot use ${file}: ${found.message}`);
}

function contentsOf(file: string): Uint8Array {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`Cannot read ${file}: ENOENT, no such file`);
  if (!stats.isFile()) throw new Error(`Cannot read ${file}: it is no file`);
  if (stats.size > LARGEST)
    throw new Error(`Cannot read ${file}: it has ${stats.size} bytes, more than ${LARGEST} are not read`);
  return readFileSync(file);
}
