import { execFile } from 'node:child_process';
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

/** C's: the name of the program in bench/build, then its arguments. Done once where only a share of the work is: scaled. */
export async function runC([program, ...rest]: readonly string[], share = 1): Promise<Sample> {
  const { seconds } = await run(join(BENCH, 'build', program!), rest);
  return { seconds: seconds / share };
}

/** The program's last line is an object of numbers, `seconds` among them. */
function run(program: string, rest: readonly string[]): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? '256' };
    execFile(program, rest, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const command = `${program} ${rest.join(' ')}`;
      if (error !== null) reject(new Error(`Cannot measure ${command}: ${stderr || error.message}`));
      else resolve(sampleOf(stdout, command));
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
