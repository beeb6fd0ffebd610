import { expect } from 'chai';
import fc from 'fast-check';
import { selects } from '../../api/selector.ts';
import { selectorLabels, stillHold } from './selectorlabels.ts';

describe('selectorLabels', () => {
  it('lists the labels that selectors name, and those that the node lacks', () => {
    const matchExpressions = [{ key: 'gpu', operator: 'Exists', values: [] }] as const;
    const selector = { matchLabels: { zone: 'b' }, matchExpressions };
    const labels = { zone: 'a', other: 'x' };
    expect(selectorLabels([], [selector, selector], labels)).to.deep.equal(['!gpu', 'zone=a']);
    expect(selectorLabels([], [], labels)).to.deep.equal([]);
  });

  it('lists none where there are more than the CRD takes', () => {
    const named = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ matchLabels: { [`l${at}`]: '' }, matchExpressions: [] }));
    expect(selectorLabels([], named(64), {})).to.have.length(64);
    expect(selectorLabels([], named(65), {})).to.equal(undefined);
  });

  const key = fc.constantFrom('a', 'b', 'constructor', 'x.io/c');
  const value = fc.constantFrom('', '1', '2');
  const labels = fc.dictionary(key, value);
  const operator = fc.constantFrom(
    'In' as const,
    'NotIn' as const,
    'Exists' as const,
    'DoesNotExist' as const,
  );
  const selector = fc.record({
    matchLabels: labels,
    matchExpressions: fc.array(fc.record({ key, operator, values: fc.array(value) }), { maxLength: 2 }),
  });

  it('while they hold, every selector chooses as it did', () => {
    fc.assert(
      fc.property(fc.array(selector, { maxLength: 4 }), labels, labels, (selectors, then, now) => {
        const decidedWith = selectorLabels([], selectors, then)!;
        expect(stillHold(decidedWith, then)).to.equal(true);
        if (stillHold(decidedWith, now))
          for (const each of selectors) expect(selects(each, now)).to.equal(selects(each, then));
      }),
      { numRuns: 2_000 },
    );
  });

  it('no longer hold when one of them changes, comes or goes', () => {
    fc.assert(
      fc.property(selector, labels, labels, (chosen, then, now) => {
        const keys = [...Object.keys(chosen.matchLabels), ...chosen.matchExpressions.map(each => each.key)];
        const labelIn = (of: Record<string, string>, name: string) =>
          Object.hasOwn(of, name) ? of[name] : undefined;
        const isSame = keys.every(name => labelIn(then, name) === labelIn(now, name));
        expect(stillHold(selectorLabels([], [chosen], then)!, now)).to.equal(isSame);
      }),
      { numRuns: 2_000 },
    );
  });
});
