import { readFileSync } from 'node:fs';
import type { LoadedAgentFixture } from '../../agent/support/loadedagent.ts';
import { type Pairs, u32 } from '../../agent/support/manifests.ts';
import type { Contents } from '../../agent/support/witness.ts';

/** One outer map that somebody else's loader made: its type as the driver and as a manifest names it. */
export const OUTERS = { hash: 'HashOfMaps', array: 'ArrayOfMaps' } as const;
export type Outer = keyof typeof OUTERS;

/** Inner types as the driver names them, and the templates that declare them. */
export const INNERS = {
  hash: { type: 'Hash', key: 'u32', value: 'u32' },
  lru_hash: { type: 'LRUHash', key: 'u32', value: 'u32' },
  array: { type: 'Array', key: 'u32', value: 'u32' },
  percpu_hash: { type: 'PerCPUHash', key: 'u32', value: 'u32' },
  percpu_array: { type: 'PerCPUArray', key: 'u32', value: 'u32' },
  lpm_trie: { type: 'LPMTrie', key: 'cidr4', value: 'u32', flags: ['NoPrealloc'] },
} as const;
export type Inner = keyof typeof INNERS;

const MAX = 8;
const INNER_MAX = 4;

/** What an OuterMap must declare to adopt it. */
export function declaration(outer: Outer, inner: Inner, spec: object = {}): object {
  const template = { ...INNERS[inner], maxEntries: INNER_MAX };
  return { provision: 'Adopt', type: OUTERS[outer], maxEntries: MAX, inner: template, ...spec };
}

/** Keys 0 and 1 of it hold two entries each, with value 1. */
export function makeForeign(
  fixture: LoadedAgentFixture,
  pin: string,
  { outer, inner }: { readonly outer: Outer; readonly inner: Inner },
): { readonly outer: number; readonly inners: readonly number[] } {
  const types = ['--type', outer, '--max', String(MAX), '--inner', inner, '--inner-max', String(INNER_MAX)];
  return fixture.make(pin, ...types, '--inners', '2', '--entries', '2');
}

/** What lies there from the start, as bpftool tells it. */
export function foreignContents(inner: Inner): Contents {
  const value = onEachCpu(inner, 1);
  const entries =
    inner === 'lpm_trie'
      ? { [`${u32(32)}00000000`]: value, [`${u32(32)}00000001`]: value }
      : { [u32(0)]: value, [u32(1)]: value, ...restOfArray(inner) };
  return { [u32(0)]: entries, [u32(1)]: entries };
}

/** An inner map that declares one entry with value 9. */
export function declaredEntries(inner: Inner): { readonly pairs: Pairs; readonly bytes: Contents[string] } {
  const value = onEachCpu(inner, 9);
  if (inner === 'lpm_trie') return { pairs: { '10.0.0.0/8': 9 }, bytes: { [`${u32(8)}0a000000`]: value } };
  const zeros = isArray(inner) ? { [u32(0)]: onEachCpu(inner, 0), ...restOfArray(inner) } : {};
  return { pairs: { 1: 9 }, bytes: { ...zeros, [u32(1)]: value } };
}

function restOfArray(inner: Inner): Contents[string] {
  return isArray(inner) ? { [u32(2)]: onEachCpu(inner, 0), [u32(3)]: onEachCpu(inner, 0) } : {};
}

function isArray(inner: Inner): boolean {
  return inner === 'array' || inner === 'percpu_array';
}

function onEachCpu(inner: Inner, value: number): string {
  const cpus = inner.startsWith('percpu') ? possibleCpus() : 1;
  return new Array<string>(cpus).fill(u32(value)).join();
}

/** The kernel writes `0-1`, or `0-3,8-11`. */
function possibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim().split(',');
  return ranges
    .map(range => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}
