import { expect } from 'chai';
import fc from 'fast-check';
import { hex } from '../bytes/hex.ts';
import { innerPinName, TEMPORARY } from '../ledgerrecord.ts';
import { innerPinFile, innerPinIn, isInnerPin, proofOf } from './innerpin.ts';

const key = fc.uint8Array({ minLength: 1, maxLength: 120 }).map(bytes => innerPinName(hex(bytes)));
const sharer = fc.option(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytes => hex(bytes)),
  {
    nil: undefined,
  },
);

describe('innerPinFile', () => {
  it('is read again as it was written, and is a name that a bpffs takes', () => {
    fc.assert(
      fc.property(key, sharer, fc.boolean(), (name, sharer, isNew) => {
        const pin = name + (isNew ? TEMPORARY : '');
        const file = innerPinFile(pin, sharer);
        expect(innerPinIn(file)).to.deep.equal(sharer === undefined ? { name: pin } : { name: pin, sharer });
        expect(file).to.match(/^[0-9a-z-]{1,255}$/);
        expect(file.endsWith(TEMPORARY)).to.equal(isNew);
      }),
    );
  });
});

describe('innerPinIn', () => {
  it('knows no other names', () => {
    for (const file of ['', 'x', '-new', '0a-', '0a-new-new', '0a-3f9a2c8', '0a-3F9A2C81', '0a-new-3f9a2c81'])
      expect([innerPinIn(file), isInnerPin(file)], file).to.deep.equal([undefined, false]);
  });
});

describe('proofOf', () => {
  const sharers = new Map([['0a', '3f9a2c81']]);

  it('is the settled pin, or the temporary one, with the id of the entry; and whose key it is', () => {
    const pins = new Map([
      ['0a', 5],
      ['0a-new', 6],
    ]);
    expect(proofOf('0a', 5, { pins, sharers })).to.deep.equal({ name: '0a', sharer: '3f9a2c81' });
    expect(proofOf('0a', 6, { pins, sharers })).to.deep.equal({ name: '0a-new' });
    expect(proofOf('0a', 7, { pins, sharers })).to.equal(undefined);
    expect(proofOf('0b', 5, { pins, sharers })).to.equal(undefined);
  });
});
