import { expect } from 'chai';
import type { BpfCall, KernelCounts } from '../../counts.ts';
import { BPF_CALLS } from '../../counts.ts';
import type { KernelFixture } from './fixture.ts';
import { numbered, u32 } from './fixture.ts';

/** What metrics are told of bpf(). How many calls an operation takes is the kernel's own affair. */
export function countsContract(stand: () => KernelFixture): void {
  it('has a number for every command', () => {
    expect(stand().kernel.counts()).to.have.all.keys(...BPF_CALLS);
    expect(Object.values(stand().kernel.counts()).every(Number.isSafeInteger)).to.equal(true);
  });

  it('an answer stays as it was', () => {
    const before = stand().kernel.counts();
    const copy = { ...before };
    stand().hashOfMaps();
    expect(before).to.deep.equal(copy);
  });

  it('every operation makes its own commands grow, and none shrink', async () => {
    const { kernel } = stand();
    const outer = await grows(stand, ['create'], () => stand().hashOfMaps());
    const inner = await grows(stand, ['create', 'update_batch', 'freeze', 'pin'], () =>
      stand().inner('counted', { entries: numbered(0, 3), freeze: true }),
    );
    await grows(stand, ['update_batch'], () => kernel.replace(outer, u32(1, 2), [inner, inner]));
    await grows(stand, ['lookup_batch'], () => kernel.readOuter(outer));
    await grows(stand, ['delete_batch'], () => kernel.remove(outer, u32(1, 2)));
    await grows(stand, ['lookup_batch'], () => kernel.readInner([{ pin: stand().path('counted') }]));
    await grows(stand, ['obj_get'], () => stand().keep(kernel.open(stand().path('counted'))));
    await grows(stand, ['obj_get'], () => kernel.identify([stand().path('counted')]));
  });
}

async function grows<T>(
  stand: () => KernelFixture,
  calls: readonly BpfCall[],
  act: () => T | Promise<T>,
): Promise<T> {
  const before = stand().kernel.counts();
  const result = await act();
  const after: KernelCounts = stand().kernel.counts();
  for (const call of calls) expect(after[call], call).to.be.greaterThan(before[call]);
  for (const call of BPF_CALLS) expect(after[call], call).to.be.at.least(before[call]);
  return result;
}
