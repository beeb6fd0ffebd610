import { expect } from 'chai';
import { MAP_FLAGS } from '../../api/outermap.ts';
import { dueInners, SELDOM } from './dueinners.ts';

const SPEC = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 4 } as const;

/** Sealed ones, which programs may only read where they are told so. */
function inners(count: number, flags: number): Parameters<typeof dueInners>[0]['inners'] {
  const one = { sealed: true, spec: { ...SPEC, flags } };
  return new Map(Array.from({ length: count }, (_, at) => [`${at}`, { keyHex: `${at}`, ...one }]));
}

/** How often each is due in so many turns. */
function looks(count: number, share: number, turns: number, flags: number): readonly number[] {
  const known = { cursor: 0, checks: 0 };
  const all = inners(count, flags);
  const sums = new Array<number>(count).fill(0);
  for (let turn = 0; turn < turns; turn += 1) {
    const due = dueInners({ inners: all }, known, share);
    [...all.values()].forEach((inner, at) => {
      if (due.has(inner)) sums[at]! += 1;
    });
    const numbers = (some: readonly { readonly keyHex: string }[]) =>
      some.map(({ keyHex }) => Number(keyHex));
    expect(numbers(due.all())).to.have.members(numbers([...all.values()].filter(due.has)));
  }
  return sums;
}

describe('dueInners', () => {
  // Shares of which some end in the middle of a slice
  for (const [count, share] of [
    [1, 0.25],
    [10, 1],
    [10, 0.25],
    [10, 0.4],
    [7, 0.3],
    [3, 0.9],
  ] as const)
    it(`each of ${count} is due once in a check by shares of ${share}, a sealed read-only one seldom`, () => {
      const slice = Math.ceil(count * share);
      const turns = 3 * SELDOM * count;
      const checks = (turns * slice) / count;
      for (const sum of looks(count, share, turns, 0)) expect(sum).to.be.closeTo(checks, 1);
      const seldom = looks(count, share, turns, MAP_FLAGS.ReadOnlyProg);
      for (const sum of seldom) expect(sum).to.equal(Math.floor(checks / SELDOM));
    });

  it('nothing is due without a share', () => {
    expect(looks(3, 0, 10, 0)).to.deep.equal([0, 0, 0]);
  });
});
