import { sinceChange } from './conditions.ts';
import type { Report } from './report.ts';

/** The last report, with a Ready that is False: a turn threw, and no turn has ended since. */
export function staleReport(last: Report, message: string, now: string): Report {
  const failed = {
    type: 'Ready',
    status: 'False',
    reason: 'KernelError',
    message: `Reconcile failed; the state shown is from the last successful turn: ${message}`,
    lastTransitionTime: now,
  } as const;
  const before = last.state.conditions;
  const conditions = before.map(condition => (condition.type === 'Ready' ? failed : condition));
  return { ...last, state: { ...last.state, conditions: sinceChange(conditions, before) } };
}
