import { expect } from 'chai';
import fc from 'fast-check';
import { encodeContent } from '../codec/content.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { layoutOf } from '../testing/layouts.ts';
import { entryChanges, type Side } from './entries.ts';

const NUMBERS = layoutOf('u32', 'u32');

function side(pairs: Readonly<Record<string, unknown>>, layout: OuterLayout = NUMBERS, cpus = 1): Side {
  const entries = Object.entries(pairs).map(([key, value]) => ({ key: Number(key), value }));
  const result = encodeContent({ entries }, layout, { maxEntries: 1024, possibleCpus: cpus });
  if (result.kind === 'invalid') throw new Error(result.message);
  return { entries: result.entries, cpus };
}

describe('entryChanges', () => {
  it('finds exactly what differs, in any contents', () => {
    const contents = fc.dictionary(fc.nat(40).map(String), fc.nat(3), { maxKeys: 30 });
    fc.assert(
      fc.property(contents, contents, (before, after) => {
        const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        const added = keys.filter(key => !(key in before)).length;
        const removed = keys.filter(key => !(key in after)).length;
        const changed = keys.filter(
          key => key in before && key in after && before[key] !== after[key],
        ).length;
        const found = entryChanges(side(before), side(after), NUMBERS);
        if (added + removed + changed === 0) expect(found).to.equal(undefined);
        else
          expect({ ...found, first: undefined }).to.deep.equal({ added, changed, removed, first: undefined });
      }),
      { numRuns: 200 },
    );
  });

  it('lists the first ten alone', () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [String(at), 1]));
    const found = entryChanges(side({}), side(many), NUMBERS)!;
    expect([found.added, found.first.length]).to.deep.equal([25, 10]);
  });

  it('compares values of several CPUs with one for all of them', () => {
    const layout = layoutOf('u32', 'u32', 'PerCPUHash');
    const one = side({ 1: 5, 2: 5 }, layout);
    const lists = side({ 1: [5, 5], 2: [5, 6] }, layout, 2);
    expect(entryChanges(one, lists, layout)!.first).to.deep.equal([
      { kind: 'changed', key: '2', before: '5', after: '[5,6]' },
    ]);
    expect(entryChanges(lists, lists, layout)).to.equal(undefined);
  });

  it('shows structs as keys are shown', () => {
    const layout = layoutOf('u32', 'struct { u8 a; u8 b; }');
    const found = entryChanges(side({}), side({ 1: { a: 1, b: 2 } }, layout), layout)!;
    expect(found.first).to.deep.equal([{ kind: 'added', key: '1', after: 'a=1,b=2' }]);
  });
});
