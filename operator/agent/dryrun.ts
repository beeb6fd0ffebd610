import { type Desired, desiring, type Node } from '../core/desired/desired.ts';
import { type Plan, planning } from '../core/plan/plan.ts';
import type { Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { NODE_CLOCK } from '../timing/clock.ts';
import { runSliced } from '../timing/sliced.ts';
import { emptyMemory, recentlyRemoved } from './memory.ts';
import { observe } from './observe/observe.ts';

/** A turn up to its plan: reads the kernel and changes nothing. */
export async function dryRun(
  wanted: Wanted,
  kernel: Kernel,
  node: Node,
): Promise<{ readonly plan: Plan; readonly desired: Desired }> {
  const desired = await runSliced(desiring(wanted, node));
  const memory = emptyMemory();
  const found = await observe(kernel, desired, memory, { resync: true, contentShare: 0 });
  const { complete, releases, unreadable = new Set() } = wanted;
  const removed = recentlyRemoved(memory, NODE_CLOCK.uptime());
  const policy = { mayRemove: complete, releases, unreadable, recentlyRemoved: removed };
  const plan = await runSliced(planning(desired, found, policy));
  return { plan, desired };
}
