import { joined } from '../../core/items.ts';
import type { Plan } from '../../core/plan/plan.ts';
import type { Step } from '../../core/plan/step.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { ApplyContext, type BrakeNow } from './context.ts';
import { applyEdits } from './edit.ts';
import type { Outcome } from './outcome.ts';
import { applyOuterSteps } from './outer/outer.ts';
import { recreate, takeOver } from './outer/recreate.ts';
import { release } from './outer/release.ts';
import { applyClaims } from './pins/claim.ts';
import { applySettlings } from './pins/settle.ts';
import { applyRemovals } from './remove.ts';
import type { TypedOuters } from './types.ts';
import { applyWrites } from './write.ts';

/**
 * The one place that writes. Steps in the plan's order, steps of one kind together:
 * inserts and replacements in waves, removals by batch. A failure costs only the steps that build on it.
 */
export async function apply(
  plan: Plan,
  kernel: Kernel,
  { typed, ...brake }: Omit<BrakeNow, 'released'> & { readonly typed?: TypedOuters },
): Promise<readonly Outcome[]> {
  const context = new ApplyContext(kernel, { ...brake, released: plan.released }, typed);
  const outcomes: (readonly Outcome[])[] = [];
  try {
    for (const run of runsOf(plan.steps)) {
      const failure = context.failureOf(run[0]!.outer);
      outcomes.push(
        failure === undefined
          ? await appliedBy(run[0]!)(run, context)
          : run.map(step => ({ ...failure, step })),
      );
    }
  } finally {
    context.close();
  }
  return joined(outcomes);
}

/** Applies steps of one kind on one outer map. */
type ApplyRun = (run: readonly Step[], context: ApplyContext) => Promise<readonly Outcome[]>;

const APPLIED_BY = {
  insert: applyWrites,
  replace: applyWrites,
  claim: applyClaims,
  edit: applyEdits,
  remove: applyRemovals,
  settle: applySettlings,
  unlink: applySettlings,
  recreate,
  takeOver,
  letGo: release,
} as Partial<Record<Step['verb'], ApplyRun>>;

function appliedBy({ verb }: Step): ApplyRun {
  return APPLIED_BY[verb] ?? (applyOuterSteps as ApplyRun);
}

/** Consecutive steps of one kind on one outer map. */
function* runsOf(steps: readonly Step[]): Generator<readonly Step[]> {
  for (let from = 0, to = 0; from < steps.length; from = to) {
    const first = steps[from]!;
    const by = appliedBy(first);
    const isAlike = (step: Step) =>
      step.outer === first.outer && (step.verb === first.verb || appliedBy(step) === by);
    while (to < steps.length && isAlike(steps[to]!)) to++;
    yield steps.slice(from, to);
  }
}
