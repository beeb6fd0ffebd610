import type { Step } from '../../../core/plan/step.ts';
import type { Settling } from '../../../kernel/kernel.ts';
import type { ApplyContext } from '../context.ts';
import { attemptAll, done, failed, type Outcome } from '../outcome.ts';

type SettlingStep = Extract<Step, { verb: 'settle' | 'unlink' }>;

/** Pins that a crash left between two names, or without an entry: any number of them, in their order. */
export function applySettlings(
  steps: readonly SettlingStep[],
  context: ApplyContext,
): Promise<readonly Outcome[]> {
  return attemptAll(steps, async () => {
    const { inner } = context.paths(steps[0]!.outer);
    const failures = await context.kernel.settle(inner, settlings(steps));
    return steps.map((step, at) => {
      const error = failures.get(at);
      return error === undefined ? done(step) : failed(step, error);
    });
  });
}

function* settlings(steps: readonly SettlingStep[]): Iterable<Settling> {
  for (const step of steps)
    yield step.verb === 'unlink' ? { unlink: step.pin } : { rename: { from: step.from, to: step.to } };
}
