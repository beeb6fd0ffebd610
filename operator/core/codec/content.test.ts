import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ContentType } from '../../api/outermap.ts';
import { fieldText } from '../../api/problem.ts';
import type { ContentRoom } from '../bytes/contentroom.ts';
import { hex } from '../bytes/hex.ts';
import { layoutOf } from '../testing/layouts.ts';
import { anyValue } from '../testing/values.ts';
import { encodeContent, encodingSteps } from './content.ts';

interface Given {
  readonly key?: string;
  readonly value?: string;
  readonly type?: ContentType;
  readonly maxEntries?: number;
  readonly possibleCpus?: number;
  readonly table?: string;
  readonly room?: ContentRoom;
}

function encoded(entries: readonly (readonly [unknown, unknown])[], given: Given = {}) {
  const { key = 'u32', value = 'u32', type = 'Hash', maxEntries = 100, possibleCpus, table, room } = given;
  const raw = {
    entries: entries.map(([k, v]) => ({ key: k, value: v })),
    ...(table === undefined ? {} : { table }),
  };
  const options = { maxEntries, room, ...(possibleCpus === undefined ? {} : { possibleCpus }) };
  return encodeContent(raw, layoutOf(key, value, type), options);
}

/** `key=value` in hex for each entry, or the reason and the message. */
function shown(content: ReturnType<typeof encodeContent>): readonly string[] | string {
  if (content.kind === 'invalid') return `${content.reason}: ${content.message}`;
  const { count, keys, values } = content.entries;
  const [keySize, stride] = [keys.length / count, values.length / count];
  return Array.from({ length: count }, (_, index) => {
    const key = hex(keys, index * keySize, (index + 1) * keySize);
    return `${key}=${hex(values, index * stride, (index + 1) * stride)}`;
  });
}

