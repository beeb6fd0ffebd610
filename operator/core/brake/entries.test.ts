import { expect } from 'chai';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import { desiredState } from '../desired/desired.ts';
import { heldEntries } from './entries.ts';

const HALF = { outer: 'tenants', maxRemoval: { percent: 50 } } as const;

/** The InnerMap with these entries, as desired. */
function declared(numbers: readonly (number | string)[], template: object = {}) {
  const inner = { type: 'Hash', maxEntries: 256, key: 'u32', value: 'u32', ...template };
  const pairs = Object.fromEntries(numbers.map(number => [number, 1]));
  const wanted = new AgentFixture().outer('tenants', { inner }).inner('a/web', 'tenants', 7, pairs).wanted();
  return desiredState(wanted, { name: 'here', labels: {} }).outers.get('tenants')!.inners.get('07000000')!;
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, at) => from + at);

describe('heldEntries', () => {
  const held = (
    before: readonly number[],
    now: readonly number[],
    limit: Parameters<typeof heldEntries>[2] = HALF,
  ) => heldEntries(declared(now), declared(before).entries, limit);

  it('holds more than maxRemoval of the entries, to the entry', () => {
    expect(held(upTo(40), upTo(20))).to.equal(undefined);
    expect(held(upTo(40), upTo(19))).to.include({ outer: 'tenants', entries: 21, of: 40 });
    expect(held(upTo(40), upTo(24), { outer: 'tenants', maxRemoval: { keys: 15 } })).to.include({
      entries: 16,
    });
    expect(held(upTo(40), [], { outer: 'tenants', maxRemoval: { percent: 100 } })).to.equal(undefined);
  });

  it('lets ten go in any case: a small map stays usable', () => {
    expect(held(upTo(10), [])).to.equal(undefined);
    expect(held(upTo(11), [])).to.include({ entries: 11 });
    expect(held(upTo(12), upTo(2))).to.equal(undefined);
  });

  it('counts what goes, not how many are left', () => {
    expect(held(upTo(40), upTo(60, 100))).to.include({ entries: 40, of: 40 });
    expect(held(upTo(40), upTo(60))).to.equal(undefined);
  });

  it('takes no entries of an array for gone that were zero', () => {
    const array = (numbers: readonly number[]) => declared(numbers, { type: 'Array', maxEntries: 64 });
    const words = Uint32Array.from(upTo(64));
    const values = Uint32Array.from(words, at => (at < 30 ? 1 : 0));
    const all = { count: 64, keys: new Uint8Array(words.buffer), values: new Uint8Array(values.buffer) };
    expect(heldEntries(array(upTo(15)), all, HALF)).to.equal(undefined);
    expect(heldEntries(array(upTo(14)), all, HALF)).to.include({ entries: 16, of: 30 });
  });

  it('takes a prefix for the same whatever host bits the kernel kept', () => {
    const lpm = { type: 'LPMTrie', key: 'cidr4', flags: ['NoPrealloc'] };
    const prefixes = upTo(30).map(number => `10.${number}.0.0/16`);
    const { entries } = declared(prefixes, lpm);
    const keys = entries.keys.slice();
    for (let at = 7; at < keys.length; at += 8) keys[at] = 9;
    expect(heldEntries(declared(prefixes.toReversed(), lpm), { ...entries, keys }, HALF)).to.equal(undefined);
  });

  it('has one token for the same entries, in any order of iteration', () => {
    const token = (before: readonly number[]) => held(before, [1])?.token;
    expect(token(upTo(40).toReversed()))
      .to.equal(token(upTo(40)))
      .and.match(/^[0-9a-f]{12}$/);
    expect(token(upTo(41))).not.to.equal(token(upTo(40)));
  });
});
