import { ledgerPaths, recordText } from '../../../core/ledgerrecord.ts';
import type { Step } from '../../../core/plan/step.ts';
import type { Kernel } from '../../../kernel/kernel.ts';
import { ledgerNamed } from '../../../ledger/ledger.ts';
import { removeLedger } from '../../../ledger/removal.ts';
import type { ApplyContext } from '../context.ts';
import { attemptAll, done, type Outcome } from '../outcome.ts';

type Release = Extract<Step, { verb: 'letGo' }>;

/** Removes everything that is ours of one outer map. A plan has one such step for each. */
export function release(steps: readonly Release[], { kernel }: ApplyContext): Promise<readonly Outcome[]> {
  const step = steps[0]!;
  return attemptAll(steps, async () => {
    releaseBrake(step, kernel);
    await removeLedger(kernel, ledgerNamed(kernel.pins, step.outer));
    return [done(step)];
  });
}

/**
 * The decision outlives a crash: to the brake, the rest would be another removal, with another token.
 * A new declaration of the outer map writes the record anew.
 */
function releaseBrake({ abandoned: { name, record } }: Release, { pins }: Kernel): void {
  if (record === undefined || ('percent' in record.maxRemoval && record.maxRemoval.percent === 100)) return;
  const released = { ...record, maxRemoval: { percent: 100 } };
  pins.writeRecord(ledgerPaths(pins.root, name).spec, recordText(released));
}
