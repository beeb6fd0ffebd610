import type { Report } from './report.ts';

/** The last report with Ready False: a turn threw, so the state that it shows may be out of date. */
export function staleReport(last: Report, message: string, now: string): Report {
  const conditions = last.state.conditions.map(condition => {
    if (condition.type !== 'Ready') return condition;
    return {
      type: 'Ready',
      status: 'False',
      reason: 'KernelError',
      message: `Reconcile failed; the state shown is from the last successful turn: ${message}`,
      lastTransitionTime: condition.status === 'False' ? condition.lastTransitionTime : now,
    } as const;
  });
  return { ...last, state: { ...last.state, conditions } };
}
