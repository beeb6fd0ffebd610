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
];
