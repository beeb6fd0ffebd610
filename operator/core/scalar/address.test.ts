import { expect } from 'chai';
import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { keyBytes } from '../codec/keytext.ts';
import { typeOf } from '../testing/layouts.ts';
import { writePlainCell } from './cell.ts';
import { cidrText } from './cidr.ts';
import { ipv4Number, ipv4Text } from './ipv4.ts';
import { ipv6Text } from './ipv6.ts';

function bytesOf(declaration: string, text: unknown): number[] | string {
  const answer = keyBytes(typeOf(declaration), text);
  return answer.ok ? [...answer.bytes] : answer.message;
}

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Mostly zeros, so that runs of them occur. */
const sparse16 = fc
  .array(fc.constantFrom(0, 0, 0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
  .map(bytes => Uint8Array.from(bytes));

describe('writeIPv4', () => {
  it('reads what ipaddr.js reads', () => {
    fc.assert(
      fc.property(fc.ipV4(), text => {
        expect(bytesOf('ipv4', text)).to.deep.equal(ipaddr.IPv4.parse(text).toByteArray());
      }),
    );
  });

  const refused: Readonly<Record<string, string>> = {
    '10.1.0.07': 'leading zeros are octal to some, write 10.1.0.7',
    '10.1.0': 'write four numbers of 0 to 255, such as 10.1.0.7',
    '10.1.0.256': 'write four numbers of 0 to 255, such as 10.1.0.7',
    '10.1.0.7.': 'write four numbers of 0 to 255, such as 10.1.0.7',
    '10..1.7': 'write four numbers of 0 to 255, such as 10.1.0.7',
    ' 10.1.0.7': 'write four numbers of 0 to 255, such as 10.1.0.7',
    '10.1.0.7/32': 'write one address, or declare cidr4 for prefixes',
    '::1': 'write a.b.c.d, or declare ipv6',
    '': 'write four numbers of 0 to 255, such as 10.1.0.7',
  };
  for (const [text, advice] of Object.entries(refused))
    it(`refuses ${JSON.stringify(text)} and says what to write`, () => {
      expect(bytesOf('ipv4', text)).to.equal(`${JSON.stringify(text)} is not an IPv4 address: ${advice}`);
    });
});

describe('writeIPv6 and ipv6Text', () => {
  it('read every spelling that ipaddr.js reads', () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter(text => ipaddr.IPv6.isValid(text)),
        text => {
          const groups =
            text.split('::').join(':').split(':').filter(Boolean).length + (text.includes('.') ? 1 : 0);
          if (text.includes('::') && groups === 8) return; // RFC 4291: `::` is one group or more; ipaddr.js takes none too.
          if (/^::\d+\./.test(text)) return; // ipaddr.js reads ::1.2.3.4 as ::ffff:1.2.3.4.
          expect(bytesOf('ipv6', text)).to.deep.equal(ipaddr.IPv6.parse(text).toByteArray());
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('write what ipaddr.js writes by RFC 5952, but for mapped addresses, which are dotted', () => {
    fc.assert(
      fc.property(fc.oneof(bytes16, sparse16), bytes => {
        const address = new ipaddr.IPv6([...bytes]);
        const expected = address.isIPv4MappedAddress()
          ? `::ffff:${address.toIPv4Address().toString()}`
          : address.toRFC5952String();
        expect(ipv6Text(bytes, 0)).to.equal(expected);
        expect(bytesOf('ipv6', expected)).to.deep.equal([...bytes]);
      }),
      { numRuns: 1000 },
    );
  });

  it('take the forms of RFC 4291', () => {
    for (const text of [
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
      '::ffff:1.2.3.4',
      '64:ff9b::1.2.3.4',
      '1:2:3:4:5:6:1.2.3.4',
      '::',
    ])
      expect(bytesOf('ipv6', text), text).to.be.an('array');
  });

  const refused: Readonly<Record<string, string>> = {
    'fe80::1%eth0': 'write it without the %zone, which means nothing in a map',
    '2001:db8::/32': 'write one address, or declare cidr6 for prefixes',
    '10.0.0.1': 'write ::ffff:10.0.0.1, or declare ipv4',
    '1::2::3': 'write groups of hex digits, such as 2001:db8::1',
    '1:2:3:4:5:6:7:8::': 'write groups of hex digits, such as 2001:db8::1',
    '1:2:3:4:5:6:7': 'write groups of hex digits, such as 2001:db8::1',
    '1:2:3:4:5:6:7:8:9': 'write groups of hex digits, such as 2001:db8::1',
    '12345::': 'write groups of hex digits, such as 2001:db8::1',
    '1.2.3.4::': 'write groups of hex digits, such as 2001:db8::1',
    ':::': 'write groups of hex digits, such as 2001:db8::1',
    ':1': 'write groups of hex digits, such as 2001:db8::1',
    '::g': 'write groups of hex digits, such as 2001:db8::1',
    '': 'write groups of hex digits, such as 2001:db8::1',
  };
  for (const [text, advice] of Object.entries(refused))
    it(`refuse ${JSON.stringify(text)} and say what to write`, () => {
      expect(bytesOf('ipv6', text)).to.equal(`${JSON.stringify(text)} is not an IPv6 address: ${advice}`);
    });

  it('refuse a text of any length quickly', () => {
    expect(bytesOf('ipv6', ':'.repeat(100000))).to.match(/is not an IPv6 address/);
  });
});

describe('writeCidr', () => {
  it('writes a host-order prefix length and the address', () => {
    expect(bytesOf('cidr4', '10.1.0.0/16')).to.deep.equal([16, 0, 0, 0, 10, 1, 0, 0]);
    expect(bytesOf('cidr4', '0.0.0.0/0')).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bytesOf('cidr4', '10.1.0.7/16!')).to.deep.equal([16, 0, 0, 0, 10, 1, 0, 7]);
    expect(bytesOf('cidr6', '2001:db8::/32')).to.deep.equal([
      32,
      0,
      0,
      0,
      0x20,
      1,
      0x0d,
      0xb8,
      ...Array(12).fill(0),
    ]);
  });

  it('agrees with ipaddr.js on which prefixes have host bits, and what they should be', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
        const network = ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`).toString();
        const answer = bytesOf('cidr4', `${address}/${bits}`);
        if (network === address) expect(answer).to.be.an('array');
        else
          expect(answer).to.equal(
            `"${address}/${bits}" has bits behind the prefix: write ${network}/${bits}`,
          );
      }),
    );
    fc.assert(
      fc.property(bytes16, fc.integer({ min: 0, max: 128 }), (bytes, bits) => {
        const address = ipv6Text(bytes, 0);
        const network = ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`).toByteArray();
        const answer = bytesOf('cidr6', `${address}/${bits}`);
        const right = `${ipv6Text(Uint8Array.from(network), 0)}/${bits}`;
        if (String(network) === String([...bytes])) expect(answer).to.be.an('array');
        else expect(answer).to.equal(`"${address}/${bits}" has bits behind the prefix: write ${right}`);
      }),
    );
  });

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['cidr4', '10.1.0.7', '"10.1.0.7" has no prefix length: write 10.1.0.7/32 for the one address'],
    ['cidr6', '::1', '"::1" has no prefix length: write ::1/128 for the one address'],
    ['cidr4', 'x', '"x" has no prefix length: write a prefix such as 10.1.0.0/16'],
    ['cidr4', '10.0.0.0/33', '"/33" is not a prefix length: write /0 to /32'],
    ['cidr4', '10.0.0.0/08', '"/08" is not a prefix length: write /0 to /32'],
    ['cidr4', '10.0.0.0/', '"/" is not a prefix length: write /0 to /32'],
    ['cidr4', '10.0.0.0/255.0.0.0', '"/255.0.0.0" is not a prefix length: write /0 to /32'],
    ['cidr6', '::/129', '"/129" is not a prefix length: write /0 to /128'],
    [
      'cidr4',
      '10.0.0/8',
      '"10.0.0" is not an IPv4 address: write four numbers of 0 to 255, such as 10.1.0.7',
    ],
    ['cidr4', 10, '10 is a number: write a prefix such as 10.1.0.0/16 in quotes'],
    ['cidr4', 'raw:00', '"00" has 2 hex digits: write 16, two for each byte'],
  ];
  for (const [declaration, text, message] of refused)
    it(`refuses ${declaration} ${JSON.stringify(text)} in words`, () => {
      expect(bytesOf(declaration, text)).to.equal(message);
    });

  it('shows a prefix that is none raw', () => {
    expect(cidrText('cidr6', new Uint8Array(20).fill(255), 0)).to.equal(`raw:${'ff'.repeat(20)}`);
  });
});

