import { expect } from 'chai';
import { entriesOf } from './api.ts';
import { declaredInners, declaredOuter } from './declared.ts';

const MAPS = 30;
const ENTRIES = 20;

/** Equal contents are one map in the kernel: a work whose inner maps were equal would measure one of them. */
describe('bench: contents', () => {
  it('declaredInners makes no two equal, in one version or in two', () => {
    const shape = { maps: MAPS, entries: ENTRIES };
    const outer = declaredOuter(shape);
    const inners = [0, 1].flatMap(version => declaredInners(outer, shape, version));
    expect(distinct(inners.map(({ content }) => content))).to.equal(2 * MAPS);
    const same = declaredInners(outer, { ...shape, equal: true });
    expect(distinct(same.map(({ content }) => content))).to.equal(1);
  });

  it('entriesOf makes no two equal, of the inner maps and of their versions', () => {
    const numbers = Array.from({ length: MAPS }, (_, number) => number);
    const all = numbers.flatMap(map => numbers.map(version => entriesOf(map, ENTRIES, version)));
    expect(distinct(all)).to.equal(MAPS * MAPS);
  });
});

function distinct(contents: readonly unknown[]): number {
  return new Set(contents.map(content => JSON.stringify(content))).size;
}
