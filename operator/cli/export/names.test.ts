import { expect } from 'chai';
import fc from 'fast-check';
import { innerMapNameFor, outerMapNameFor } from './names.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

describe('outerMapNameFor', () => {
  it('is an RFC 1123 label, whatever the pin is called', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), pin => {
        expect(outerMapNameFor(pin)).to.match(LABEL);
      }),
    );
    expect(outerMapNameFor('xdp/Block_Lists')).to.equal('block-lists');
  });
});

describe('innerMapNameFor', () => {
  it('is an RFC 1123 subdomain of at most 253 bytes, whatever the key is', () => {
    const taken = new Set<string>();
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), key => {
        const name = innerMapNameFor('o'.repeat(63), key, taken);
        expect(name).to.match(SUBDOMAIN);
        expect(name.length).to.be.at.most(253);
      }),
    );
  });

  it('is never the same for two keys', () => {
    const taken = new Set<string>();
    const keys = ['a=1', 'a-1', 'A=1', 'a.1', `${'x'.repeat(300)}1`, `${'x'.repeat(300)}2`];
    expect(new Set(keys.map(key => innerMapNameFor('flows', key, taken))).size).to.equal(keys.length);
  });

  it('is what the key says', () => {
    expect(
      ['10.1.0.7', 'port=443,proto=6', '2001:db8::/32', '-5'].map(key => innerMapNameFor('flows', key)),
    ).to.deep.equal(['flows-10.1.0.7', 'flows-port-443-proto-6', 'flows-2001-db8-32', 'flows-5']);
  });
});
