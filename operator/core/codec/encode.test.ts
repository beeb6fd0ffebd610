import { expect } from 'chai';
import * as fc from 'fast-check';
import { problemText } from '../../api/problem.ts';
import { hex } from '../bytes/hex.ts';
import { typeOf } from '../testing/layouts.ts';
import { anyValueType, valueTypeAndBytes, withoutPadding } from '../testing/types.ts';
import { anyValue, valueFor } from '../testing/values.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { ValueProblem } from './value.ts';

function encoded(declaration: string, value: unknown): string {
  const type = typeOf(declaration);
  const bytes = new Uint8Array(type.size + 2).fill(0xaa);
  try {
    encode(type, value, bytes, 1);
  } catch (problem) {
    if (!(problem instanceof ValueProblem)) throw problem;
    return problemText(problem);
  }
  expect([bytes[0], bytes.at(-1)], 'bytes around the value').to.deep.equal([0xaa, 0xaa]);
  return hex(bytes, 1, 1 + type.size);
}

const RULE = 'struct { __be16 port; __u8 proto; }';

describe('encode', () => {
  it('writes values as their types lay them out, padding and absent fields zero', () => {
    expect(encoded(RULE, { port: 443, proto: 6 })).to.equal('01bb0600');
    expect(encoded(RULE, { proto: 6 })).to.equal('00000600');
    expect(encoded(RULE, {})).to.equal('00000000');
    expect(encoded('u32[3]', [1, 2])).to.equal('010000000200000000000000');
    expect(encoded('u8[3]', [1, 2])).to.equal('010200');
    expect(encoded('bool', true)).to.equal('01');
    expect(encoded('bool', '0')).to.equal('00');
    expect(encoded('enum { PASS = 1, DROP = 2 }', 'DROP')).to.equal('02000000');
    expect(encoded('enum { PASS = 1, DROP = 2 }', 7)).to.equal('07000000');
    expect(encoded('enum { PASS = 1, DROP = 2 }', '0x7')).to.equal('07000000');
    expect(encoded('mac', '02-00-00-00-00-0A')).to.equal('02000000000a');
    expect(encoded('__be64', '0x0102030405060708')).to.equal('0102030405060708');
    expect(encoded('s64', '-2')).to.equal('feffffffffffffff');
    expect(encoded('u64', 18446744073709551615n)).to.equal('ffffffffffffffff');
  });

  it('takes structs and arrays as text', () => {
    expect(encoded(RULE, 'port=443,proto=6')).to.equal('01bb0600');
    expect(encoded(RULE, ' proto = 6 , port = 0x1bb ')).to.equal('01bb0600');
    expect(encoded('struct { struct { __u8 b; } a[2]; char c[4]; }', 'a[1].b=1,c="x,"""')).to.equal(
      '0001782c2200',
    );
    expect(encoded('u8[2][2]', '[1]=0a0b')).to.equal('00000a0b');
    expect(encoded('struct { char c[2]; }', 'c=')).to.equal('0000');
    expect(encoded('struct { u8 a[2]; }', 'a=0x0102')).to.equal('0102');
  });

  const refused: readonly (readonly [string, unknown, string])[] = [
    [RULE, { port: 70000 }, 'port: 70000 is out of range: __be16 takes 0 to 65535'],
    [RULE, { prot: 6 }, 'Unknown field "prot": did you mean port? Fields are port, proto'],
    [RULE, { port: 1, toString: 1 }, 'Unknown field "toString": Fields are port, proto'],
    [
      RULE,
      5,
      '5 is no struct: write an object such as {port: …}, or text such as "port=…"; fields are port, proto',
    ],
    [
      RULE,
      [1],
      'A list is no struct: write an object such as {port: …}, or text such as "port=…"; fields are port, proto',
    ],
    [
      RULE,
      null,
      'Nothing (null) is no struct: write an object such as {port: …}, or text such as "port=…"; fields are port, proto',
    ],
    [RULE, 'port', '"port" is no struct: write field=value,field=value'],
    [RULE, 'port= "1" 2,proto=6', '"port= \\"1\\" 2,proto=6" is no struct: write field=value,field=value'],
    [RULE, 'port= "1,proto=6', '"port= \\"1,proto=6" is no struct: write field=value,field=value'],
    [RULE, 'port=1,', '"port=1," is no struct at "": write field=value,field=value'],
    [RULE, 'port="1', '"port=\\"1" is no struct: write field=value,field=value'],
    [RULE, 'port=1,port=2', 'Field port is given twice: write it once'],
    [RULE, 'port=x', 'port: "x" is not an integer: __be16 takes a decimal or a 0x number'],
    [RULE, 'prot=1', 'Unknown field "prot": did you mean port? Fields are port, proto'],
    ['struct { u8 a[2]; }', 'a=01', 'a: "01" has 2 hex digits: write 4, two for each byte'],
    ['struct { struct { u8 b; } a; }', 'a.b=1,a=b=1', 'Field a is given twice: write it once'],
    [
      'struct { struct { u8 b; } a[2]; }',
      { a: [{}, { b: 256 }] },
      'a[1].b: 256 is out of range: u8 takes 0 to 255',
    ],
    ['struct { struct { u8 b; } a[2]; }', 'a[1].b=256', 'a[1].b: "256" is out of range: u8 takes 0 to 255'],
    [
      'u32',
      true,
      'true is a boolean, u32 takes a number: write a number, and put words such as yes, no, on, off in quotes',
    ],
    ['u32', null, 'Value is missing: write a number for u32'],
    ['u32', undefined, 'Value is missing: write a number for u32'],
    ['u32', [1], 'Value is a list: write a number for u32'],
    ['u32', 1.5, '1.5 is not an integer: u32 takes whole numbers'],
    ['u32', '1.5', '"1.5" is not an integer: u32 takes whole numbers'],
    ['u32', '010', '"010" begins with 0, which some read as octal: write 10'],
    ['u32', '', 'Value is empty: u32 takes a number, write 0 for none'],
    ['u32', ' 1', '" 1" is not an integer: u32 takes a decimal or a 0x number'],
    [
      '__be32',
      '10.1.0.1',
      '"10.1.0.1" is not an integer: __be32 takes a decimal or a 0x number; declare it as ipv4 in the OuterMap to write addresses',
    ],
    [
      'struct { u32 source; }',
      'source=10.1.0.1',
      'source: "10.1.0.1" is not an integer: u32 takes a decimal or a 0x number; declare it as ipv4 (network byte order) in the OuterMap to write addresses',
    ],
    ['u32', '10.1.0.01', '"10.1.0.01" is not an integer: u32 takes a decimal or a 0x number'],
    ['u32', '::1', '"::1" is not an integer: u32 takes a decimal or a 0x number'],
    ['u64', '10.1.0.1', '"10.1.0.1" is not an integer: u64 takes a decimal or a 0x number'],
    ['u32', '4294967296', '"4294967296" is out of range: u32 takes 0 to 4294967295'],
    ['s8', -129, '-129 is out of range: s8 takes -128 to 127'],
    ['u64', 2 ** 53, '9007199254740992 is beyond 2^53-1, where numbers are rounded: write it in quotes'],
    ['u64', Number.NaN, 'NaN is not an integer: u64 takes whole numbers'],
    [
      'u64',
      '18446744073709551616',
      '"18446744073709551616" is out of range: u64 takes 0 to 18446744073709551615',
    ],
    ['u64', '9'.repeat(100), `"${'9'.repeat(60)}…" is out of range of every integer type`],
    ['bool', 'yes', '"yes" is no boolean: write true or false'],
    ['bool', 7, '7 is no boolean: write true or false'],
    ['enum action { PASS, DROP }', 'PAS', '"PAS" is no name of enum action: write PASS, DROP'],
    [
      'enum { y, n }',
      false,
      'false is a boolean: write y, n, in quotes where YAML takes the name for a boolean (yes, no, on, off, y, n)',
    ],
    ['enum { PASS }', -1, '-1 is out of range: the enum takes 0 to 4294967295'],
    ['char[4]', 'abcde', '"abcde" has 5 bytes: char[4] holds 4'],
    ['char[4]', 443, '443 is a number: write text in quotes'],
    ['char[4]', 'a\0', '"a\\u0000" holds a NUL, which ends text in C: write raw: and hex'],
    ['char[4]', '\ud800', '"\\ud800" holds half a character: write whole ones'],
    ['char[4]', 'raw:01', '"01" has 2 hex digits: write 8, two for each byte'],
    ['u8[2]', 'xy', '"xy" is not hex: write 4 hex digits'],
    ['u8[4]', '10.1.0.1', '"10.1.0.1" is not hex: write 8 hex digits'],
    ['u8[2]', 11, '11 is a number: write 4 hex digits in quotes'],
    ['u8[2]', [1, 2, 3], 'List has 3 elements: the array holds 2'],
    ['u8[2]', [1, 300], '[1]: 300 is out of range: u8 takes 0 to 255'],
    ['u32[2]', [1, 2, 3], 'List has 3 elements: the array holds 2'],
    ['u32[2]', { 0: 1 }, 'Value is an object: write a list of at most 2'],
    ['u32[2]', 7, '7 is a number: write a list of at most 2 in quotes'],
    [
      'mac',
      '02:00:00:00:00',
      '"02:00:00:00:00" is not a MAC address: write six bytes of two hex digits, such as 02:00:00:00:00:01',
    ],
    ['mac', 1, '1 is a number: write a MAC address such as 02:00:00:00:00:01 in quotes'],
  ];
  for (const [declaration, value, message] of refused)
    it(`refuses ${declaration} of ${typeof value} ${JSON.stringify(value)?.slice(0, 40)} in words`, () => {
      expect(encoded(declaration, value)).to.equal(message);
    });

  it('throws nothing but ValueProblem, whatever the value', () => {
    const cases = fc.tuple(anyValueType, anyValue);
    fc.assert(
      fc.property(cases, ([type, value]) => {
        try {
          encode(type, value, new Uint8Array(type.size), 0);
        } catch (problem) {
          expect(problem).to.be.instanceOf(ValueProblem);
          expect((problem as ValueProblem).message.length).to.be.lessThan(1000);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('decode', () => {
  it('gives back what was encoded, in the spelling that it has', () => {
    const cases = anyValueType.chain(type => fc.tuple(fc.constant(type), valueFor(type)));
    fc.assert(
      fc.property(cases, ([type, value]) => {
        const bytes = new Uint8Array(type.size);
        encode(type, value, bytes, 0);
        expect(decode(type, bytes, 0)).to.deep.equal(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads any bytes, and encode gives them back but for padding', () => {
    fc.assert(
      fc.property(valueTypeAndBytes, ([type, bytes]) => {
        const back = new Uint8Array(type.size);
        encode(type, JSON.parse(JSON.stringify(decode(type, bytes, 0))), back, 0);
        expect(back).to.deep.equal(withoutPadding(type, bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('shows what no value of the type could have written', () => {
    const shown = (declaration: string, ...bytes: number[]) =>
      decode(typeOf(declaration), Uint8Array.from(bytes), 0);
    expect(shown('bool', 7)).to.equal('raw:07');
    expect(shown('char[3]', 0x61, 0, 0x62)).to.equal('raw:610062');
    expect(shown('char[2]', 0xff, 0)).to.equal('raw:ff00');
    expect(shown('char[2]', 0x1b, 0x5b)).to.equal('raw:1b5b');
    expect(shown('char[5]', ...Buffer.from('raw:x'))).to.equal('raw:7261773a78');
    expect(shown('enum { A = 1 }', 2, 0, 0, 0)).to.equal(2);
    expect(shown('cidr4', 33, 0, 0, 0, 10, 0, 0, 0)).to.equal('raw:210000000a000000');
    expect(shown('cidr4', 16, 0, 0, 0, 10, 1, 0, 7)).to.equal('10.1.0.7/16!');
    expect(shown('u64', 255, 255, 255, 255, 255, 255, 255, 255)).to.equal('18446744073709551615');
    expect(shown('char[4]', 0xef, 0xbb, 0xbf, 0x61)).to.equal('\ufeffa');
  });

  it('keeps fields that JavaScript knows of its own', () => {
    const type = typeOf('struct { u8 constructor; u8 toString; }');
    expect(decode(type, Uint8Array.of(1, 2), 0)).to.deep.equal({ constructor: 1, toString: 2 });
  });
});
