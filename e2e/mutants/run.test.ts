import { join } from 'node:path';
import { expect } from 'chai';
import { ran } from '../agent/support/process.ts';

const RUN = join(import.meta.dirname, 'run.js');
const isRoot = process.getuid?.() === 0;

describe('npm run mutants', () => {
  it('says that no mutant has the words, and ends with 2', () => {
    const { code, error } = mutants('no such slip');
    expect(code).to.equal(2);
    expect(error).to.equal('mutants: No mutant has these words in its name or file\n');
  });

  (isRoot || process.env['CI'] === 'true' ? it : it.skip)(
    'judges also a slip whose specs act as a user without rights (needs root)',
    () => {
      const { code, out, error } = mutants('a lack of rights of the folder');
      expect(error).to.equal('');
      expect(out).to.match(/^killed .*\n1 killed, 0 not\n$/);
      expect(code).to.equal(0);
    },
  ).timeout(300_000);
});

function mutants(words: string) {
  return ran([process.execPath, '--enable-source-maps', RUN, '--grep', words]);
}
