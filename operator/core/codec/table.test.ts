import { expect } from 'chai';
import * as fc from 'fast-check';
import { layoutOf } from '../testing/layouts.ts';
import { valueFor } from '../testing/values.ts';
import { encodeContent } from './content.ts';
import { decodeEntries } from './entries.ts';
import { rowsAtMost } from './table.ts';

const KEY = 'struct { __be16 port; u8 proto; }';
const VALUE = 'struct { u32 action; char note[12]; u16 rates[2]; }';

function rows(table: string, key = KEY, value = VALUE): unknown {
  const layout = layoutOf(key, value);
  const content = encodeContent({ entries: [], table }, layout, { maxEntries: 1000 });
  return content.kind === 'encoded' ? decodeEntries(layout, content.entries, 1) : content.message;
}

describe('encodeContent of a table', () => {
  it('reads columns of fields in any order, absent ones zero', () => {
    expect(rows('value.action,key.proto,value.rates[1]\n2,6,9\n')).to.deep.equal([
      { key: { port: 0, proto: 6 }, value: { action: 2, note: '', rates: [0, 9] } },
    ]);
  });

  it('reads whole keys and values in a column', () => {
    expect(rows('key,value.action\n"port=1,proto=2",3')).to.deep.equal([
      { key: { port: 1, proto: 2 }, value: { action: 3, note: '', rates: [0, 0] } },
    ]);
    expect(rows('key,value\n10.1.0.0/16,0x10\n', 'cidr4', 'u32')).to.deep.equal([
      { key: '10.1.0.0/16', value: 16 },
    ]);
    expect(rows('key,value[0]\n1,5', 'u32', 'u16[2]')).to.deep.equal([{ key: 1, value: [5, 0] }]);
  });

  it('reads quotes, commas, line breaks and doubled quotes in cells (RFC 4180)', () => {
    const table = 'key,value\r\n"a,b" , 1\r\n"c ""d""","2"\r\n"e",3';
    expect(rows(table, 'char[8]', 'u32')).to.deep.equal([
      { key: 'a,b', value: 1 },
      { key: 'c "d"', value: 2 },
      { key: 'e', value: 3 },
    ]);
  });

  it('tolerates blank lines, blanks around cells, a byte order mark and no last line break', () => {
    expect(rows('\ufeff\n  \n key , value \n\n\t1\t, 2 \r\n  \n 3,4', 'u32', 'u32')).to.deep.equal([
      { key: 1, value: 2 },
      { key: 3, value: 4 },
    ]);
  });

  const refused: readonly (readonly [string, string])[] = [
    [
      'key.port,key.proto,value.action\n1,6\n',
      'spec.table[2]: Row has 2 cells, the header 3: write a cell for each column',
    ],
    [
      'key.port,value.action\n\n1,6,7,x\n',
      'spec.table[3]: Row has 4 cells, the header 2: put cells that hold commas in quotes',
    ],
    [
      'key.port,value.action\nx,1\n',
      'spec.table[2].key.port: "x" is not an integer: __be16 takes a decimal or a 0x number',
    ],
    [
      'key.port,value.rates[1]\n,1\n',
      'spec.table[2].key.port: Value is empty: __be16 takes a number, write 0 for none',
    ],
    [
      'key.port,value.rates[1]\n1,-1\n',
      'spec.table[2].value.rates[1]: "-1" is out of range: u16 takes 0 to 65535',
    ],
    [
      'key.prot,value.action\n',
      'spec.table[1]: Column "key.prot": Unknown field "prot": did you mean port? Fields are port, proto',
    ],
    [
      'port,action\n1,2',
      'spec.table[1]: Column "port" is neither key nor value: write a header such as key.port,key.proto,value.action,value.note,value.rates, commas between',
    ],
    [
      'key;value\n1;2',
      'spec.table[1]: Column "key;value" is neither key nor value: write a header such as key.port,key.proto,value.action,value.note,value.rates, commas between',
    ],
    ['key.port,value.action,key.port\n', 'spec.table[1]: Column key.port is given twice: write it once'],
    ['key,value.action,key.port\n', 'spec.table[1]: Column key.port is given twice: write it once'],
    [
      'value.action\n1',
      'spec.table[1]: Header has no column for the key: write key.port,key.proto,value.action,value.note,value.rates',
    ],
    [
      'key.port\n1',
      'spec.table[1]: Header has no column for the value: write key.port,key.proto,value.action,value.note,value.rates',
    ],
    ['key.port,"value', 'spec.table[1]: Quotes are not closed: end the cell with "'],
    ['key.port,value.note\n1,"a\n2,b\n', 'spec.table[2]: Quotes are not closed: end the cell with "'],
    [
      'key.port,value.note\n1,"a"b\n2,c\n',
      'spec.table[2]: Text follows closing quotes: double the quotes inside a cell, ""',
    ],
  ];
  for (const [table, message] of refused)
    it(`refuses ${JSON.stringify(table)} and says where and why`, () => {
      expect(rows(table)).to.equal(message);
    });

  it('names rows by the line that they begin on, line breaks in cells counted', () => {
    expect(rows('key.port,value.note\n1,"raw:0a0b\n"\n1,b\nx,c')).to.match(
      /^spec\.table\[2\].*; spec\.table\[5\]\.key/,
    );
  });

  it('gives the same bytes as a list of the same entries', () => {
    const layout = layoutOf(KEY, VALUE);
    const pair = fc.tuple(valueFor(layout.innerKey!), valueFor(layout.innerValue!));
    fc.assert(
      fc.property(fc.uniqueArray(pair, { maxLength: 8, selector: ([key]) => JSON.stringify(key) }), pairs => {
        const entries = pairs.map(([key, value]) => ({ key, value }));
        const lines = pairs.map(([key, value]) => rowOf(key as Key, value as Row));
        const table = [
          'key.port,key.proto,value.action,value.note,value.rates[0],value.rates[1]',
          ...lines,
        ].join('\n');
        const listed = encodeContent({ entries }, layout, { maxEntries: 10 });
        expect(listed).to.deep.include({ kind: 'encoded' });
        expect(encodeContent({ entries: [], table }, layout, { maxEntries: 10 })).to.deep.equal(listed);
      }),
      { numRuns: 300 },
    );
  });
});

type Key = { port: number; proto: number };
type Row = { action: number; note: string; rates: readonly number[] };

function rowOf(key: Key, value: Row): string {
  const note = `"${value.note.replaceAll('"', '""')}"`;
  return [key.port, key.proto, value.action, note, ...value.rates].join(',');
}

describe('rowsAtMost', () => {
  it('counts lines that are not blank, less the header', () => {
    expect(rowsAtMost('')).to.equal(0);
    expect(rowsAtMost('key,value')).to.equal(0);
    expect(rowsAtMost('\n key,value\n \r\n1,2\n\n3,4')).to.equal(2);
  });
});
