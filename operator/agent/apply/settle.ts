import type { Step } from '../../core/plan/step.ts';
import type { Settling } from '../../kernel/kernel.ts';
import type { ApplyContext } from './context.ts';
import { attemptAll, done, failed, type Outcome } from './outcome.ts';

type SettlingStep = Extract<Step, { verb: 'settle' | 'unlink' }>;

/** Pins that a crash left between two names, or without an entry: any number of them, in their order. */
export function applySettlings(
  steps: readonly SettlingStep[],
  context: ApplyContext,
): Promise<readonly Outcome[]> {
  return attemptAll(steps, async () => {
    const failures = await context.kernel.settle(settlings(steps, context));
    return steps.map((step, at) => {
      const error = failures.get(at);
      return error === undefined ? done(step) : failed(step, error);
    });
  });
}

function* settlings(steps: readonly SettlingStep[], context: ApplyContext): Iterable<Settling> {
  const path = (outer: string, name: string): string => context.innerPin(outer, name);
  for (const step of steps)
    if (step.verb === 'unlink') yield { unlink: path(step.outer, step.pin) };
    else yield { rename: { from: path(step.outer, step.from), to: path(step.outer, step.to) } };
}
