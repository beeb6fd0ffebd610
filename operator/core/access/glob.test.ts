import { expect } from 'chai';
import * as fc from 'fast-check';
import { growth, LINEAR } from '../../testing/cost.ts';
import { globMatches } from './glob.ts';

describe('globMatches', () => {
  it('takes * for any run, ? for one character and everything else for itself', () => {
    for (const [pattern, name, answer] of [
      ['team-*', 'team-a', true],
      ['team-*', 'team-', true],
      ['team-*', 'team', false],
      ['*', '', true],
      ['**', '', true],
      ['a**', 'a', true],
      ['', '', true],
      ['', 'a', false],
      ['?', 'a', true],
      ['?', '', false],
      ['a*b*c', 'aXbYbZc', true],
      ['a*b*c', 'aXbYbZ', false],
      ['a.c', 'abc', false],
      ['*-prod', 'a-prod-prod', true],
    ] as const)
      expect(globMatches(pattern, name), `${pattern} ${name}`).to.equal(answer);
  });

  it('answers as a regular expression would, for any pattern', () => {
    const letters = (extra: string) =>
      fc.array(fc.constantFrom(...`ab${extra}`), { maxLength: 8 }).map(all => all.join(''));
    fc.assert(
      fc.property(letters('*?'), letters(''), (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(globMatches(pattern, name)).to.equal(expression.test(name));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not take a pattern of many stars for a reason to stop', async () => {
    const looked = (length: number) => {
      const name = 'a'.repeat(length);
      return () => expect(globMatches('*a*a*ab', name)).to.equal(false);
    };
    expect(await growth(200, looked)).to.be.below(LINEAR);
    expect(globMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(10000))).to.equal(false);
  });
});
