import { expect } from 'chai';
import fc from 'fast-check';
import { costAgainst } from '../../testing/cost.ts';
import { parseManifest } from './manifest.ts';
import { innerMap, outerMap, problems } from './testing/build.ts';

describe('parseManifest: the object', () => {
  it('answers each kind under its own name', () => {
    expect(parseManifest(outerMap())).to.have.nested.property('value.kind', 'OuterMap');
    expect(parseManifest(innerMap())).to.have.nested.property('value.kind', 'InnerMap');
  });

  it('refuses what is no object', () => {
    expect(problems(undefined)).to.deep.equal(['Must be an OuterMap or an InnerMap, not nothing']);
    expect(problems([])).to.deep.equal(['Must be an OuterMap or an InnerMap, not a list']);
    expect(problems('x')).to.deep.equal(['Must be an OuterMap or an InnerMap, not the text "x"']);
  });

  it('reports an unknown kind, and what was meant', () => {
    expect(problems({ ...innerMap(), kind: 'innermap' })[0]).to.equal(
      'kind: Must be OuterMap or InnerMap, not the text "innermap": did you mean InnerMap',
    );
    expect(problems({ ...innerMap(), kind: undefined })).to.deep.equal([
      'kind: Missing: OuterMap or InnerMap',
    ]);
  });

  it('reports that a NodeMapState is not declared', () => {
    expect(problems({ ...innerMap(), kind: 'NodeMapState' })[0]).to.contain(
      'written by the agent of its node',
    );
  });

  it('reports another version', () => {
    expect(problems({ ...innerMap(), apiVersion: 'innermap.io/v1' })).to.deep.equal([
      'apiVersion: Must be innermap.io/v1alpha1, not the text "innermap.io/v1"',
    ]);
  });

  it('tolerates a status, and tells a misspelt root field', () => {
    expect(problems({ ...innerMap(), status: { anything: [1] } })).to.deep.equal([]);
    expect(problems({ ...innerMap(), specs: {} })).to.deep.equal(['specs: Unknown field: did you mean spec']);
  });

  it('reports a misplaced and missing spec together with everything else that is wrong', () => {
    const { spec: _spec, ...rest } = innerMap({}, { name: 'Web', label: {} });
    expect(problems({ ...rest, apiVersion: 1 }).map(text => text.split(':')[0])).to.deep.equal([
      'apiVersion',
      'metadata.label',
      'metadata.name',
      'spec',
    ]);
  });
});

describe('parseManifest: anything', () => {
  it('never throws, and answers a value or at least one problem, at most 101', () => {
    const value = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(value, value, value, (metadata, spec, whole) => {
        for (const kind of ['OuterMap', 'InnerMap']) {
          const object = { apiVersion: 'innermap.io/v1alpha1', kind, metadata, spec };
          for (const given of [object, whole]) {
            const result = parseManifest(given);
            if (!result.ok) expect(result.problems.length).to.be.within(1, 101);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reports a hundred problems of an object that is all mistakes, and that there are more', () => {
    const mistakes = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
    const all = problems(innerMap(mistakes));
    expect([all.length, all[100]]).to.deep.equal([101, 'More than 100 problems: mend these first']);
  });

  it('is not taken in by __proto__ or constructor', () => {
    const hostile = JSON.parse('{"__proto__": {"kind": "InnerMap"}, "constructor": 1}');
    expect(parseManifest(hostile).ok).to.equal(false);
    expect(problems(innerMap(JSON.parse('{"__proto__": {"sealed": true}}'))).join()).to.match(
      /__proto__: Unknown field/,
    );
  });

  it('gives the same answer for the same object again, and changes nothing in it', () => {
    const object = outerMap({ pin: 'tenants', nodeSelector: { matchLabels: { a: 'b' } } });
    const copy = structuredClone(object);
    expect(parseManifest(object)).to.deep.equal(parseManifest(object));
    expect(object).to.deep.equal(copy);
  });

  it('looks at 300,000 entries in less time than they take to be read as JSON', async () => {
    const object = innerMap({ entries: Array.from({ length: 300_000 }, (_, key) => ({ key, value: key })) });
    const text = JSON.stringify(object);
    const parsed = () => expect(parseManifest(object).ok).to.equal(true);
    // A twelfth of it, a third where coverage is counted; a walk of each entry's fields takes three times as long.
    expect(await costAgainst(() => JSON.parse(text), parsed)).to.be.below(1);
  });
});
