import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../testing/root.ts';
import { ERRNO } from '../errno.ts';

const NATIVE = join(ROOT, 'native');
const SHIM = join(NATIVE, 'build', 'faults.so');

/** Commands of bpf(2) that can be made to fail (include/uapi/linux/bpf.h). */
const COMMANDS = {
  create: 0,
  lookup: 1,
  update: 2,
  delete: 3,
  loadProgram: 5,
  pin: 6,
  runProgram: 10,
  info: 15,
  btf: 18,
  freeze: 22,
  lookupBatch: 24,
  updateBatch: 26,
  deleteBatch: 27,
} as const;

export type FaultyCommand = keyof typeof COMMANDS;

/** What follows lies in struct faults of native/faults.c. */
const DIE_BEFORE = 0;
const MUTATIONS = 8;
const IS_SLOW = 16;
const REFUSED = 32;
const RULES = 40;
const RULE_BYTES = 24;
const MOST_RULES = 8;
const COUNT = RULES + MOST_RULES * RULE_BYTES;
const BELOW = COUNT + 8;
const SIZE = BELOW + 256;

const ALL = 2n ** 64n - 1n;

/** What goes wrong in a process that native/faults.c is loaded into: set while it runs, from inside or outside. */
export class Faults {
  readonly #fd: number;
  #rules = 0;

  constructor(file: string) {
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** Words before a command: what this file says is what its calls meet. */
  static before(file: string): readonly string[] {
    const others = process.env['LD_PRELOAD'] ?? '';
    return ['env', `LD_PRELOAD=${others} ${SHIM}`, `FAULTS=${file}`];
  }

  static make(): void {
    execFileSync('make', ['--silent', '-C', NATIVE, 'build/faults.so'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /**
   * Calls of a command fail: all, or those of these numbers, from 0 on, counted from now. Returns a function that counts
   * the calls since.
   */
  fail(command: FaultyCommand, errno: keyof typeof ERRNO, numbers?: readonly number[]): () => number {
    const at = RULES + RULE_BYTES * this.#rules++;
    const rule = Buffer.alloc(RULE_BYTES);
    rule.writeUInt32LE(COMMANDS[command], 0);
    rule.writeUInt32LE(ERRNO[errno], 4);
    rule.writeBigUInt64LE(numbers?.reduce((bits, number) => bits | (1n << BigInt(number)), 0n) ?? ALL, 8);
    this.#write(at, rule);
    this.#write(COUNT, word(this.#rules));
    return () => this.#read(at + 16);
  }

  /** ENOMEM of an allocator that has two elements at hand, and fetches more once it was asked in vain twice. */
  beSlow(): () => number {
    this.#write(IS_SLOW, Buffer.concat([word(1), word(2), word(0)]));
    return () => this.#read(REFUSED);
  }

  /** SIGKILL before the mutating call with this number, from 1 on; those on files count below a directory alone. */
  dieBefore(number: number, below: string): void {
    const path = Buffer.alloc(SIZE - BELOW);
    path.write(below);
    this.#write(BELOW, path);
    this.#write(MUTATIONS, word(0));
    this.#write(DIE_BEFORE, word(number));
  }

  /** Calls that changed something since `dieBefore`. */
  mutations(): number {
    return this.#read(MUTATIONS);
  }

  none(): void {
    this.#rules = 0;
    this.#write(0, Buffer.alloc(SIZE));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(at: number, bytes: Buffer): void {
    writeSync(this.#fd, bytes, 0, bytes.length, at);
  }

  #read(at: number): number {
    const bytes = Buffer.alloc(8);
    readSync(this.#fd, bytes, 0, 8, at);
    return Number(bytes.readBigUInt64LE());
  }
}

function word(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}

/** Runs a file of specs in a process with faults; its own `process.env.FAULTS` is then their file. */
export function specsWithFaults(specs: string, file: string): { status: number | null; output: string } {
  const mocha = [process.execPath, join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--no-config'];
  const words = ['--enable-source-maps', '--timeout', '120000', specs];
  const [command = '', ...args] = [...Faults.before(file), ...mocha, ...words];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
