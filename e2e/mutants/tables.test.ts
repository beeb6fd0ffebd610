import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../operator/testing/root.ts';
import { allMutants, mutated } from './tables.ts';

describe('mutants', () => {
  it('fit the sources as they are: npm run mutants can make each of them', async () => {
    for (const mutant of await allMutants()) {
      expect(mutated(mutant), mutant.name).not.to.equal('');
      expect(mutant.from, mutant.name).not.to.equal(mutant.to);
    }
  });

  it('name specs that exist, at least one each', async () => {
    for (const { name, specs } of await allMutants()) {
      expect(specs, name).not.to.be.empty;
      for (const spec of specs) expect(existsSync(join(ROOT, spec)), `${name}: ${spec}`).to.equal(true);
    }
  });

  it('have a name each', async () => {
    const names = (await allMutants()).map(({ name }) => name);
    expect(names).to.deep.equal([...new Set(names)]);
  });
});
