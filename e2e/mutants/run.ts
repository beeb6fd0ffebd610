import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../operator/testing/root.ts';
import type { Mutant } from './mutant.ts';
import { allMutants, mutated } from './tables.ts';
import { emptyTree } from './tree.ts';

const HELP = `npm run mutants -- [--grep WORDS]

  Makes the mutants of e2e/mutants/table one at a time in a copy of this tree, and runs the specs that must notice each.
  First these specs run on the tree as it is, one by one: they must pass. --grep: those whose name or file has WORDS.
  All of them take three quarters of an hour on two cores: a slip that makes a spec wait in vain takes that spec's patience.

Exit status: 0 each was noticed, 1 some survive, 2 it could not run.
`;

/** Seconds for the specs of one mutant: a slip that hangs them was noticed. */
const PATIENCE_SECONDS = 300;
/** Of what specs wait for: many slips are noticed by what never comes. */
const PATIENCE = '0.3';
/** Not part of what is mutated: history, and what is linked instead of copied. */
const NOT_COPIED: ReadonlySet<string> = new Set(['.git', 'node_modules', 'coverage']);

/** Where the specs make their mounts and folders. */
const SCRATCH = 'scratch';
/** A slip may leave a name unused. */
const LENIENT = ['--noUnusedLocals', 'false', '--noUnusedParameters', 'false'];
const NODE_OPTIONS = ['--enable-source-maps', '--expose-gc'];

type Verdict = 'killed' | 'SURVIVES' | 'DOES NOT COMPILE';

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      grep: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const mutants = (await allMutants()).filter(({ name, file }) => `${name} ${file}`.includes(values.grep));
  if (mutants.length === 0) return cannot('No mutant has these words in its name or file');
  const tree = emptyTree();
  try {
    return judge(mutants, tree);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function judge(mutants: readonly Mutant[], tree: string): number {
  copyTo(tree);
  const hindrance = hindranceOf(mutants, tree);
  if (hindrance !== undefined) return cannot(hindrance);
  const survivors = mutants.filter(mutant => {
    const verdict = verdictOn(mutant, tree);
    process.stdout.write(`${verdict.padEnd(17)}${mutant.file}: ${mutant.name}\n`);
    return verdict !== 'killed';
  });
  process.stdout.write(`${mutants.length - survivors.length} killed, ${survivors.length} not\n`);
  return survivors.length === 0 ? 0 : 1;
}

/** Why the mutants cannot be judged. */
function hindranceOf(mutants: readonly Mutant[], tree: string): string | undefined {
  if (!compiles(tree)) return 'The tree does not compile as it is: see npm run build';
  const specs = new Set(mutants.flatMap(mutant => mutant.specs));
  const failing = [...specs].filter(spec => !pass(tree, [spec]));
  return failing.length === 0 ? undefined : `Specs fail on the tree as it is: ${failing.join(', ')}`;
}

function cannot(why: string): number {
  process.stderr.write(`mutants: ${why}\n`);
  return 2;
}

function copyTo(tree: string): void {
  cpSync(ROOT, tree, { recursive: true, filter: from => !NOT_COPIED.has(relative(ROOT, from)) });
  mkdirSync(join(tree, SCRATCH));
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
}

function verdictOn(mutant: Mutant, tree: string): Verdict {
  const file = join(tree, mutant.file);
  writeFileSync(file, mutated(mutant));
  try {
    if (!compiles(tree)) return 'DOES NOT COMPILE';
    return pass(tree, mutant.specs) ? 'SURVIVES' : 'killed';
  } finally {
    unlinkSync(file);
    cpSync(join(ROOT, mutant.file), file);
  }
}

/** What C is as it was is not made anew. */
function compiles(tree: string): boolean {
  const library = spawnSync('make', ['--silent', '-C', 'native', 'lib'], { cwd: tree, stdio: 'ignore' });
  return (
    library.status === 0 && runs(tree, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', ...LENIENT])
  );
}

function pass(tree: string, specs: readonly string[]): boolean {
  const mocha = 'node_modules/mocha/bin/mocha.js';
  const passed = runs(tree, [
    ...NODE_OPTIONS,
    mocha,
    '--no-config',
    '--bail',
    '--timeout',
    '60000',
    ...specs,
  ]);
  unmountBelow(tree);
  return passed;
}

function runs(tree: string, words: readonly string[]): boolean {
  const { status } = spawnSync(process.execPath, words, {
    cwd: tree,
    stdio: 'ignore',
    timeout: PATIENCE_SECONDS * 1000,
    killSignal: 'SIGKILL',
    env: { INNERMAP_PATIENCE: PATIENCE, ...process.env, CI: 'true', TMPDIR: join(tree, SCRATCH) },
  });
  return status === 0;
}

/** What specs mounted that were killed, or that the slip kept from unmounting. */
function unmountBelow(tree: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(point => point.startsWith(`${tree}/`));
  for (const point of points.toReversed()) spawnSync('umount', ['--lazy', point]);
}
