import { expect } from 'chai';
import { fieldChanges } from './fields.ts';
import { nodeClasses } from './nodeclasses.ts';

describe('fieldChanges', () => {
  it('goes into objects and lists of objects, and takes lists of scalars as one', () => {
    const before = { access: [{ namespaces: ['a'] }, { namespaces: ['b'] }], pin: 'x', same: { deep: 1 } };
    const after = { access: [{ namespaces: ['a', 'c'] }], pin: 'y', same: { deep: 1 }, flags: [1] };
    expect(fieldChanges(before, after, ['spec'])).to.deep.equal([
      { field: 'spec.access[0].namespaces', before: '["a"]', after: '["a","c"]' },
      { field: 'spec.access[1]', before: '{"namespaces":["b"]}' },
      { field: 'spec.pin', before: 'x', after: 'y' },
      { field: 'spec.flags', after: '[1]' },
    ]);
  });

  it('takes an empty list or object for an absent one', () => {
    expect(fieldChanges({ a: [], b: {}, c: { d: [] } }, {})).to.deep.equal([]);
    expect(fieldChanges({}, { a: { b: [], c: false } })).to.deep.equal([
      { field: 'a', after: '{"c":false}' },
    ]);
  });
});

describe('nodeClasses', () => {
  it('separates nodes by the labels that selectors use, and by no others', () => {
    const nodes = [
      { host: '1', zone: 'a' },
      { host: '2', zone: 'a' },
      { host: '3', gpu: 'x' },
      { host: '4' },
    ];
    const selectors = [
      undefined,
      { matchLabels: { zone: 'a' }, matchExpressions: [] },
      { matchLabels: {}, matchExpressions: [{ key: 'gpu', operator: 'Exists' as const, values: [] }] },
    ];
    expect(nodeClasses(nodes, selectors)).to.deep.equal([{ zone: 'a' }, { gpu: 'x' }, {}]);
    expect(nodeClasses(nodes, [])).to.deep.equal([{}]);
  });
});
