import { expect } from 'chai';
import { AgentFixture, type Pairs } from '../../agent/testing/fixture.ts';
import { desiredState } from '../desired/desired.ts';
import type { Write } from '../plan/step.ts';
import { foundInstead, writtenChanges } from './found.ts';

const EDIT = { difference: {} as never, cause: 'drift', outer: 'tenants' } as const;

interface Options {
  readonly spec?: object;
  /** Of the template. */
  readonly [field: string]: unknown;
}

/** An edit that makes `now` of `before`, which is declared in its place to have its bytes. */
function edit(before: Pairs, now: Pairs, { spec = {}, ...template }: Options = {}): Write {
  const inner = { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32', ...template };
  const of = (pairs: Pairs) => {
    const wanted = new AgentFixture()
      .outer('tenants', { inner })
      .inner('a/web', 'tenants', 7, pairs, spec)
      .wanted();
    const outer = desiredState(wanted, { name: 'here', labels: {} }).outers.get('tenants')!;
    return { layout: outer.layout, inner: outer.inners.get('07000000')! };
  };
  const { inner: desired, layout } = of(now);
  const found = { id: 57, layout, made: true, pinned: true, entries: of(before).inner.entries };
  return { ...EDIT, verb: 'edit', id: 57, inner: desired, found };
}

describe('foundInstead', () => {
  it('tells each entry, and what was there instead', () => {
    expect(foundInstead(edit({ 1: 9, 5: 5 }, { 1: 1, 2: 2 }))).to.equal(
      '1 = 9 instead of 1; no 2 (2); 5 = 5, not declared',
    );
  });

  it('tells three, and counts the others', () => {
    const text = foundInstead(edit({}, { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }));
    expect(text).to.equal('no 1 (1); no 2 (2); no 3 (3); 2 more');
  });

  it('tells structs by their fields', () => {
    const value = 'struct { __u8 action; __u32 mark; }';
    expect(foundInstead(edit({ 1: { action: 1 } }, { 1: { action: 2 } }, { value }))).to.equal(
      '1 = action=1,mark=0 instead of action=2,mark=0',
    );
  });

  it('tells another inner map by its id, whether it was read or not', () => {
    const { found, ...rest } = edit({ 1: 9 }, { 1: 1 });
    const replace = { ...rest, verb: 'replace', pinTaken: true, found: found! } as const;
    expect(foundInstead(replace)).to.equal('inner map 57 with 1 = 9 instead of 1');
    const { entries: _, ...unread } = found!;
    expect(foundInstead({ ...replace, found: unread })).to.equal('inner map 57, which nothing proves ours');
    const same = edit({ 1: 1 }, { 1: 1 }).found!;
    expect(foundInstead({ ...replace, found: same })).to.contain('57, which is sealed otherwise');
  });
});

describe('writtenChanges', () => {
  const counts = (write: Write) => {
    const changes = writtenChanges(write);
    return changes && [changes.added, changes.changed, changes.removed];
  };

  it('does not tell what programs own, nor padding', () => {
    const template = { value: 'struct { __u8 action; __u32 packets; }', programOwned: ['packets'] };
    const write = edit({ 1: { packets: 7 } }, { 1: { packets: 0 } }, template);
    write.found!.entries!.values[1] = 0xee;
    expect(counts(write)).to.equal(undefined);
    expect(counts(edit({ 1: { action: 1 } }, { 1: { action: 2 } }, template))).to.deep.equal([0, 1, 0]);
  });

  it('does not tell them of any CPU’s value', () => {
    const value = 'struct { __u32 action; __u32 mark; __u32 packets; }';
    const template = { type: 'PerCPUHash', value, programOwned: ['packets'] };
    const write = edit({ 1: { action: 1 } }, { 1: { action: 1 } }, template);
    const { values } = write.found!.entries!;
    for (const byte of [8, 12, 24, 28]) values[byte] = 0xee;
    expect(counts(write)).to.equal(undefined);
    values[16] = 2;
    expect(counts(write)).to.deep.equal([0, 1, 0]);
  });

  it('takes zero in an array for no entry', () => {
    const array = { type: 'Array', maxEntries: 4 };
    expect(counts(edit({ 0: 0, 1: 5, 2: 0, 3: 0 }, { 1: 5, 2: 0 }, array))).to.equal(undefined);
    expect(counts(edit({ 0: 3, 1: 0, 2: 0, 3: 0 }, { 1: 5 }, array))).to.deep.equal([1, 0, 1]);
  });

  it('does not tell what AtLeast leaves', () => {
    const least = { update: 'InPlace', content: 'AtLeast' };
    expect(counts(edit({ 1: 1, 9: 9 }, { 1: 1 }, { spec: least }))).to.equal(undefined);
    expect(counts(edit({ 1: 1, 9: 9 }, { 1: 2 }, { spec: least }))).to.deep.equal([0, 1, 0]);
  });
});
