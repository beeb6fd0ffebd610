import { expect } from 'chai';
import { type LedgerRecord, parseRecord, recordText } from '../ledgerrecord.ts';
import { outerMapOf } from '../testing/outermap.ts';
import { shapeDigest } from './difference.ts';
import { digestWithOwned } from './digest.ts';
import { type OuterLayout, outerLayout } from './outer.ts';
import { recordedDifference } from './recorded.ts';

type Given = Parameters<typeof outerMapOf>[0];

const VALUE = 'struct { __u32 action; __u64 hits; }';

function layoutOf(given: Given): OuterLayout {
  const layout = outerLayout(outerMapOf(given));
  if (!layout.ok) throw new Error(JSON.stringify(layout.problems));
  return layout.value;
}

/** The record that the first release wrote of a map. */
function firstRecord(given: Given): LedgerRecord {
  const { type, maxEntries, key, flags, inner } = outerMapOf(given).spec;
  return {
    version: 1,
    layoutDigest: digestWithOwned(layoutOf(given)),
    provision: 'Create',
    deletionPolicy: 'Retain',
    maxRemoval: { percent: 50 },
    declared: { type, maxEntries, key, flags, inner },
  };
}

describe('recordedDifference', () => {
  const told = (before: LedgerRecord, now: Given) => recordedDifference('tenants', before, layoutOf(now));

  it('takes the records of the first release, with the bytes that programs own in their digest', () => {
    const before = firstRecord({ inner: { value: VALUE, programOwned: ['hits'] } });
    for (const programOwned of [['hits'], [], ['action', 'hits']])
      expect(told(before, { inner: { value: VALUE, programOwned } })).to.equal(undefined);
    expect(told(before, { inner: { value: VALUE.replace('u64', 's64') } })).to.equal(
      'inner.value.hits is __u64, declared is __s64',
    );
  });

  it('takes those without declarations as long as nothing changed', () => {
    const { declared: _, ...before } = firstRecord({ inner: { value: VALUE, programOwned: ['hits'] } });
    for (const more of [{}, { maxEntriesLimit: 4096 }])
      expect(told(before, { inner: { value: VALUE, programOwned: ['hits'], ...more } })).to.equal(undefined);
    expect(told(before, { inner: { value: 'u32' } })).to.contain('too long for the ledger');
  });

  it('compares by the digest of the shape where declarations are too long', () => {
    const long = (last: string) => `struct { ${'u32 x; '.replace('x', 'a'.repeat(4000))}${last} }`;
    const given = { inner: { value: long('__u32 b;') } };
    const text = recordText({ ...firstRecord(given), shape: shapeDigest(layoutOf(given)) });
    const record = parseRecord(text)!;
    expect(record).not.to.have.property('declared');
    expect(recordText(record)).to.equal(text);
    expect(told(record, { inner: { value: long('uint32_t c;'), maxEntries: 99 } })).to.equal(undefined);
    expect(told(record, { inner: { value: long('u64 b;') } })).to.contain('too long for the ledger');
  });

  it('keeps the text of a record with declarations as it was', () => {
    const record = firstRecord({});
    expect(recordText({ ...record, shape: 'any' })).to.equal(recordText(record));
  });
});
