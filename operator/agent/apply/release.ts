import { ledgerPaths, recordText } from '../../core/ledgerrecord.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { ledgerNamed } from '../../ledger/ledger.ts';
import { takeAway } from '../../ledger/removal.ts';
import { done, failed, type Outcome } from './outcome.ts';

type LetGo = Extract<Step, { verb: 'letGo' }>;

/** Takes away all that is ours of one outer map. */
export async function release(step: LetGo, kernel: Kernel): Promise<Outcome> {
  try {
    releaseBrake(step, kernel);
    await takeAway(kernel, ledgerNamed(kernel.pins, step.outer));
    return done(step);
  } catch (error) {
    if (error instanceof KernelError) return failed(step, error);
    throw error;
  }
}

/**
 * What was decided stays decided: after a crash in the middle, the rest would be another removal to the brake,
 * with another token. Whoever declares the outer map anew writes the record anew.
 */
function releaseBrake({ abandoned: { name, record } }: LetGo, { pins }: Kernel): void {
  if (record === undefined || ('percent' in record.maxRemoval && record.maxRemoval.percent === 100)) return;
  const released = { ...record, maxRemoval: { percent: 100 } };
  pins.writeRecord(ledgerPaths(pins.root, name).spec, recordText(released));
}
