import { idRecord } from '../../../core/ledger/innerpin.ts';
import { innerPinName } from '../../../core/ledgerrecord.ts';
import type { Step } from '../../../core/plan/step.ts';
import { KernelError } from '../../../kernel/error.ts';
import type { Kernel, OpenMap } from '../../../kernel/kernel.ts';
import { PRIVATE_MODE } from '../../../kernel/pins.ts';
import { forEachSliced } from '../../../timing/sliced.ts';
import type { ApplyContext } from '../context.ts';
import { attemptAll, attemptOutcome, type Outcome } from '../outcome.ts';
import { LEDGER_MODE } from '../outer/outer.ts';

type Claim = Extract<Step, { verb: 'claim' }>;

/** Inner maps that others made get a place in the ledger, which proves them ours: a pin, or the record of an id. */
export async function applyClaims(
  steps: readonly Claim[],
  context: ApplyContext,
): Promise<readonly Outcome[]> {
  return attemptAll(steps, async () => {
    context.kernel.pins.makeDirectory(context.paths(steps[0]!.outer).inner, PRIVATE_MODE);
    const outcomes: Outcome[] = [];
    await forEachSliced(steps, step => outcomes.push(attemptOutcome(step, () => claimed(step, context))));
    return outcomes;
  });
}

function claimed(step: Claim, context: ApplyContext): Outcome {
  const { outer, inner, id } = step;
  const { pins } = context.kernel;
  const path = context.innerPin(outer, innerPinName(inner.keyHex));
  const map = opened(context.kernel, id);
  if (map === undefined) {
    pins.writeRecord(path, idRecord(id));
    return { step, ok: true, id, recorded: true };
  }
  try {
    pins.pin(map, path, LEDGER_MODE);
  } finally {
    map.close();
  }
  return { step, ok: true, id };
}

/** Undefined without CAP_SYS_ADMIN. */
function opened(kernel: Kernel, id: number): OpenMap | undefined {
  try {
    return kernel.openById(id);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'EPERM') return undefined;
    throw error;
  }
}
