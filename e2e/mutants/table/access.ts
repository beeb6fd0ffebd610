import type { Mutant } from '../mutant.ts';

const GLOB = { file: 'operator/core/access/glob.ts', specs: ['dist/operator/core/access/glob.test.js'] };

export const accessMutants: readonly Mutant[] = [
  {
    ...GLOB,
    name: 'a star gives back two characters at a time',
    from: '      retry += 1;\n',
    to: '      retry += 2;\n',
  },
  {
    ...GLOB,
    name: 'two stars at the end are one too many',
    from: "while (pattern[within] === '*') within += 1;",
    to: "if (pattern[within] === '*') within += 1;",
  },
  {
    ...GLOB,
    name: 'a pattern that is longer than the name matches',
    from: 'return within === pattern.length;',
    to: 'return within <= pattern.length;',
  },
  {
    name: 'a request to clean of long ago counts',
    file: 'operator/ledger/cleaning.ts',
    from: 'uptime - Number(asked[1]) >= WAIT_MS',
    to: 'uptime - Number(asked[1]) >= 1_000 * WAIT_MS',
    specs: ['dist/operator/ledger/cleaning.test.js'],
  },
  {
    name: 'the agent remembers what it was asked to clean',
    file: 'operator/agent/turn.ts',
    from: 'for (const name of cleaned) forget(memory, name);',
    to: 'for (const name of cleaned.slice(cleaned.length)) forget(memory, name);',
    specs: ['dist/operator/cli/cleanasks.test.js'],
  },
  {
    name: 'nobody tells a running agent that it is asked to clean',
    file: 'operator/agent/run.ts',
    from: 'new Set([...directories, requestsIn(kernel.pins.root)])',
    to: 'new Set(directories.slice(requestsIn(kernel.pins.root).length * 0))',
    specs: ['dist/e2e/agent/foreign.test.js'],
  },
  {
    name: 'a wrong field of an OuterMap hides the mistakes of its types',
    file: 'operator/source/folder/manifests.ts',
    from: "value['kind'] === 'OuterMap' ?",
    to: "value['kind'] === 'OuterMaps' ?",
    specs: ['dist/operator/source/folder/mistakes.test.js'],
  },
  {
    name: 'a type with a mistake that is told already is read once more',
    file: 'operator/core/layout/read.ts',
    from: ' && !known.has(fieldText(path))',
    to: ' && known.size >= 0',
    specs: ['dist/operator/source/folder/mistakes.test.js'],
  },
];
