import { expect } from 'chai';
import { shapeDigest } from './layout/difference.ts';
import { digestWithOwned } from './layout/digest.ts';
import { type OuterLayout, outerLayout } from './layout/outer.ts';
import { innerPinName, type LedgerRecord, recordText } from './ledgerrecord.ts';
import { heldRemoval } from './plan/removals.ts';
import { labelsHash } from './report/nodereport.ts';
import { sha256 } from './sha256.ts';
import { setDigest } from './status/memory.ts';
import { outerMapOf } from './testing/outermap.ts';

/**
 * What stays in a bpffs or in a status while the operator is replaced by a newer one: each value here is in use
 * somewhere. A value that changes here changes there, where every ledger is compared with it.
 */

/** The lengths are those around one block and two: the padding takes nine bytes of the last one. */
const DIGESTS: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['nothing', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['55 bytes', 'x'.repeat(55), 'd5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072'],
  ['56 bytes', 'x'.repeat(56), '04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e'],
  ['63 bytes', 'x'.repeat(63), '75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2'],
  ['64 bytes', 'x'.repeat(64), '7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c'],
  ['65 bytes', 'x'.repeat(65), '9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9'],
  ['119 bytes', 'x'.repeat(119), '000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c'],
  ['120 bytes', 'x'.repeat(120), '13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98'],
  ['1,000 bytes', 'x'.repeat(1000), '44f8354494a5ba03ba1792a8d3e9c534c47a9181980fde7a3f44b06ef2ae7c7f'],
  ['text as UTF-8', 'Zürich — 東京 🗺', '27354f7119669c53d877964ec0d6e31fd357b9e03e21714be084f5efa6f3876a'],
  ['half a pair', '\ud800a', '94b964456d33b6a0fb82bd59fb16d700eb6d2fea5366d4974e28980cc9c7144e'],
  [
    'every byte',
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    '40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880',
  ],
];

describe('sha256', () => {
  for (const [name, input, digest] of DIGESTS)
    it(`of ${name} is what sha256sum says`, () => {
      expect(sha256(input)).to.equal(digest);
    });
});

describe('layoutDigest', () => {
  it('of integers stays as it is', () => {
    expect(digestOf({})).to.equal(
      'HashOfMaps key 4 value 4 maxEntries 16 flags none; Hash key 4 value 4 maxEntries 64 flags none; types 94f2e6e610bbe9a581f21600705d4a05',
    );
  });

  it('of structs with fields of programs stays as it is', () => {
    const inner = {
      key: 'struct { __be16 port; __u8 proto; }',
      value: 'struct { __u32 action; __u64 hits; __u64 bytes; }',
      programOwned: ['hits', 'bytes'],
    };
    const sizes =
      'HashOfMaps key 4 value 4 maxEntries 16 flags none; Hash key 4 value 24 maxEntries 64 flags none; types';
    expect(digestOf({ key: 'ipv4', inner })).to.equal(`${sizes} 33823c9d7a727128db8efaa9b613339e`);
    expect(digestOf({ key: 'ipv4', inner: { ...inner, programOwned: [] } })).to.equal(
      `${sizes} 33823c9d7a727128db8efaa9b613339e`,
    );
    // In records of the first release
    expect(digestWithOwned(layoutOf({ key: 'ipv4', inner }))).to.equal(
      `${sizes} a28f6496014b7cd060ec7361b627d305`,
    );
  });

  it('of a ring buffer, which has no types, stays as it is', () => {
    expect(digestOf({ type: 'ArrayOfMaps', inner: { type: 'RingBuf', maxEntries: 4096 } })).to.equal(
      'ArrayOfMaps key 4 value 4 maxEntries 16 flags none; RingBuf key 0 value 0 maxEntries 4096 flags none; types bc601e6cc45e9178364a3a7edb33c2a1',
    );
  });
});

function digestOf(given: Parameters<typeof outerMapOf>[0]): string {
  return layoutOf(given).digest;
}

function layoutOf(given: Parameters<typeof outerMapOf>[0]): OuterLayout {
  const layout = outerLayout(outerMapOf(given));
  if (!layout.ok) throw new Error(JSON.stringify(layout.problems));
  return layout.value;
}

describe('shapeDigest', () => {
  it('stays as it is', () => {
    const inner = { key: 'struct { __be16 port; u8 proto; }', value: 'enum { PASS = 1 }' };
    expect(shapeDigest(layoutOf({ inner }))).to.equal('c1ad3d5c18fe96ed13c54c9f1f6b3621');
  });
});

describe('labelsHash', () => {
  it('stays as it is, in any order of the labels', () => {
    const expected = 'da25d03a1c8835a5';
    expect(labelsHash({ 'kubernetes.io/hostname': 'node-1', zone: 'zürich', a: '' })).to.equal(expected);
    expect(labelsHash({ a: '', zone: 'zürich', 'kubernetes.io/hostname': 'node-1' })).to.equal(expected);
    expect(labelsHash({})).to.equal('e3b0c44298fc1c14');
  });
});

describe('innerPinName', () => {
  it('stays as it is, for short keys and for long ones', () => {
    expect(innerPinName('0a010007')).to.equal('0a010007');
    expect(innerPinName('07'.repeat(100))).to.equal('07'.repeat(100));
    expect(innerPinName('07'.repeat(101))).to.equal(
      '8bbacc31adfae4cdc9f020cdb7764cf15544dd7c7470f019a259c32c4f97bbc8',
    );
  });
});

describe('recordText', () => {
  const record: LedgerRecord = {
    version: 1,
    layoutDigest: 'abc',
    provision: 'Create',
    deletionPolicy: 'Retain',
    maxRemoval: { percent: 50 },
    pin: 'xdp/tenants',
  };
  const short =
    '{"version":1,"layoutDigest":"abc","provision":"Create","deletionPolicy":"Retain","maxRemoval":{"percent":50},"pin":"xdp/tenants"';

  it('stays as it is, with declarations and without', () => {
    const { inner } = outerMapOf({}).spec;
    const declared = { type: 'HashOfMaps', maxEntries: 16, key: 'ipv4', flags: [], inner } as const;
    expect(recordText(record)).to.equal(`${short}}`);
    expect(recordText({ ...record, declared })).to.equal(
      `${short},"declared":{"type":"HashOfMaps","maxEntries":16,"key":"ipv4","flags":[],"inner":{"type":"Hash","maxEntries":64,"flags":[],"programOwned":[],"key":"u32","value":"u32"}}}`,
    );
  });
});

describe('heldRemoval', () => {
  it('keeps its token, which a user may have written down', () => {
    const limit = { outer: 'tenants', maxRemoval: { keys: 0 }, present: 20, recent: 0 };
    const keys = Array.from({ length: 20 }, (_, at) => `10.0.0.${at}`);
    expect(heldRemoval(keys, limit)?.token).to.equal('af379c4c0df2');
  });
});

describe('setDigest', () => {
  it('stays as it is', () => {
    const [one, other] = ['5f1c0c0e-6d0a-4c3b-9d55-0f1c5c1c2a11', '0b9f4a52-1e0d-4f5e-8a77-3c9d5b6e7f80'];
    expect(setDigest([])).to.equal('0-00000000000000000000000000000000');
    expect(setDigest([one])).to.equal('1-38c47d0edf58864d86215d2fa42ccfe3');
    expect(setDigest([one, other])).to.equal('2-9c7e957ce1c59fe151003bc487c6da18');
  });
});
