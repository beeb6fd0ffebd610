import { expect } from 'chai';
import fc from 'fast-check';
import { costAgainst } from '../../../testing/cost.ts';
import { documentText, readDocuments } from '../testing/documents.ts';

function values(text: string): unknown[] {
  return readDocuments(text).documents.map(({ value }) => value);
}

function problemsOf(text: string): string[] {
  return readDocuments(text).problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

const ITEMS = 4000;

/** The same objects, and the columns at which they begin. */
const LISTS: readonly (readonly [string, string, readonly number[]])[] = [
  [
    'in block style',
    'kind: List\nitems:\n- a: 1\n  spec:\n    b: 2\n- items:\n  - a: 3\n    items: [5]\n  -\n    "a": 4\n  kind: List\n- {a: 6}\n',
    [3, 5, 5, 3],
  ],
  [
    'within braces',
    'items: [{a: 1, spec: {b: 2}}, {items: [{a: 3, items: [5]}, {a: 4}], kind: List}, {a: 6}]\nkind: List\n',
    [9, 40, 60, 82],
  ],
  [
    'in JSON',
    '{"items": [\n{"a": 1, "spec":\n{"b": 2}}, {"items": [{"a": 3,\n"items": [5]},{"a": 4}],\n"kind": "List"},\n{"a": 6}], "kind": "List"}\n',
    [1, 23, 15, 1],
  ],
  [
    'with anchors',
    'kind: List\nitems:\n- a: &x 1\n  spec:\n    b: 2\n- items:\n  - a: 3\n    items: [5]\n  - a: 4\n  kind: List\n- a: 6\n',
    [3, 5, 5, 3],
  ],
];

describe('documentsOf', () => {
  it('reads several documents, and none from blank lines, comments and null', () => {
    expect(values('# a\n---\na: 1\n--- # next\nb: 2\n---\n---\n# c\n---\nnull\n---\n')).to.deep.equal([
      { a: 1 },
      { b: 2 },
    ]);
    expect(values('')).to.deep.equal([]);
    expect(values('# only a comment')).to.deep.equal([]);
  });

  it('answers the line of each document and the place of each field', () => {
    const { documents } = readDocuments('a: 1\n---\n\nspec:\n  entries:\n  - key: 1\n    value: {x: 2}\n');
    expect(documents.map(({ line }) => line)).to.deep.equal([1, 4]);
    const at = (...path: (string | number)[]) => documents[1]!.locate(path);
    expect(at('spec', 'entries', 0, 'value', 'x')).to.deep.equal({ line: 7, column: 16 });
    expect(at('spec', 'entries', 0, 'key')).to.deep.equal({ line: 6, column: 10 });
    expect(at('spec', 'entries', 7)).to.deep.equal({ line: 6, column: 3 });
    expect(at('absent')).to.deep.equal({ line: 4, column: 1 });
  });

  it('answers the line of a table row', () => {
    const { documents } = readDocuments('spec:\n  table: |\n    key,value\n    1,2\n');
    expect(documents[0]!.locate(['spec', 'table', 2, 'key'])).to.deep.equal({ line: 4, column: 1 });
  });

  it('takes the items of a List as objects of their own, with their places', () => {
    const { documents } = readDocuments(
      'kind: List\nitems:\n- kind: A\n- kind: List\n  items:\n  - kind: B\n    m: 1\n',
    );
    expect(documents.map(({ value }) => value)).to.deep.equal([{ kind: 'A' }, { kind: 'B', m: 1 }]);
    expect(documents.map(({ line }) => line)).to.deep.equal([3, 6]);
    expect(documents[1]!.locate(['m'])).to.deep.equal({ line: 7, column: 8 });
  });

  for (const [shape, text, column] of LISTS)
    it(`finds the places in a List of Lists, ${shape}`, () => {
      const { documents } = readDocuments(text);
      expect(documents.map(({ value }) => value)).to.deep.equal([
        { a: 1, spec: { b: 2 } },
        ...[{ a: 3, items: [5] }, { a: 4 }, { a: 6 }],
      ]);
      expect(documents.map(({ locate }) => locate([]))).to.deep.equal(
        documents.map(({ line }, at) => ({ line, column: column[at] })),
      );
      const lines = text.split('\n');
      const found = documents
        .map(({ locate }) => locate(['a']))
        .map(({ line, column: at }) => lines[line - 1]![at - 1]);
      expect(found).to.deep.equal(['1', '3', '4', '6']);
      const deep = documents[0]!.locate(['spec', 'b', 'c']);
      expect(lines[deep.line - 1]![deep.column - 1]).to.equal('2');
    });

  it('finds in a List the place of what an alias stands for, before its item', () => {
    const { documents } = readDocuments('kind: List\nitems:\n- a: &x {b: 1}\n- c: *x\n');
    expect(documents[1]!.locate(['c', 'b'])).to.deep.equal({ line: 3, column: 13 });
  });

  for (const [what, item] of Object.entries({
    objects: '- {a: 1, b: 2}\n',
    mappings: '- a: 1\n  b: 2\n',
    numbers: '- 1\n',
    anchors: '- &a {b: 2}\n',
  }))
    it(`reads a List of ${what}, and finds a place in each, at a cost that is not its length for each`, async () => {
      const height = item.split('\n').length - 1;
      const reads = (kind: string, last: number) => {
        const text = `kind: ${kind}\nitems:\n${item.repeat(ITEMS)}`;
        return () => {
          const { documents } = readDocuments(text);
          expect(documents.at(-1)?.line).to.equal(last);
          for (const { locate } of documents) locate(['b']);
        };
      };
      const asOne = reads('Other', 1);
      const asItems = reads('List', 3 + (ITEMS - 1) * height);
      // As much again for each object, not for each line before it
      expect(await costAgainst(asOne, asItems, { runs: 3 })).to.be.below(9);
    });

  it('reads JSON, with line breaks, tabs and escapes', () => {
    expect(values('{\n\t"a": [1, "\\u00e9\\n"],\n\t"b": {"c": null}\n}\n')).to.deep.equal([
      { a: [1, 'é\n'], b: { c: null } },
    ]);
  });

  it('reads CRLF line ends and a byte order mark as if they were not there', () => {
    expect(values('\ufeffa: |\r\n  x\r\n  y\r\nb: 1\r\n')).to.deep.equal([{ a: 'x\ny\n', b: 1 }]);
  });

  it('expands aliases, in their own places', () => {
    const { documents } = readDocuments('a: &x {m: 1}\nb: *x\n');
    expect(documents[0]!.value).to.deep.equal({ a: { m: 1 }, b: { m: 1 } });
  });

  it('refuses one document and takes the others', () => {
    const text = 'a: 1\n---\nb: "open\n---\nc: 010\n---\nd: 4\n';
    expect(values(text)).to.deep.equal([{ a: 1 }, { d: 4 }]);
    expect(problemsOf(text)).to.have.length(2);
    expect(problemsOf(text)[1]).to.equal(
      '5:4: 010 is read as 8 by kubectl: quote it ("010") if text is meant, or write 8',
    );
  });

  it('hands back what is readable of a refused document', () => {
    const { problems } = readDocuments('kind: InnerMap\nmetadata: {name: web}\nspec: {key: NO}\n');
    expect(problems[0]!.value).to.deep.equal({
      kind: 'InnerMap',
      metadata: { name: 'web' },
      spec: { key: undefined },
    });
  });

  for (const [what, text, wanted] of [
    ['a field given twice', 'a: 1\nb: 2\na: 3\n', '3:1: The field a is given twice: keep one of them'],
    [
      'a field given twice in JSON',
      '{"a": 1,\n "a": 2}',
      '2:2: The field a is given twice: keep one of them',
    ],
    ['a tab as indentation', 'a:\n\tb: 1\n', '2:1: '],
    ['a merge key', 'a: &x {b: 1}\nc:\n  <<: *x\n', '3:3: Merge keys (<<) are not taken'],
    ['a tag', 'a: !!binary aGk=\n', '1:13: The tag !!binary is not taken'],
    ['an alias without an anchor', 'a: *x\n', '1:4: '],
    ['an alias within what it stands for', 'a: &x [*x]\n', '1:7: '],
    ['text behind ---', 'a: 1\n--- {b: 2}\n', '2:1: kubectl drops what follows --- on its line'],
    ['text behind ...', 'a: 1\n...\nb: 2\n', '2:1: kubectl drops what follows a line of dots'],
    ['a directive', '%YAML 1.1\n---\na: 1\n', '1:1: Directives (%) are not taken by kubectl'],
    ['a control character', 'a: "\u0007"\n', '1:5: The character U+0007 may not stand in a manifest'],
    [
      'a line separator of YAML 1.1',
      'a: b\u2028c: d\n',
      '1:5: The character U+2028 may not stand in a manifest',
    ],
    ['a name that is null', '~: 1\n', '1:1: The field name ~ is null'],
    ['a collection as a name', '? [a]\n: 1\n', '1:3: A field name must be text'],
    [
      'a colon first within braces',
      'a: {b: ::1}\n',
      '1:8: ::1 is read otherwise by kubectl within {} and []',
    ],
  ] as const) {
    it(`refuses ${what}, with its place`, () => {
      expect(values(text).some(value => JSON.stringify(value).includes('"b":{"b":1}'))).to.equal(false);
      expect(problemsOf(text)[0]).to.satisfy((message: string) => message.startsWith(wanted));
    });
  }

  it('refuses a billion laughs without making them', async () => {
    const refused = (levels: number) => {
      const text = laughs(levels);
      return () => expect(problemsOf(text)[0]).to.include('Aliases stand for more than 100000 nodes');
    };
    // 81 times as many nodes, in two more lines
    expect(await costAgainst(refused(5), refused(7), { runs: 2 })).to.be.below(9);
    refused(12)();
  });

  it('refuses a thousand levels without a crash', () => {
    expect(problemsOf(`a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`)).to.have.length(1);
    expect(problemsOf(`a: ${'['.repeat(100)}${']'.repeat(100)}\n`)[0]).to.include(
      'Nested deeper than 64 levels',
    );
  });

  it('lists the first 20 of many problems, and how many more there are', () => {
    const listed = problemsOf(`a:\n${'- NO\n'.repeat(50)}`);
    expect(listed).to.have.length(21);
    expect(listed[20]).to.include('30 more values in this document like these');
  });

  it('refuses a large document in irregular layout instead of taking gigabytes for it', () => {
    const listed = problemsOf(`a: &anchor x\nb:\n${'- 1234567\n'.repeat(450_000)}`);
    expect(listed).to.have.length(1);
    expect(listed[0]).to.include('A document above 4 MiB must be plainly laid out');
  });

  it('answers something for any text, never throws', () => {
    fc.assert(
      fc.property(fc.oneof(documentText, fc.string({ unit: 'binary' })), text =>
        Array.isArray(readDocuments(text).documents),
      ),
      { numRuns: 1000 },
    );
  });

  for (const [name, unit] of Object.entries({ list: '[', object: '{"a": ', item: '- ', key: '? ' })) {
    it(`refuses any depth of ${name} without ending the process`, () => {
      for (const levels of [65, 200, 1100, 1700, 2600, 4000, 9000, 40_000]) {
        const { documents, problems } = readDocuments(`a: 1\nb:\n  ${unit.repeat(levels)}1\n`);
        expect(documents).to.deep.equal([]);
        expect(problems[0]?.message, `${levels} levels`).to.match(
          /Nested deeper than 64 levels|^This [[{] has no end|collection/,
        );
      }
    });
  }
});

/** Two names, and lines of which each stands for nine of the line before. */
function laughs(lines: number): string {
  const line = (_: unknown, at: number) =>
    `l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`).join(', ')}]\n`;
  return `l0: &l0 [a, b]\n${Array.from({ length: lines }, line).join('')}`;
}
