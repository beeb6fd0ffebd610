import { expect } from 'chai';
import fc from 'fast-check';
import type { FieldPath } from '../../../api/problem.ts';
import { costAgainst, growth, LINEAR } from '../../../testing/cost.ts';
import { documentText } from '../testing/documents.ts';
import { readAnyYaml } from '../yaml/read.ts';
import { readRegular } from './regular.ts';
import type { Chunk } from './split.ts';

function whole(text: string): Chunk {
  return { start: 0, end: text.length, base: { offset: 0, line: 1 } };
}

describe('readRegular', () => {
  it('reads the same values, problems and places as the yaml package, or leaves the document to it', () => {
    let regular = 0;
    fc.assert(
      fc.property(documentText, text => {
        const fast = readRegular(text, whole(text));
        if (fast === undefined) return;
        regular++;
        const slow = readAnyYaml(text);
        expect({ value: fast.value, problems: fast.problems }).to.deep.equal({
          value: slow.value,
          problems: slow.problems,
        });
        if (fast.problems.total > 0) return;
        for (const path of pathsIn(fast.value)) {
          expect(readRegular(text, whole(text), path)?.found, path.join('.')).to.equal(slow.offsetOf(path));
        }
      }),
      { numRuns: 2000 },
    );
    expect(regular).to.be.greaterThan(200);
  });

  it('reads any JSON as JSON.parse does, however it is laid out', () => {
    const value = fc.dictionary(
      fc.string({ unit: 'binary-ascii', minLength: 1 }),
      fc.jsonValue({ maxDepth: 3 }),
    );
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1, 2, '\t'), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const parsed = readRegular(text, whole(text));
        if (parsed !== undefined && parsed.problems.total === 0) {
          expect(JSON.stringify(parsed.value)).to.equal(JSON.stringify(JSON.parse(text)));
        }
      }),
    );
  });

  it('reads list entries at a cost that grows as they do', async () => {
    const read = (count: number) => {
      const text = entriesText(count);
      return () => {
        const { value } = readRegular(text, whole(text)) ?? {};
        expect((value as { entries: unknown[] }).entries).to.have.length(count);
      };
    };
    expect(await growth(5000, read)).to.be.below(LINEAR);
  });

  it('reads list entries at a tenth of what the yaml package takes', async () => {
    const text = entriesText(2_000);
    expect(
      await costAgainst(
        () => readAnyYaml(text),
        () => readRegular(text, whole(text)),
      ),
    ).to.be.below(0.1);
  });

  for (const [what, text] of [
    ['an anchor', 'a: &x 1\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a folded block', 'a: >\n  b\n'],
    ['a scalar over two lines', 'a: b\n  c\n'],
    ['a tab before a value', 'a:\tb\n'],
    ['a flow collection over two lines', 'a: [1,\n  2]\n'],
    ['an unclosed quote', 'a: "b\n'],
    ['an indentation that fits nothing', 'a:\n    b: 1\n  c: 2\n'],
    ['65 levels', `${'['.repeat(70)}${']'.repeat(70)}\n`],
  ] as const) {
    it(`leaves ${what} to the yaml package`, () =>
      expect(readRegular(text, whole(text))).to.equal(undefined));
  }

  it('makes a field of __proto__, not a prototype', () => {
    const { value } = readRegular('__proto__:\n  a: 1\n', whole('__proto__:\n  a: 1\n')) ?? {};
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
    expect(Object.keys(value as object)).to.deep.equal(['__proto__']);
  });
});

function entriesText(count: number): string {
  const line = (_: unknown, index: number) =>
    `- key: 10.0.${index >> 8}.${index & 255}/32\n  value: ${index}\n`;
  return `entries:\n${Array.from({ length: count }, line).join('')}`;
}

function* pathsIn(value: unknown, path: FieldPath = []): Generator<FieldPath> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, child] of Object.entries(value))
    yield* pathsIn(child, [...path, Array.isArray(value) ? Number(name) : name]);
}
