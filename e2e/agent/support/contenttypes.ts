import { readFileSync } from 'node:fs';
import type { Pairs } from './manifests.ts';
import { u32 } from './manifests.ts';
import type { Entries } from './witness.ts';

/** One inner type: how it is declared, and the bytes that a program should find, worked out by hand. */
export interface Declared {
  readonly inner: object;
  readonly pairs: Pairs;
  /** Where keys are structs: entries as they stand in a manifest. */
  readonly entries?: readonly object[];
  readonly bytes: Entries;
}

/** `0-1`, `0-3,8-11`: a per-CPU value has a place for each. */
const CPUS = readFileSync('/sys/devices/system/cpu/possible', 'latin1')
  .trim()
  .split(',')
  .map(range => range.split('-').map(Number))
  .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);

const onEveryCpu = (value: string) => new Array<string>(CPUS).fill(value).join();

/** All inner types with contents. */
export const CONTENT_TYPES: Readonly<Record<string, Declared>> = {
  Hash: {
    inner: {
      maxEntries: 8,
      key: 'struct { __be16 port; __u8 proto; }',
      value: 'struct { __u32 action; __u64 packets; }',
    },
    pairs: {},
    entries: [
      { key: { port: 443, proto: 6 }, value: { action: 1 } },
      { key: 'port=53,proto=17', value: { action: 2, packets: '0xffffffffffffffff' } },
    ],
    bytes: {
      '01bb0600': '01000000000000000000000000000000',
      '00351100': '0200000000000000ffffffffffffffff',
    },
  },
  LRUHash: {
    inner: { maxEntries: 8, key: 'mac', value: 'u64' },
    pairs: { '02:00:00:00:00:01': 1, '02:00:00:00:00:02': '18446744073709551615' },
    bytes: { '020000000001': '0100000000000000', '020000000002': 'ffffffffffffffff' },
  },
  PerCPUHash: {
    inner: { maxEntries: 8, key: 'ipv4', value: 'u32' },
    pairs: { '10.1.0.7': 7, '10.1.0.8': Array.from({ length: CPUS }, (_, cpu) => cpu + 1) },
    bytes: {
      '0a010007': onEveryCpu(u32(7)),
      '0a010008': Array.from({ length: CPUS }, (_, cpu) => u32(cpu + 1)).join(),
    },
  },
  LRUPerCPUHash: {
    inner: { maxEntries: 8, key: 'char[8]', value: 's64' },
    pairs: { alice: -1 },
    bytes: { '616c696365000000': onEveryCpu('ffffffffffffffff') },
  },
  Array: {
    inner: { maxEntries: 4, key: 'u32', value: 'enum { PASS = 1, DROP = 2 }' },
    pairs: { 1: 'DROP', 3: 'PASS' },
    bytes: { [u32(0)]: u32(0), [u32(1)]: u32(2), [u32(2)]: u32(0), [u32(3)]: u32(1) },
  },
  PerCPUArray: {
    inner: { maxEntries: 2, key: 'u32', value: 'u64' },
    pairs: { 1: 258 },
    bytes: { [u32(0)]: onEveryCpu('0000000000000000'), [u32(1)]: onEveryCpu('0201000000000000') },
  },
  LPMTrie: {
    inner: { maxEntries: 8, key: 'cidr6', value: 'u8[2]' },
    pairs: { '2001:db8::/32': 'beef', '::/0': '0001' },
    bytes: {
      [`${u32(32)}20010db8000000000000000000000000`]: 'beef',
      [`${u32(0)}00000000000000000000000000000000`]: '0001',
    },
  },
};
