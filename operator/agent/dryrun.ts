import { type Desired, desiring, type Node } from '../core/desired/desired.ts';
import { type Plan, planning } from '../core/plan/plan.ts';
import type { Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { runSliced } from '../timing/sliced.ts';
import { emptyMemory } from './memory.ts';
import { observe } from './observe/observe.ts';

/** A turn up to its plan: reads the kernel and changes nothing. */
export async function dryRun(
  wanted: Wanted,
  kernel: Kernel,
  node: Node,
): Promise<{ readonly plan: Plan; readonly desired: Desired }> {
  const desired = await runSliced(desiring(wanted, node));
  const found = await observe(kernel, desired, emptyMemory(), { resync: true, contentShare: 0 });
  const { complete, releases, unreadable = new Set() } = wanted;
  const plan = await runSliced(planning(desired, found, { mayRemove: complete, releases, unreadable }));
  return { plan, desired };
}
