import { expect } from 'chai';
import { type Fields, innerMap, parsedInner, problems } from './testing/build.ts';

describe('parseInnerMap', () => {
  it('takes entries by reference, and nothing by default', () => {
    const entries = [{ key: 1, value: 2 }];
    expect(parsedInner({ entries }).content.entries).to.equal(entries);
    expect(parsedInner()).to.deep.equal({
      innerMap: {
        kind: 'InnerMap',
        metadata: { name: 'web', namespace: 'team-a', labels: {}, annotations: {} },
        spec: { outerMap: 'tenants', key: '10.1.0.7', sealed: false },
      },
      content: { entries: [] },
    });
  });

  it('takes more entries and a longer table than the API server would: a folder has no limit', () => {
    const entries = Array.from({ length: 70_000 }, (_, key) => ({ key, value: 0 }));
    const table = `key,value\n${'1,2\n'.repeat(500_000)}`;
    const { content } = parsedInner({ entries, table });
    expect([content.entries.length, content.table?.length]).to.deep.equal([70_000, table.length]);
  });

  it('does not look into keys and values', () => {
    const entries = [{ key: { port: [1] }, value: false }];
    expect(parsedInner({ entries }).content.entries).to.equal(entries);
  });

  it('reports the first ten wrong entries, and how many there are', () => {
    const entries = [...Array.from({ length: 25 }, () => ({ key: 1 })), { key: 1, value: 0 }];
    const reported = problems(innerMap({ entries }));
    expect(reported.slice(0, 2)).to.deep.equal([
      "spec.entries[0].value: Missing: the entry's value",
      "spec.entries[1].value: Missing: the entry's value",
    ]);
    expect(reported.slice(10)).to.deep.equal(['spec.entries: Has 15 more wrong entries: mend the first 10']);
  });

  it('reports what is wrong with an entry', () => {
    const wrong = [
      null,
      1,
      [],
      { key: null, value: 1 },
      { kye: 1, value: 1 },
      { key: 1, value: 1, vlaue: 2 },
    ];
    expect(problems(innerMap({ entries: wrong }))).to.deep.equal([
      'spec.entries[0]: Must be an object with key, value, not nothing',
      'spec.entries[1]: Must be an object with key, value, not the number 1',
      'spec.entries[2]: Must be an object with key, value, not a list',
      "spec.entries[3].key: Missing: the entry's key",
      'spec.entries[4].kye: Unknown field: did you mean key',
      "spec.entries[4].key: Missing: the entry's key",
      'spec.entries[5].vlaue: Unknown field: did you mean value',
    ]);
  });

  it('reports entries and tables of the wrong kind', () => {
    expect(problems(innerMap({ entries: { a: 1 } }))[0]).to.match(
      /^spec\.entries: Must be a list of entries.*not an object$/,
    );
    expect(problems(innerMap({ table: ['key,value'] }))[0]).to.match(
      /^spec\.table: Must be CSV text.*write table: \|$/,
    );
  });

  it('takes a key as an integer or text, and says to quote the rest', () => {
    for (const key of [0, -5, 2 ** 53 - 1, 'port=443,proto=6', '0x2a'])
      expect(parsedInner({ key }).innerMap.spec.key).to.equal(key);
    for (const key of [true, 10.1, 2 ** 53, 10n])
      expect(problems(innerMap({ key }))[0]).to.match(/put it in quotes$/);
    expect(problems(innerMap({ key: { port: 1 } }))[0]).to.match(/not an object$/);
    expect(problems(innerMap({ key: 'k'.repeat(1025) }))[0]).to.contain('at most 1024 characters');
  });

  const contradictions: [Fields, string][] = [
    [{ sealed: true, update: 'InPlace' }, 'spec.sealed: Sealed needs update Swap'],
    [{ content: 'AtLeast', update: 'Swap' }, 'spec.content: AtLeast needs update InPlace'],
    [{ content: 'AtLeast', sealed: true }, 'spec.content: AtLeast cannot be sealed'],
  ];
  for (const [spec, refusal] of contradictions) {
    it(`refuses ${JSON.stringify(spec)}`, () => expect(problems(innerMap(spec)).join()).to.contain(refusal));
  }

  for (const spec of [
    { sealed: true },
    { sealed: true, update: 'Swap', content: 'Exact' },
    { content: 'AtLeast' },
    { content: 'AtLeast', update: 'InPlace', sealed: false },
    { update: 'InPlace', content: 'Exact' },
  ]) {
    it(`takes ${JSON.stringify(spec)}`, () => expect(problems(innerMap(spec))).to.deep.equal([]));
  }

  it('refuses a boolean in quotes', () => {
    expect(problems(innerMap({ sealed: 'true' }))[0]).to.match(/not the text "true": take the quotes away$/);
    expect(problems(innerMap({ sealed: 1 }))[0]).to.equal(
      'spec.sealed: Must be true or false, not the number 1',
    );
  });
});
