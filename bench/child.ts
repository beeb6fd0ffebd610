import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from './measure.ts';
import { inScratch } from './scratch.ts';

/** bench/ of the checkout, where make builds; this file runs from dist/bench. */
export const BENCH = join(import.meta.dirname, '..', '..', 'bench');

/** Ours: a process of its own for each run, as an agent starts, on a bpffs of its own. */
export function runOurs(work: readonly string[]): Promise<Sample> {
  const main = join(import.meta.dirname, 'ours', 'main.js');
  return inScratch(({ directory, bpffs }) => {
    const places = ['--bpffs', bpffs, '--directory', directory];
    return run(process.execPath, ['--expose-gc', main, ...work, ...places]);
  });
}

/** How a program in bench/build works: with pins in a bpffs of its own, or on a share of the work, which is scaled. */
export interface Way {
  readonly pins: boolean;
  readonly share: number;
}

/** The name of a program in bench/build, then its arguments. */
export function runProgram([program, ...rest]: readonly string[], { pins, share }: Way): Promise<Sample> {
  return inScratch(async ({ bpffs }) => {
    const place = pins ? ['--pins', pinsBelow(bpffs)] : [];
    const { seconds } = await run(join(BENCH, 'build', program!), [...rest, ...place]);
    return { seconds: seconds / share };
  });
}

/** A bare process of Node.js, from its start to its end. */
export async function runNode(words: readonly string[]): Promise<Sample> {
  const before = performance.now();
  await output(process.execPath, words);
  return { seconds: (performance.now() - before) / 1000 };
}

/** As deep as the ledger has the pins of inner maps. */
function pinsBelow(bpffs: string): string {
  const directory = join(bpffs, 'innermap', 'bench', 'inner');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** The program's last line is an object of numbers, `seconds` among them. */
async function run(program: string, rest: readonly string[]): Promise<Sample> {
  return sampleOf(await output(program, rest), `${program} ${rest.join(' ')}`);
}

function output(program: string, rest: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, rest, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const command = `${program} ${rest.join(' ')}`;
      if (error !== null) reject(new Error(`Cannot measure ${command}: ${stderr || error.message}`));
      else resolve(stdout);
    });
  });
}

export function sampleOf(output: string, command: string): Sample {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const numbers = numbersIn(last);
  const { seconds } = numbers;
  if (seconds === undefined) throw new Error(`Cannot read the time of ${command}: no seconds in "${last}"`);
  return { ...numbers, seconds };
}

function numbersIn(line: string): Record<string, number> {
  try {
    const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
    return Object.fromEntries(
      fields.filter((field): field is [string, number] => typeof field[1] === 'number'),
    );
  } catch {
    return {};
  }
}
