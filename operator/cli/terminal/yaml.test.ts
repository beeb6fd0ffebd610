import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readDocuments } from '../../source/folder/testing/documents.ts';
import { type Plain, yamlText } from './yaml.ts';

const TRAPS = [
  'y',
  'No',
  'ON',
  'true',
  'null',
  '~',
  '',
  ' ',
  '010',
  '0x1f',
  '0X1F',
  '0o7',
  '0b-1',
  '._5',
  '1_000',
  '1:30',
  '12:30:00',
  '1e3',
  'e3',
  '.5',
  '.inf',
  '-',
  '- a',
  '? a',
  ': b',
  'a: b',
  'a #b',
  '#a',
  '&a',
  '*a',
  '!a',
  '%a',
  '@a',
  '`a',
  '"a',
  "'a",
  '{a',
  '[a',
  '|',
  '>',
  '<<',
  '=',
  '2001-01-01',
  '10.1.0.7',
  'a\nb',
  'a\nb\n',
  'a\n\nb',
  ' a\nb',
  'a \nb',
  '\n',
  'a\n',
  '---\nb',
  '...\nb',
  '#a\nb',
  '\u0085',
  '\u2028x',
  '\ufeffa',
  '\u007f',
  'a\tb',
  'a\r\nb',
  'ü',
  'struct { __u32 a; }',
  'struct {\n  u32 a;  /* b */\n    u8 c;\n}\n',
  '  a\nb',
  'a\n  \nb',
  'a\n\tb',
  'a\n\u2028b',
  'a\nb ',
  'a\nb\n\n',
  'a\nb\n ',
  ' \n',
  '\n ',
  '__proto__',
  'constructor',
];

const text = fc.oneof(
  fc.constantFrom(...TRAPS),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const key = fc
  .oneof(fc.constantFrom(...TRAPS), fc.string({ maxLength: 60 }))
  .filter(name => name !== '__proto__');
const plain = fc.letrec<{ value: Plain }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('yamlText', () => {
  for (const version of ['1.1', '1.2'] as const) {
    it(`is read back unchanged by YAML ${version}`, () => {
      fc.assert(
        fc.property(plain, value => {
          expect(parse(yamlText(value), { version, uniqueKeys: true })).to.deep.equal(value);
        }),
        { numRuns: 500 },
      );
    });

    it(`quotes each word that YAML ${version} could take for something else`, () => {
      for (const trap of TRAPS) {
        expect(parse(yamlText(trap), { version })).to.equal(trap);
        expect(
          parse(yamlText({ a: trap, [trap === '__proto__' ? 'b' : trap]: [trap] }), { version }),
        ).to.deep.equal({
          a: trap,
          [trap === '__proto__' ? 'b' : trap]: [trap],
        });
      }
    });
  }

  it('is read back unchanged by kubectl, as source/folder knows it', () => {
    fc.assert(
      fc.property(fc.dictionary(key, text, { minKeys: 1, noNullPrototype: true }), value => {
        const { documents, problems } = readDocuments(yamlText({ kind: 'Words', value, list: [value] }));
        expect(problems).to.deep.equal([]);
        expect(documents.map(document => document.value)).to.deep.equal([
          { kind: 'Words', value, list: [value] },
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('writes manifests as people do: lists below their key, words bare', () => {
    const manifest = {
      kind: 'InnerMap',
      spec: { key: '10.1.0.7', entries: [{ key: 1, value: { a: [] } }], none: undefined },
    };
    expect(yamlText(manifest)).to.equal(
      'kind: InnerMap\nspec:\n  key: "10.1.0.7"\n  entries:\n  - key: 1\n    value:\n      a: []\n',
    );
  });

  it('writes text on one line, however long, and twice what stands twice', () => {
    const types = ['u32', `struct { ${'__u32 a; '.repeat(40)}}`];
    const line = `- u32\n- "struct { ${'__u32 a; '.repeat(40)}}"\n`;
    expect(yamlText({ one: types, other: types })).to.equal(`one:\n${line}other:\n${line}`);
  });

  it('writes a table of many rows as a block, without a limit', () => {
    const table = `key,value\n${'10.0.0.0/8,1\n'.repeat(200_000)}`;
    const written = yamlText({ spec: { table } });
    expect(written.startsWith('spec:\n  table: |\n    key,value\n    10.0')).to.equal(true);
    expect(parse(written)).to.deep.equal({ spec: { table } });
  });
});