describe('encodeContent', () => {
  it('writes entries in the order declared, the list before the table, at exactly their size', () => {
    const content = encoded([[2, 20]], { table: 'key,value\n1,10\n\n3,30\n' });
    expect(shown(content)).to.deep.equal(['02000000=14000000', '01000000=0a000000', '03000000=1e000000']);
    expect(content.kind === 'encoded' && content.entries.keys.length).to.equal(12);
  });

  it('takes nothing for no entries', () => {
    expect(encoded([])).to.deep.include({ kind: 'encoded' });
    expect(encoded([], { table: ' \n' })).to.deep.include({ kind: 'encoded' });
    const none = {
      ...layoutOf('u32', 'u32'),
      template: { ...layoutOf('u32', 'u32').template, type: 'RingBuf' as const },
    };
    const { innerKey: _key, innerValue: _value, ...layout } = none;
    expect(encodeContent({ entries: [] }, layout, { maxEntries: 1 })).to.deep.include({ kind: 'encoded' });
    expect(shown(encodeContent({ entries: [{ key: 1, value: 1 }] }, layout, { maxEntries: 1 }))).to.equal(
      'InvalidEntries: Type RingBuf is created empty: leave entries and table out',
    );
  });

  it('names entry, field, value and what would be right', () => {
    const content = encoded(
      [
        [{ port: 1 }, 1],
        [{ port: 70000 }, -1],
      ],
      { key: 'struct { __be16 port; }' },
    );
    expect(shown(content)).to.equal(
      'InvalidEntries: spec.entries[1].key.port: 70000 is out of range: __be16 takes 0 to 65535; ' +
        'spec.entries[1].value: -1 is out of range: u32 takes 0 to 4294967295',
    );
  });

  it('tells the first ten problems and counts up to a thousand', () => {
    const few = encoded(Array.from({ length: 12 }, (_, index) => [index, 'x']));
    expect(few).to.deep.include({ kind: 'invalid', total: 12 });
    expect(few.kind === 'invalid' && few.problems.length).to.equal(10);
    expect(few.kind === 'invalid' && few.message).to.match(/; and 2 more$/);
    const many = encoded(
      Array.from({ length: 5000 }, () => ['x', 'x']),
      { maxEntries: 5000 },
    );
    expect(many.kind === 'invalid' && many.total).to.be.within(1000, 1001);
    expect(many.kind === 'invalid' && many.message).to.match(/; and 99[01] or more others$/);
  });

  it('refuses a key given twice and names both places', () => {
    expect(
      shown(
        encoded([
          [1, 1],
          [2, 1],
          ['0x1', 1],
        ]),
      ),
    ).to.equal('InvalidEntries: spec.entries[2].key: Key 1 is given by spec.entries[0] too: keep one');
    expect(shown(encoded([[1, 1]], { table: 'key,value\n2,2\n\n1,3\n' }))).to.equal(
      'InvalidEntries: spec.table[4].key: Key 1 is given by spec.entries[0] too: keep one',
    );
  });

  it('refuses more than maxEntries, in a table with quotes too', () => {
    const message = (count: number) =>
      `TooManyEntries: ${count} entries are more than maxEntries 1: declare fewer, or raise maxEntries of the inner map where its type allows it`;
    expect(
      shown(
        encoded(
          [
            [1, 1],
            [2, 2],
          ],
          { maxEntries: 1 },
        ),
      ),
    ).to.equal(message(2));
    expect(shown(encoded([[1, 1]], { maxEntries: 1, table: 'key,value\n2,2' }))).to.equal(message(2));
    expect(shown(encoded([], { maxEntries: 1, table: 'key,value\n"2",2\n3,3' }))).to.equal(message(2));
    const lines = encoded([], { maxEntries: 1, key: 'char[8]', table: 'key,value\n"a\nb\nc",2\n' });
    expect(lines).to.deep.include({ kind: 'encoded' });
  });

  it('bounds the bytes before it takes memory', () => {
    const entries = Array.from({ length: 600 }, (_, index) => [index, []] as const);
    expect(shown(encoded(entries, { value: 'u64[131072]', maxEntries: 1000 }))).to.equal(
      'TooManyEntries: Entries take 601 MiB: one inner map takes at most 512 MiB',
    );
  });

  it('refuses what finds no room, says how much it needs, and takes what fits exactly', () => {
    const pairs = Array.from({ length: 1000 }, (_, index) => [index, index] as const);
    const at = (left: number) => encoded(pairs, { maxEntries: 1000, room: { left, bound: 'all of it' } });
    expect(at(8000)).to.deep.include({ kind: 'encoded' });
    expect(shown(at(7999))).to.equal(
      "TooManyEntries: Entries take 1 MiB: 1 MiB are left of all of it: declare fewer, have that limit raised, or, where others hold the rest, have the OuterMap's owner set spec.maxNamespaceBytes",
    );
    expect(at(7999)).to.include({ needs: 8000 });
  });

  describe('of arrays', () => {
    it('sorts by index', () => {
      expect(
        shown(
          encoded(
            [
              [3, 1],
              [0, 2],
              [2, 3],
            ],
            { type: 'Array', value: 'u8' },
          ),
        ),
      ).to.deep.equal(['00000000=02', '02000000=03', '03000000=01']);
    });

    it('refuses an index outside', () => {
      const outside = (index: number) =>
        shown(encoded([[index, 1]], { type: 'Array', key: 'int', maxEntries: 10 }));
      expect(outside(10)).to.match(/\[0\].key: Index 10 is outside: the array holds 0 to 9$/);
      expect(outside(-1)).to.match(/\[0\].key: Index -1 is outside/);
    });
  });

  describe('of tries', () => {
    const trie = { key: 'struct { u32 bits; u8 data[2]; }', value: 'u8', type: 'LPMTrie' } as const;

    it('takes prefixes that differ in host bits alone for one, as the kernel does', () => {
      const cidr = { ...trie, key: 'cidr4' };
      expect(
        shown(
          encoded(
            [
              ['10.0.0.0/8', 1],
              ['10.1.0.0/8!', 2],
            ],
            cidr,
          ),
        ),
      ).to.equal(
        'InvalidEntries: spec.entries[1].key: Key 10.1.0.0/8! is given by spec.entries[0] too: keep one',
      );
      expect(
        shown(
          encoded(
            [
              ['10.1.0.0/8!', 2],
              ['10.0.0.0/16', 1],
            ],
            cidr,
          ),
        ),
      ).to.deep.equal(['080000000a010000=02', '100000000a000000=01']);
    });

    it('refuses a prefix longer than the key', () => {
      expect(shown(encoded([['bits=33,data=0102', 1]], trie))).to.equal(
        'InvalidEntries: spec.entries[0].key: Prefix length 33 is too long: the key holds 0 to 32 bits',
      );
    });
  });

  describe('of per-CPU types', () => {
    const perCpu = { type: 'PerCPUHash', value: 'u32', possibleCpus: 2 } as const;

    it('gives one value to all CPUs, or each its own, rounded up to 8 bytes', () => {
      expect(
        shown(
          encoded(
            [
              [1, 5],
              [2, [6, 7]],
            ],
            perCpu,
          ),
        ),
      ).to.deep.equal([
        '01000000=05000000000000000500000000000000',
        '02000000=06000000000000000700000000000000',
      ]);
      expect(shown(encoded([], { ...perCpu, table: 'key,value\n1,5' }))).to.deep.equal([
        '01000000=05000000000000000500000000000000',
      ]);
    });

    it('takes a list that is an array for one value, and a list of them for a value each', () => {
      const given = (value: string, ...values: readonly unknown[]) =>
        shown(
          encoded(
            values.map((each, at) => [at, each] as const),
            { ...perCpu, value },
          ),
        );
      expect(given('u16[2]', [5, 6], [[1], [2]])).to.deep.equal([
        '00000000=05000600000000000500060000000000',
        '01000000=01000000000000000200000000000000',
      ]);
      const both = ['00000000=05060000000000000506000000000000', '01000000=01000000000000000200000000000000'];
      expect(given('u8[2]', [5, 6], [[1], [2]])).to.deep.equal(both);
      expect(given('u8[2]', '0506', ['0100', '0200'])).to.deep.equal(both);
    });

    it('refuses a list of another length, where the machine is known', () => {
      const message =
        'List has 1 values, this node 2 possible CPUs: write one for each, or one value for all';
      expect(shown(encoded([[1, [6]]], perCpu))).to.equal(
        `InvalidEntries: spec.entries[0].value: ${message}`,
      );
      expect(shown(encoded([[1, []]], { type: 'PerCPUHash' }))).to.match(/List is empty/);
      expect(encoded([[1, [6, 7, 8]]], { type: 'PerCPUHash' })).to.deep.include({ kind: 'encoded' });
      expect(shown(encoded([[1, [6, -1]]], perCpu))).to.match(/entries\[0\]\.value\[1\]: -1 is out of range/);
    });
  });

  it('answers any list and any table, and never throws', () => {
    const entry = fc.record({ key: anyValue, value: anyValue });
    const cell = fc.constantFrom(
      'key',
      'value',
      'key.a',
      ',',
      '\n',
      '"',
      '""',
      '1',
      'x',
      ' ',
      '\r\n',
      '\ufeff',
      '[0]',
      '.',
    );
    const table = fc.array(cell, { maxLength: 20 }).map(cells => `key,value\n${cells.join('')}`);
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), fc.oneof(table, fc.string()), (entries, text) => {
        const content = encodeContent({ entries, table: text }, layoutOf('u32', 'char[4]'), {
          maxEntries: 10,
        });
        if (content.kind === 'invalid')
          for (const problem of content.problems) expect(fieldText(problem.path)).to.match(/^spec/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('encodingSteps', () => {
  it('rests between slices of a large list, a large table and the search for duplicates', () => {
    const entries = Array.from({ length: 50000 }, (_, index) => ({ key: index, value: 1 }));
    const table = `key,value\n${Array.from({ length: 50000 }, (_, index) => `${50000 + index},1`).join('\n')}`;
    const steps = encodingSteps({ entries, table }, layoutOf('u32', 'u32'), { maxEntries: 100000 });
    let rests = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) rests += 1;
    expect(step.value).to.deep.include({ kind: 'encoded' });
    expect(rests).to.be.greaterThan(15);
  });
});
