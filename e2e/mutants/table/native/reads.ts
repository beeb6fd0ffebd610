import type { Mutant } from '../../mutant.ts';

const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const TABLES = ['dist/operator/kernel/libbpf/tables.test.js'];
const VERIFIED = ['dist/operator/agent/observe/verified.test.js'];
const VERIFY = 'native/bulk/compare/verify.c';

export const readMutants: readonly Mutant[] = [
  {
    name: 'verify takes a map that lacks entries',
    file: VERIFY,
    from: '\treturn left == 0;\n}\n\nstatic bool is_map(',
    to: '\treturn true;\n}\n\nstatic bool is_map(',
    specs: CONTRACT,
  },
  {
    name: 'verify takes a frozen map for one that is not',
    file: VERIFY,
    from: 'map_is_frozen(fd) == (one->is_frozen != 0)',
    to: 'map_is_frozen(fd) >= (one->is_frozen != 0)',
    specs: CONTRACT,
  },
  {
    name: 'verify takes other entries of an array that are not zero',
    file: VERIFY,
    from: '(is_array(verifying) && same_value(verifying, value, NULL))',
    to: '(is_array(verifying) && value)',
    specs: CONTRACT,
  },
  {
    name: 'verify takes entries that are not in their buffer',
    file: VERIFY,
    from: '(uint64_t)one->from + one->count <= all->entries',
    to: 'one->from + one->count <= all->entries',
    specs: TABLES,
  },
  {
    name: 'bits behind a prefix are part of a key',
    file: 'native/bulk/compare/places.c',
    from: '(uint8_t)(0xff00 >> bits % 8)',
    to: '(uint8_t)(0xffff >> bits % 8)',
    specs: CONTRACT,
  },
  {
    name: 'a map that is read in parts begins with its first part again and again',
    file: 'native/bulk/compare/scan.c',
    from: '\tscan->has_begun = true;\n\tscan->is_over',
    to: '\tscan->has_begun = false;\n\tscan->is_over',
    specs: CONTRACT,
  },
  {
    name: 'ids are asked for again once they were denied',
    file: VERIFY,
    from: '\t__atomic_store_n(&is_denied, true, __ATOMIC_RELAXED);\n',
    to: '',
    specs: ['dist/operator/kernel/libbpf/missing.test.js'],
  },
  {
    name: 'what is to be edited is verified before it is read',
    file: 'operator/agent/observe/verified.ts',
    from: '!of.known.programmed.has(inner.keyHex) || isProven(inner, of.known)',
    to: 'isProven(inner, of.known) || of.known !== undefined',
    specs: VERIFIED,
  },
  {
    name: 'AtLeast is verified as if nothing else may be there',
    file: 'operator/agent/observe/verified.ts',
    from: 'entries, exact };\n',
    to: 'entries, exact: true || exact };\n',
    specs: VERIFIED,
  },
];
