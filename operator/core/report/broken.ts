import type { Report } from './report.ts';

/** The last report, with the truth that it is no longer known to be true: a turn threw, and none has ended since. */
export function staleReport(last: Report, message: string, now: string): Report {
  const broken = {
    type: 'Ready',
    status: 'False',
    reason: 'KernelError',
    message: `Turn broke off, what is shown is from before: ${message}`,
  } as const;
  const conditions = last.state.conditions.map(condition => {
    if (condition.type !== 'Ready') return condition;
    const lastTransitionTime = condition.status === 'False' ? condition.lastTransitionTime : now;
    return { ...broken, lastTransitionTime };
  });
  return { ...last, state: { ...last.state, conditions } };
}
