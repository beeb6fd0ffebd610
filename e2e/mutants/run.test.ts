import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ran } from '../agent/support/process.ts';
import { emptyTree } from './tree.ts';

describe('npm run mutants', () => {
  it('says that no mutant has the words, and ends with 2', () => {
    const { code, error } = ran([process.execPath, join(import.meta.dirname, 'run.js'), '--grep', 'no slip']);
    expect(code).to.equal(2);
    expect(error).to.equal('mutants: No mutant has these words in its name or file\n');
  });

  it('a user without rights, as whom some specs act, comes through the tree to the scratch folder', () => {
    const tree = emptyTree();
    try {
      expect(statSync(tree).mode & 0o777).to.equal(0o711);
    } finally {
      rmSync(tree, { recursive: true });
    }
  });
});
