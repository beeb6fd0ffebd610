import { type Desired, desiredState, type Node } from '../core/desired/desired.ts';
import { type Plan, planBetween } from '../core/plan/plan.ts';
import type { Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { emptyMemory } from './memory.ts';
import { observe } from './observe/observe.ts';

/** A turn up to its plan: reads the kernel, changes nothing. */
export async function dryRun(
  wanted: Wanted,
  kernel: Kernel,
  node: Node,
): Promise<{ readonly plan: Plan; readonly desired: Desired }> {
  const desired = desiredState(wanted, node);
  const found = await observe(kernel, desired, emptyMemory(), { resync: true, contentShare: 0 });
  const plan = planBetween(desired, found, { mayRemove: wanted.complete, releases: wanted.releases });
  return { plan, desired };
}
