import { expect } from 'chai';
import fc from 'fast-check';
import type { FieldPath } from '../../../api/problem.ts';
import { documentText } from '../testing/documents.ts';
import { offsetsIn } from './offsets.ts';
import { readRegular } from './regular.ts';
import { splitDocuments } from './split.ts';

describe('offsetsIn', () => {
  it('finds each node where a reading of the whole document finds it', () => {
    let compared = 0;
    const list = fc.array(documentText.filter(isRegular), { minLength: 1, maxLength: 4 }).map(listOf);
    const nested = fc.tuple(list, list).map(([a, b]) => `# c\n${listOf([a, b])}kind: List\n`);
    fc.assert(
      fc.property(fc.oneof(list, nested), text => {
        for (const chunk of splitDocuments(text).chunks) {
          const reading = readRegular(text, chunk);
          if (reading === undefined || reading.problems.total > 0) continue;
          const offsetOf = offsetsIn(text, chunk);
          for (const path of pathsIn(reading.value)) {
            compared++;
            const { found } = readRegular(text, chunk, path)!;
            expect(offsetOf(path), `${path.join('.')} in\n${text}`).to.equal(found);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(compared).to.be.above(1000);
  });
});

function isRegular(text: string): boolean {
  const [chunk, another] = splitDocuments(text).chunks;
  return another === undefined && readRegular(text, chunk!)?.problems.total === 0;
}

function listOf(items: readonly string[]): string {
  const lines = items.map(item => `- ${item.replaceAll('---', '').trim().replaceAll('\n', '\n  ')}\n`);
  return `items:\n${lines.join('')}`;
}

/** All nodes, and a field of each that is not there. */
function* pathsIn(value: unknown, path: FieldPath = []): Generator<FieldPath> {
  yield path;
  yield [...path, 'absent'];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value))
    yield* pathsIn(inner, [...path, Array.isArray(value) ? Number(name) : name]);
}
