import { expect } from 'chai';
import * as fc from 'fast-check';
import type { DesiredInner } from '../desired/compile.ts';
import { outerLayout } from '../layout/outer.ts';
import { outerMapOf } from '../testing/outermap.ts';
import { typeAndBytes, withoutPadding } from '../testing/types.ts';
import { typeText } from '../types/show.ts';
import { compared } from './compared.ts';

const TYPES = ['Hash', 'LRUHash', 'PerCPUHash', 'LRUPerCPUHash', 'Array', 'PerCPUArray', 'LPMTrie'] as const;
type Inner = Parameters<typeof outerMapOf>[0]['inner'];

/** The comparison of one entry's declared and found value, with as many CPUs as the values have. */
function verdictOn(given: NonNullable<Inner>, declared: Uint8Array, found: Uint8Array) {
  const parsed = outerLayout(outerMapOf({ inner: { maxEntries: 1, ...given } }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const layout = parsed.value;
  const keys = new Uint8Array(layout.template.keySize);
  const inner = {
    spec: layout.template,
    entries: { count: 1, keys, values: declared },
    exact: true,
    sealed: false,
  };
  const contents = { spec: layout.template, frozen: false, entries: { count: 1, keys, values: found } };
  return compared(inner as unknown as DesiredInner, layout, contents);
}

/** Every CPU's value rounded up to 8 bytes, with what is behind it. */
function onCpus(value: Uint8Array, rest: number): Uint8Array {
  const one = new Uint8Array(Math.ceil(value.length / 8) * 8).fill(rest);
  one.set(value);
  return Uint8Array.of(...one, ...one);
}

describe('compared', () => {
  it('is the same for values that differ in padding alone, whatever the type', () => {
    fc.assert(
      fc.property(typeAndBytes, fc.constantFrom(...TYPES), ([type, bytes], map) => {
        const key = map === 'LPMTrie' ? 'cidr4' : 'u32';
        const clean = withoutPadding(type, bytes);
        const isPerCpu = map.includes('PerCPU');
        const [declared, found] = isPerCpu ? [onCpus(clean, 0), onCpus(bytes, 0xaa)] : [clean, bytes];
        const verdict = verdictOn({ type: map, key, value: typeText(type) }, declared, found);
        expect(verdict.kind, `${map} of ${typeText(type)}`).to.equal('same');
      }),
      { numRuns: 1000 },
    );
  });

  it('differs by one byte of a field, whatever the type', () => {
    fc.assert(
      fc.property(typeAndBytes, fc.nat(), fc.constantFrom(...TYPES), ([type, bytes], at, map) => {
        const key = map === 'LPMTrie' ? 'cidr4' : 'u32';
        const other = withoutPadding(type, bytes);
        other[at % type.size]! ^= 0x40;
        fc.pre(withoutPadding(type, other)[at % type.size] === other[at % type.size]);
        const clean = withoutPadding(type, bytes);
        const isPadding = withoutPadding(type, new Uint8Array(type.size).fill(0x40))[at % type.size] === 0;
        const isPerCpu = map.includes('PerCPU');
        const [declared, found] = isPerCpu ? [onCpus(clean, 0), onCpus(other, 0)] : [clean, other];
        const verdict = verdictOn({ type: map, key, value: typeText(type) }, declared, found);
        expect(verdict.kind).to.equal(isPadding ? 'same' : 'different');
      }),
      { numRuns: 1000 },
    );
  });

  it('masks each CPU’s value at its own place, behind the rounded one before it', () => {
    const given = {
      type: 'PerCPUHash',
      value: 'struct { u32 a; u32 b; u32 hits; }',
      programOwned: ['hits'],
    } as const;
    const of = (...words: number[]) => new Uint8Array(Uint32Array.from(words).buffer);
    const declared = of(1, 2, 0, 0, 1, 2, 0, 0);
    expect(verdictOn(given, declared, of(1, 2, 5, 9, 1, 2, 6, 9)).kind).to.equal('same');
    const verdict = verdictOn(given, declared, of(1, 2, 5, 9, 1, 3, 6, 9));
    expect(verdict).to.have.nested.property('difference.different', 1);
    if (verdict.kind !== 'different') return;
    const { upserts, kept } = verdict.difference;
    expect(new Uint32Array(upserts.values.buffer)).to.deep.equal(Uint32Array.of(1, 2, 5, 0, 1, 2, 6, 0));
    expect(kept?.mask).to.deep.equal(onCpus(Uint8Array.of(...new Uint8Array(8).fill(255), 0, 0, 0, 0), 255));
  });
});
