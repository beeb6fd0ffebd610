import { expect } from 'chai';
import * as fc from 'fast-check';
import { typeOf } from '../testing/layouts.ts';
import { typeAndBytes, withoutPadding } from '../testing/types.ts';
import { decodeKey, keyBytes, keyText } from './keytext.ts';

function spelled(declaration: string, key: unknown): string {
  const type = typeOf(declaration);
  const answer = keyBytes(type, key);
  return answer.ok ? keyText(type, answer.bytes) : answer.message;
}

describe('keyText', () => {
  it('is one spelling of each key, however it was written', () => {
    expect(spelled('struct { __be16 port; __u8 proto; }', { proto: '0x6', port: '443' })).to.equal(
      'port=443,proto=6',
    );
    expect(spelled('struct { __be16 port; __u8 proto; }', 'proto=6')).to.equal('port=0,proto=6');
    expect(spelled('ipv6', '2001:DB8:0:0::1')).to.equal('2001:db8::1');
    expect(spelled('u32', '0x10')).to.equal('16');
    expect(spelled('u8[2]', '0xAB:cd'.replace(':', ''))).to.equal('abcd');
    expect(spelled('char[8]', 'a=b,c')).to.equal('a=b,c');
    expect(spelled('struct { char name[8]; u8 x; }', { name: ' a,"b' })).to.equal('name=" a,""b",x=0');
    expect(spelled('struct { u16 ports[2]; struct { bool up; } link; }', { ports: [1] })).to.equal(
      'ports[0]=1,ports[1]=0,link.up=false',
    );
    expect(spelled('u16[2]', [3])).to.equal('[0]=3,[1]=0');
  });

  it('is taken back as the same bytes, whatever the type and the bytes, padding included', () => {
    fc.assert(
      fc.property(typeAndBytes, ([type, bytes]) => {
        for (const key of [bytes, withoutPadding(type, bytes)]) {
          expect(keyBytes(type, keyText(type, key))).to.deep.equal({ ok: true, bytes: key });
          expect(keyBytes(type, decodeKey(type, key, 0))).to.deep.equal({ ok: true, bytes: key });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('has every byte where padding tells a key from another one', () => {
    const type = typeOf('struct { __be16 port; u8 proto; }');
    expect(keyText(type, Uint8Array.of(1, 187, 6, 0))).to.equal('port=443,proto=6');
    expect(keyText(type, Uint8Array.of(1, 187, 6, 1))).to.equal('raw:01bb0601');
    expect(keyText(type, Uint8Array.of(9, 1, 187, 6, 1), 1)).to.equal('raw:01bb0601');
    expect(spelled('struct { __be16 port; u8 proto; }', 'raw:01bb06')).to.contain(
      'has 6 hex digits: write 8',
    );
  });

  it('reads inside a longer run of bytes', () => {
    expect(keyText(typeOf('u16'), Uint8Array.of(0, 0, 1, 0), 2)).to.equal('1');
  });
});

describe('keyBytes', () => {
  it('says which part of a key is wrong', () => {
    expect(spelled('struct { __be16 port; }', { port: -1 })).to.equal(
      'port: -1 is out of range: __be16 takes 0 to 65535',
    );
    expect(spelled('ipv4', 10)).to.equal('10 is a number: write an IPv4 address such as 10.1.0.7 in quotes');
  });
});
