import { expect } from 'chai';
import { hex } from '../bytes/hex.ts';
import { typeOf } from '../testing/layouts.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { keyBytes, keyText } from './keytext.ts';

const VIP =
  'struct { union { struct in_addr vip; struct in6_addr vipv6; } %; __be16 port; __u8 proto:4, flags:4; }';
const LARGEST = typeOf(VIP.replace(' %', ''));
const CHOSEN = typeOf(VIP.replace('%', 'as vip'));

function bytesOf(type: typeof LARGEST, value: unknown): string {
  const key = keyBytes(type, value);
  return key.ok ? hex(key.bytes) : key.message;
}

const bytesIn = (text: string) => Uint8Array.from(text.match(/../g)!, byte => Number.parseInt(byte, 16));
const V4 = '0a000007000000000000000000000000';
const V6 = '20010db8000000000000000000000007';

describe('a union', () => {
  it('takes one member by its name, and the rest of it is zero', () => {
    expect(bytesOf(LARGEST, 'vip=10.0.0.7,port=443')).to.equal(`${V4}01bb0000`);
    expect(bytesOf(LARGEST, { vipv6: '2001:db8::7', proto: 6, flags: 15 })).to.equal(`${V6}0000f600`);
    expect(bytesOf(LARGEST, {})).to.equal('00'.repeat(20));
  });

  it('takes no second member, whatever the form', () => {
    const of = (value: unknown) => bytesOf(LARGEST, value);
    const wrong = 'are of one union and share their bytes: write one of them';
    expect(of({ vip: '10.0.0.7', vipv6: '::1' })).to.equal(`vipv6 and vip ${wrong}`);
    expect(of('vipv6=::1,port=1,vip=10.0.0.7')).to.equal(`Field vip and vipv6 ${wrong}`);
    const apart = typeOf('struct { union { u8 a; struct { u8 p; u8 q; } s; } u; }');
    expect(bytesOf(apart, 'u.a=1,u.s.q=2')).to.equal(`Field u.s.q and a ${wrong}`);
    expect(bytesOf(apart, 'u.s.p=1,u.s.q=2')).to.equal('0102');
  });

  it('is shown by its largest member, or by the one that as names where that has all bits', () => {
    const [v4, v6] = [`${V4}01bb0600`, `${V6}01bb0600`].map(bytesIn) as [Uint8Array, Uint8Array];
    expect(keyText(LARGEST, v4)).to.equal('vipv6=a00:7::,port=443,proto=6,flags=0');
    expect(keyText(CHOSEN, v4)).to.equal('vip=10.0.0.7,port=443,proto=6,flags=0');
    expect(keyText(CHOSEN, v6)).to.equal('vipv6=2001:db8::7,port=443,proto=6,flags=0');
  });

  it('is never shown by bits without a name, however many', () => {
    const type = typeOf('union { u16 port; u32 :20; }');
    expect(decode(type, bytesIn('bb010000'), 0)).to.deep.equal({ port: 443 });
    expect(keyText(type, bytesIn('bb010000'))).to.equal('port=443');
  });

  it('is shown as every byte of what has a name where no member has all bits', () => {
    const type = typeOf('struct { u8 kind; union { struct { u8 a; u32 b; } s; u8 raw[5]; } u; }');
    const bytes = bytesIn('010000000102000005000000');
    expect(decode(type, bytes, 0)).to.deep.equal({ kind: 1, u: 'raw:0102000005000000' });
    const back = new Uint8Array(12);
    encode(type, decode(type, bytes, 0), back, 0);
    expect(hex(back)).to.equal(hex(bytes));
    const anonymous = typeOf('struct { union { struct { u8 a; u32 b; }; u8 raw[5]; }; }');
    expect(decode(anonymous, bytes.subarray(4), 0)).to.equal('raw:0102000005000000');
  });
});

describe('a bit-field', () => {
  const type = typeOf('struct { __u16 a:3; __s16 b:5; enum { PASS = 1, DROP } c:2; bool d:1; __u64 e:40; }');

  it('takes what its bits hold, and as its type', () => {
    expect(bytesOf(type, { a: 7, b: -16, c: 'DROP', d: true })).to.match(/^8706/);
    expect(bytesOf(type, 'a=8')).to.equal('a: "8" is out of range: a bit-field of 3 bits takes 0 to 7');
    expect(bytesOf(type, 'b=16')).to.equal('b: "16" is out of range: a bit-field of 5 bits takes -16 to 15');
    expect(bytesOf(type, { c: 'NONE' })).to.match(/^c: "NONE" is no name of/);
    expect(bytesOf(type, 'a=1,a=2')).to.equal('Field a is given twice: write it once');
  });

  it('is shown as its type shows it', () => {
    const bytes = bytesIn('8706000000000000ffffffffff000000').subarray(0, type.size);
    expect(decode(type, bytes, 0)).to.deep.include({ a: 7, b: -16, c: 'DROP', d: true });
  });

  it('beside bits that nobody declared is another key only by those', () => {
    const key = typeOf('struct { u8 a:3; }');
    expect(keyText(key, Uint8Array.of(5))).to.equal('a=5');
    expect(keyText(key, Uint8Array.of(0x0d))).to.equal('raw:0d');
  });
});

describe('an integer of 16 bytes', () => {
  it('takes and shows every number that it holds', () => {
    for (const [word, text, bytes] of [
      ['__uint128_t', '340282366920938463463374607431768211455', 'ff'.repeat(16)],
      ['__int128', '-170141183460469231731687303715884105728', `${'00'.repeat(15)}80`],
      ['__int128', '-1', 'ff'.repeat(16)],
      ['unsigned __int128', '7', `07${'00'.repeat(15)}`],
    ] as const) {
      expect(bytesOf(typeOf(word), text), text).to.equal(bytes);
      expect(String(decode(typeOf(word), bytesIn(bytes), 0))).to.equal(text);
    }
    expect(bytesOf(typeOf('__uint128_t'), -1)).to.match(/^-1 is out of range/);
  });
});
