import { expect } from 'chai';
import { outerMapOf } from '../testing/outermap.ts';
import { outerLayout } from './outer.ts';

type Given = Parameters<typeof outerMapOf>[0];

function problemsOf(given: Given): readonly string[] {
  const layout = outerLayout(outerMapOf(given));
  return layout.ok ? [] : layout.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('outerLayout, of a value with fields of the kernel', () => {
  it('keeps their bytes from every comparison and every edit, beside what the program owns', () => {
    const value = 'struct { struct bpf_spin_lock lock; u32 rate; u64 tokens; }';
    const layout = outerLayout(outerMapOf({ inner: { value, programOwned: ['tokens'] } }));
    if (!layout.ok) throw new Error(JSON.stringify(layout.problems));
    const { ownedMask, valueMask, template } = layout.value;
    const mask = Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0);
    expect({ ownedMask, valueMask }).to.deep.equal({ ownedMask: mask, valueMask: mask });
    expect(template.types!.kernelFields.map(({ type, offset }) => `${type.name}@${offset}`)).to.deep.equal([
      'bpf_spin_lock@0',
    ]);
  });

  const taken: readonly Given[] = [
    { inner: { type: 'LRUHash', value: 'struct { struct bpf_timer timer; u32 a; }' } },
    { inner: { type: 'PerCPUHash', value: 'struct { struct task_struct __kptr *task; }' } },
    { provision: 'Adopt', inner: { value: 'struct { struct bpf_spin_lock l; struct bpf_list_head h; }' } },
  ];
  for (const given of taken)
    it(`takes ${JSON.stringify(given.inner)}`, () => {
      expect(problemsOf(given)).to.deep.equal([]);
    });

  const locked = 'struct { struct bpf_spin_lock lock; u32 a; }';
  const refused: readonly (readonly [Given, string])[] = [
    [
      { inner: { key: locked } },
      'spec.inner.key: A bpf_spin_lock cannot be in a key: declare it in the value',
    ],
    [
      { inner: { value: 'struct bpf_timer' } },
      'spec.inner.value: A field of the kernel is no value by itself',
    ],
    [
      { inner: { value: 'struct bpf_timer[2]' } },
      'spec.inner.value: A field of the kernel is no value by itself',
    ],
    [
      { inner: { type: 'LRUHash', value: locked } },
      'spec.inner.value: The kernel takes no bpf_spin_lock in values of type LRUHash: it is for Hash, Array',
    ],
    [
      { inner: { type: 'LPMTrie', key: 'cidr4', value: 'struct { struct node __kptr *node; }' } },
      'spec.inner.value: The kernel takes no kptr of struct node in values of type LPMTrie',
    ],
    [
      { inner: { value: 'struct { u16 a; struct bpf_spin_lock lock; } __attribute__((packed))' } },
      'spec.inner.value: A bpf_spin_lock lies at byte 2, where the kernel wants a multiple of 4',
    ],
    [
      { inner: { value: 'struct { struct bpf_spin_lock a, b; }' } },
      'spec.inner.value: A value takes one lock: leave one',
    ],
    [
      { inner: { value: 'struct { struct bpf_timer timers[12]; }' } },
      'spec.inner.value: A value has 12 fields of the kernel, which takes 11',
    ],
    [
      { inner: { value: 'struct { struct bpf_spin_lock lock; u8 a : 1; u8 b : 1; }' } },
      'spec.inner.value: The kernel takes no bpf_spin_lock beside a bit-field that begins within a byte',
    ],
    [
      { inner: { value: locked, flags: ['ReadOnlyProg'] } },
      'spec.inner.value: The kernel takes no bpf_spin_lock in a map with ReadOnlyProg: leave the flag out',
    ],
    [
      { inner: { value: 'struct { struct bpf_spin_lock l; struct bpf_list_head h; }' } },
      "spec.inner.value: A map with a bpf_list_head is made by its program's loader alone",
    ],
  ];
  for (const [given, message] of refused)
    it(`refuses ${JSON.stringify(given.inner)}`, () => {
      const [first = '', ...others] = problemsOf(given);
      expect(first).to.satisfy((text: string) => text.startsWith(message), first);
      expect(others).to.deep.equal([]);
    });
});
