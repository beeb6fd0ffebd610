import { expect } from 'chai';
import fc from 'fast-check';
import type { NodeSelector, SelectorExpression } from './metadata.ts';
import { selects } from './selector.ts';

const LABELS = { zone: 'a', role: 'edge', empty: '' };

function selecting(...matchExpressions: SelectorExpression[]): NodeSelector {
  return { matchLabels: {}, matchExpressions };
}

describe('selects', () => {
  it('takes every node without a selector, and with an empty one', () => {
    expect(selects(undefined, LABELS)).to.equal(true);
    expect(selects(selecting(), LABELS)).to.equal(true);
    expect(selects(selecting(), {})).to.equal(true);
  });

  it('takes a node only when all matchLabels are equal', () => {
    expect(selects({ matchLabels: { zone: 'a', role: 'edge' }, matchExpressions: [] }, LABELS)).to.equal(
      true,
    );
    expect(selects({ matchLabels: { zone: 'a', role: 'core' }, matchExpressions: [] }, LABELS)).to.equal(
      false,
    );
    expect(selects({ matchLabels: { absent: '' }, matchExpressions: [] }, LABELS)).to.equal(false);
    expect(selects({ matchLabels: { empty: '' }, matchExpressions: [] }, LABELS)).to.equal(true);
  });

  const table: [SelectorExpression['operator'], string, string[], boolean][] = [
    ['In', 'zone', ['b', 'a'], true],
    ['In', 'zone', ['b'], false],
    ['In', 'absent', [''], false],
    ['NotIn', 'zone', ['b'], true],
    ['NotIn', 'zone', ['a'], false],
    ['NotIn', 'absent', ['a'], true],
    ['Exists', 'empty', [], true],
    ['Exists', 'absent', [], false],
    ['DoesNotExist', 'absent', [], true],
    ['DoesNotExist', 'empty', [], false],
  ];
  for (const [operator, key, values, expected] of table) {
    it(`${operator} [${values}] of label ${key} is ${expected}, as in Kubernetes`, () => {
      expect(selects(selecting({ key, operator, values }), LABELS)).to.equal(expected);
    });
  }

  it('needs matchLabels and every expression', () => {
    const both: NodeSelector = {
      matchLabels: { zone: 'a' },
      matchExpressions: [
        { key: 'role', operator: 'Exists', values: [] },
        { key: 'role', operator: 'NotIn', values: ['edge'] },
      ],
    };
    expect(selects(both, LABELS)).to.equal(false);
    expect(selects(both, { zone: 'a', role: 'core' })).to.equal(true);
  });

  it('does not take what every object inherits for a label', () => {
    expect(selects(selecting({ key: 'constructor', operator: 'Exists', values: [] }), {})).to.equal(false);
    expect(selects(selecting({ key: 'toString', operator: 'DoesNotExist', values: [] }), {})).to.equal(true);
  });

  it('In and NotIn, Exists and DoesNotExist are each other’s opposite on any node', () => {
    const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', ''));
    const values = fc.array(fc.constantFrom('x', 'y', ''), { minLength: 1 });
    fc.assert(
      fc.property(labels, values, fc.constantFrom('a', 'b'), (node, wanted, key) => {
        const answer = (operator: SelectorExpression['operator']) =>
          selects(selecting({ key, operator, values: operator.endsWith('In') ? wanted : [] }), node);
        expect(answer('In')).to.equal(!answer('NotIn'));
        expect(answer('Exists')).to.equal(!answer('DoesNotExist'));
      }),
    );
  });
});
