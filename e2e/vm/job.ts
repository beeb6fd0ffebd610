import type { VmOptions } from './options.ts';
import { SETS, type SpecSet } from './sets.ts';

/** How much longer than on this machine something may take there. */
const PATIENCE = 20;
const GUEST = '/src/e2e/vm/guest';
const MOCHA = ['node', '--enable-source-maps', '--expose-gc', '/src/node_modules/mocha/bin/mocha.js'];
const OPTIONS = ['--no-config', '--require', `${GUEST}/patient.cjs`, '--reporter', `${GUEST}/reporter.cjs`];

/** The shell command that runs these sets in a machine, one process each; it ends with 0 whatever the specs say. */
export function commandOf({ sets, grep }: Pick<VmOptions, 'sets' | 'grep'>): string {
  const environment = {
    INNERMAP_PATIENCE: String(PATIENCE),
    CI: process.env['CI'] ?? '',
  };
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const runs = sets.map(
    set => `echo @set ${set}; ${mocha(SETS[set]!, grep).map(quoted).join(' ')} || exit 1`,
  );
  return [...exports, ...runs].join('\n');
}

function mocha({ files, leaveOut = [], without, only = '' }: SpecSet, grep: string): readonly string[] {
  const chosen =
    grep === '' && without !== undefined ? ['--grep', `^${without}`, '--invert'] : ['--grep', grep || only];
  const ignored = leaveOut.flatMap(file => ['--ignore', `/src/dist/${file}`]);
  return [...MOCHA, ...OPTIONS, ...chosen, ...ignored, ...files.map(file => `/src/dist/${file}`)];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
