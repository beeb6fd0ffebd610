import { expect } from 'chai';
import { innerMap, parsedInner, problems } from './testing/build.ts';

describe('parseManifest: nodeSelector', () => {
  function problemsOf(nodeSelector: unknown): string[] {
    return problems(innerMap({ nodeSelector }));
  }

  it('fills in the empty parts', () => {
    const expression = { key: 'gpu', operator: 'Exists' };
    const { nodeSelector } = parsedInner({ nodeSelector: { matchExpressions: [expression] } }).innerMap.spec;
    expect(nodeSelector).to.deep.equal({
      matchLabels: {},
      matchExpressions: [{ ...expression, values: [] }],
    });
  });

  it('takes labels of Kubernetes, with an empty value too', () => {
    expect(
      problemsOf({ matchLabels: { 'node-role.kubernetes.io/worker': '', zone: 'a_b.C-1' } }),
    ).to.deep.equal([]);
  });

  it('refuses what no label can be', () => {
    expect(problemsOf({ matchLabels: { edge: true } })[0]).to.match(/matchLabels\.edge: .*put it in quotes$/);
    expect(problemsOf({ matchLabels: { 'a b': 'c' } })[0]).to.match(/Must be the key of a label/);
    expect(problemsOf({ matchLabels: { a: '-' } })[0]).to.match(/Must be the value of a label/);
    expect(problemsOf({ matchLabels: { a: 'x'.repeat(64) } })[0]).to.match(/at most 63/);
  });

  it('refuses operators without their values, and values without their operator', () => {
    const of = (operator: string, values?: string[]) =>
      problemsOf({ matchExpressions: [{ key: 'a', operator, values }] });
    expect(of('In')[0]).to.contain('values: Missing: operator In needs at least one value');
    expect(of('NotIn', [])[0]).to.contain('needs at least one value');
    expect(of('Exists', ['x'])[0]).to.contain('values: Not known here: operator Exists takes no values');
    expect(of('in', ['x'])[0]).to.match(/operator: Must be one of .*did you mean In$/);
  });
});
