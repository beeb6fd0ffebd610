import type { Mutant } from '../mutant.ts';

const AGE = { file: 'operator/agent/kernelage.ts', specs: ['dist/operator/agent/kernelage.test.js'] };
const TALLY = { file: 'e2e/vm/tally.ts', specs: ['dist/e2e/vm/vm.test.js'] };
const LEFTOVERS = { file: 'bin/leftovers.mjs', specs: ['dist/e2e/leftovers.test.js'] };

export const vmMutants: readonly Mutant[] = [
  {
    ...AGE,
    name: 'the oldest kernel that is promised is called too old',
    from: 'minor < least',
    to: 'minor <= least',
  },
  {
    ...AGE,
    name: 'a higher number behind a lower one counts as newer',
    from: 'major < since || (major === since && minor < least)',
    to: 'major < since || minor < least',
  },
  {
    ...TALLY,
    name: 'a spec that holds though it is known to fail is no failure',
    from: 'return this.fail(title, `     It holds',
    to: "return this.#count('passed', `     It holds",
  },
  {
    ...LEFTOVERS,
    name: 'what a killed run left is named and stays',
    from: '  if (found.length > 0) await takeAway();\n',
    to: '',
  },
];