describe('writePlainCell', () => {
  const cells = [
    '0',
    '1',
    '7',
    '10',
    '007',
    '-1',
    '0x1',
    '256',
    '65535',
    '65536',
    '4294967295',
    '4294967296',
    '9'.repeat(15),
  ];
  const addresses = [
    '10.1.0.7',
    '10.1.0.07',
    '10.1.0',
    '255.255.255.255',
    '256.1.1.1',
    '1.2.3.4.5',
    '...',
    '',
    '1.2.3.',
  ];
  const prefixes = addresses.flatMap(text => [
    text,
    `${text}/0`,
    `${text}/8`,
    `${text}/24`,
    `${text}/32`,
    `${text}/33`,
    `${text}/032`,
    `${text}/`,
  ]);

  it('writes what encode writes, or leaves it to encode', () => {
    const types = ['u8', 's8', 'u16', '__be16', 's32', 'u64', 's64', 'ipv4', 'cidr4', 'ipv6', 'char[4]'];
    for (const declaration of types)
      for (const cell of [...cells, ...prefixes, '0.0.0.0/0', '10.0.0.0/8', '128.0.0.0/1']) {
        const type = typeOf(declaration);
        const into = new Uint8Array(type.size);
        if (!writePlainCell(type, `,${cell},`, 1, 1 + cell.length, into, 0)) continue;
        expect(bytesOf(declaration, cell), `${declaration} ${cell}`).to.deep.equal([...into]);
      }
  });

  it('takes the plain spellings itself', () => {
    const plain: Readonly<Record<string, string>> = {
      u32: '4294967295',
      __be16: '443',
      ipv4: '10.1.0.7',
      cidr4: '10.1.0.0/16',
    };
    for (const [declaration, cell] of Object.entries(plain)) {
      const type = typeOf(declaration);
      expect(writePlainCell(type, cell, 0, cell.length, new Uint8Array(type.size), 0), declaration).to.equal(
        true,
      );
    }
  });

  it('reads an address as a number', () => {
    expect(ipv4Number('255.255.255.255', 0, 15)).to.equal(0xffffffff);
    expect(ipv4Text(Uint8Array.of(1, 2, 3, 4), 0)).to.equal('1.2.3.4');
  });
});
