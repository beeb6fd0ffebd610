import { expect } from 'chai';
import { hex } from './bytes/hex.ts';
import { innerPinName, type LedgerRecord, ownsKey, parseRecord, recordText } from './ledgerrecord.ts';

const RECORD: LedgerRecord = {
  version: 1,
  layoutDigest: 'abc',
  provision: 'Create',
  deletionPolicy: 'Retain',
  maxRemoval: { percent: 50 },
  pin: 'tenants',
};

describe('recordText', () => {
  it('is read back as it was', () => {
    expect(parseRecord(recordText(RECORD))).to.deep.equal(RECORD);
  });

  it('leaves the declarations out where they do not fit into a symlink', () => {
    const inner = {
      type: 'Hash',
      maxEntries: 1,
      key: 'u32',
      value: 'é'.repeat(2100),
      flags: [],
      programOwned: [],
    } as const;
    const declared = { type: 'HashOfMaps', maxEntries: 1, key: 'u32', flags: [], inner } as const;
    const text = recordText({ ...RECORD, declared });
    expect(new TextEncoder().encode(text).length).to.be.at.most(4000);
    expect(parseRecord(text)).to.deep.equal(RECORD);
  });
});

describe('parseRecord', () => {
  it('takes nothing for a record that is not one of ours', () => {
    for (const text of [
      '',
      '../outer',
      'null',
      '[]',
      '{}',
      '{"version":2,"layoutDigest":"abc"}',
      '{"version":1}',
    ])
      expect(parseRecord(text), text).to.equal(undefined);
  });
});

describe('parseRecord, of the pin that it would have removed', () => {
  for (const pin of [
    '/etc',
    'innermap',
    'innermap/tenants/outer',
    '../etc',
    'a//b',
    'a/',
    'a\0b',
    'a b',
    '',
    7,
  ])
    it(`takes no record with the pin ${JSON.stringify(pin)}`, () => {
      expect(parseRecord(JSON.stringify({ ...RECORD, pin }))).to.equal(undefined);
    });

  it('takes the pins that a manifest may declare', () => {
    for (const pin of ['tenants', 'tc/globals/tenants', 'innermaps', 'x/innermap'])
      expect(parseRecord(JSON.stringify({ ...RECORD, pin })), pin).to.include({ pin });
  });
});

describe('innerPinName', () => {
  it('is the key in hex, and a digest where that would be too long for a bpffs', () => {
    const key = hex(new Uint8Array(100).fill(7));
    expect(innerPinName(key)).to.equal(key);
    const long = innerPinName(`${key}07`);
    expect(long).to.match(/^[0-9a-f]{64}$/);
    expect(long).to.not.equal(innerPinName(`${key}08`));
  });
});

describe('ownsKey', () => {
  it('asks for a pin with the entry’s id, under its temporary name too', () => {
    expect(ownsKey('0a', 5, new Map([['0a', 5]]))).to.equal(true);
    expect(ownsKey('0a', 5, new Map([['0a-new', 5]]))).to.equal(true);
    expect(ownsKey('0a', 5, new Map([['0a', 6]]))).to.equal(false);
    expect(ownsKey('0a', 5, new Map())).to.equal(false);
  });
});
