import { expect } from 'chai';
import type { BpfCall, KernelCounts } from '../../counts.ts';
import { BPF_CALLS } from '../../counts.ts';
import type { KernelFixture } from './fixture.ts';
import { HASH, numbered, u32 } from './fixture.ts';

/** The contract of counts. How many calls an operation takes is left to each kernel. */
export function countsContract(fixture: () => KernelFixture): void {
  it('has a number for every command', () => {
    expect(fixture().kernel.counts()).to.have.all.keys(...BPF_CALLS);
    expect(Object.values(fixture().kernel.counts()).every(Number.isSafeInteger)).to.equal(true);
  });

  it('an answer stays as it was', () => {
    const before = fixture().kernel.counts();
    const copy = { ...before };
    fixture().hashOfMaps();
    expect(before).to.deep.equal(copy);
  });

  it('every operation makes its own commands grow, and none shrink', async () => {
    const { kernel } = fixture();
    const outer = await grows(fixture, ['create'], () => fixture().hashOfMaps());
    const inner = await grows(fixture, ['create', 'update_batch', 'freeze', 'pin'], () =>
      fixture().inner('counted', { entries: numbered(0, 3), freeze: true }),
    );
    await grows(fixture, ['update_batch'], () => kernel.replace(outer, u32(1, 2), [inner, inner]));
    await grows(fixture, ['lookup_batch'], () => kernel.readOuter(outer));
    await grows(fixture, ['delete_batch'], () => kernel.remove(outer, u32(1, 2)));
    await grows(fixture, ['lookup_batch'], () => kernel.readInner([{ pin: fixture().path('counted') }]));
    await grows(fixture, ['obj_get'], () => fixture().keep(kernel.open(fixture().path('counted'))));
    await grows(fixture, ['obj_get'], () => kernel.identify([fixture().path('counted')]));
  });

  it('readInner of an Array, which is always full, takes as many lookups as of a map with room', async () => {
    const lookups = async (type: 'Array' | 'Hash') => {
      await fixture().inner(type, { spec: { ...HASH, type }, entries: numbered(0, 1) });
      const before = fixture().kernel.counts().lookup_batch;
      await fixture().kernel.readInner([{ pin: fixture().path(type) }]);
      return fixture().kernel.counts().lookup_batch - before;
    };
    expect(await lookups('Array')).to.equal(await lookups('Hash'));
  });
}

async function grows<T>(
  fixture: () => KernelFixture,
  calls: readonly BpfCall[],
  act: () => T | Promise<T>,
): Promise<T> {
  const before = fixture().kernel.counts();
  const result = await act();
  const after: KernelCounts = fixture().kernel.counts();
  for (const call of calls) expect(after[call], call).to.be.greaterThan(before[call]);
  for (const call of BPF_CALLS) expect(after[call], call).to.be.at.least(before[call]);
  return result;
}
