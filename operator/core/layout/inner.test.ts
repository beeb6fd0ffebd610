import { expect } from 'chai';
import type { Template } from '../../api/outermap.ts';
import { problemText } from '../../api/problem.ts';
import { outerMapOf } from '../testing/outermap.ts';
import { outerLayout } from './outer.ts';

describe('templateLayout', () => {
  it('takes int for an index or a descriptor as it takes u32, and adds what storages need', () => {
    for (const type of ['Array', 'PerCPUArray', 'DevMap', 'CgroupArray'] as const)
      expect(template({ type, key: 'int', value: 'u32' }), type).to.include({ keySize: 4 });
    for (const type of ['SkStorage', 'TaskStorage', 'InodeStorage', 'CgrpStorage'] as const)
      expect(template({ type, key: 'int', value: 'u64', maxEntries: 0 }), type).to.include({
        ...{ keySize: 4, valueSize: 8, maxEntries: 0, flags: 1 },
      });
    expect(template({ type: 'StackTrace', value: 'u8[64]', flags: ['StackBuildId'] })).to.include({
      ...{ valueSize: 64, flags: 1 << 5 },
    });
  });

  it('gives a storage the types of its declaration, and what its values belong to is an int', () => {
    const value = 'struct { struct bpf_spin_lock lock; __u32 seen; }';
    const { types } = template({ type: 'TaskStorage', key: 'u32', value, maxEntries: 0 });
    expect(types?.kernelFields.map(({ offset }) => offset)).to.deep.equal([0]);
    expect(Buffer.from(types!.current.btf).includes('\0int\0')).to.equal(true);
    expect(template({ type: 'Queue', value: 'u64' })).not.to.have.property('types');
  });

  const refused: readonly (readonly [Partial<Template>, string])[] = [
    [
      { type: 'SkStorage' },
      'spec.inner.maxEntries: maxEntries 64 cannot be: a SkStorage has no limit of its own',
    ],
    [
      { type: 'StackTrace', value: 'u8[8]', flags: ['StackBuildId'] },
      'spec.inner.value: Value of 8 bytes cannot be: type StackTrace with StackBuildId takes a multiple of 32, at most 4064, bytes',
    ],
    [
      { type: 'UserRingBuf', maxEntries: 4097 },
      'spec.inner.maxEntries: A UserRingBuf of 4097 bytes cannot be: its maxEntries is a power of two',
    ],
    [
      { type: 'DevMap', flags: ['ReadOnlyProg'] },
      'spec.inner.flags[0]: The kernel takes no ReadOnlyProg for DevMap: leave it out, it takes NumaNode',
    ],
    [
      { flags: ['WriteOnlyProg', 'ReadOnlyProg'] },
      'spec.inner.flags[0]: The kernel takes no WriteOnlyProg beside ReadOnlyProg: leave one of them out',
    ],
    [
      { type: 'SkStorage', key: 'u64', maxEntries: 0 },
      'spec.inner.key: Keys of type SkStorage are descriptors: write u32 or int, or leave it out',
    ],
  ];
  for (const [inner, message] of refused)
    it(`refuses ${JSON.stringify(inner)} and says where and why`, () => {
      const layout = outerLayout(outerMapOf({ inner }));
      const problems = layout.ok ? [] : layout.problems.map(problemText);
      expect(problems.map(text => text.slice(0, message.length))).to.deep.equal([message]);
    });

  function template(inner: Partial<Template>) {
    const layout = outerLayout(outerMapOf({ inner }));
    if (!layout.ok) throw new Error(layout.problems.map(problemText).join('; '));
    return layout.value.template;
  }
});
