import type { Condition } from '../../api/status.ts';
import { counted } from '../plan/print.ts';
import type { Wanted } from '../wanted.ts';
import { type FailureCause, heldText, type ObjectFailure, retirementsFailed } from './failures.ts';
import type { ReportInput } from './nodereport.ts';
import { asOnNode } from './onnode.ts';

/** Pure: Ready and Drifted of a node, with the time of their last change. */
export function nodeConditionsOf(
  turned: ReportInput,
  failures: readonly ObjectFailure[],
): readonly Condition[] {
  const conditions = [readiness(turned, failures), drifted(turned)].map(condition => ({
    ...condition,
    lastTransitionTime: turned.now,
  }));
  return sinceChange(conditions, turned.previous?.state.conditions);
}

/** Conditions with the earlier time where the status did not change. */
export function sinceChange(
  conditions: readonly Condition[],
  before: readonly Condition[] = [],
): readonly Condition[] {
  return conditions.map(condition => {
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, lastTransitionTime: (same ?? condition).lastTransitionTime };
  });
}

type Untimed = Omit<Condition, 'lastTransitionTime'>;

function readiness(turned: ReportInput, failures: readonly ObjectFailure[]): Untimed {
  const cause = causeOf(turned, failures);
  if (cause !== undefined) return { type: 'Ready', status: 'False', ...cause };
  const message = 'The kernel holds what is declared';
  return { type: 'Ready', status: 'True', reason: 'Programmed', message };
}

/** Why a node is not ready; undefined where it is. */
function causeOf(
  { wanted, desired, plan, failed, bpffs }: ReportInput,
  failures: readonly ObjectFailure[],
): FailureCause | undefined {
  const held = plan.held[0];
  if (held !== undefined) {
    const outerMap = desired.outers.has(held.outer) ? 'declared' : 'undeclared';
    return { reason: 'RemovalHeld', message: `${held.outer}: ${heldText(held, outerMap)}` };
  }
  if (!wanted.complete) {
    return { reason: 'Pending', message: incompleteText(wanted) };
  }
  const first = failures[0];
  if (first !== undefined) {
    const many = counted(failures.length, 'object is', 'objects are');
    const message = `${many} not as declared: ${first.object.metadata.name}, ${first.message}`;
    return { reason: first.reason, message };
  }
  const staying = retirementsFailed(failed)[0];
  if (staying !== undefined) {
    const message = `${staying.outer} cannot be let go: ${asOnNode(bpffs, staying.message)}`;
    return { reason: staying.reason, message };
  }
  const refusal = wanted.refusals[0];
  return refusal && { reason: 'Pending', message: `${refusal.origin}: ${refusal.message}` };
}

/** Why nothing is removed now. */
function incompleteText({ hiding = [], refusals }: Wanted): string {
  const [file] = hiding;
  if (file === undefined) return 'What is wanted has not been read whole yet: nothing is removed until it is';
  const mistake = refusals.find(({ origin }) => origin === file || origin.startsWith(`${file}:`));
  const others = hiding.length === 1 ? '' : ` (and of ${hiding.length - 1} more)`;
  const text = `Nothing is removed until everything in ${file}${others} is taken, it may declare what is in the kernel`;
  return mistake === undefined ? text : `${text}: ${mistake.message}`;
}

/** True until everything was checked again, and found as declared: a repair within a turn could not be seen otherwise. */
function drifted({ driftNow, drift, lastDrift }: ReportInput): Untimed {
  const counts = `${counted(drift.found, 'difference')} found, ${drift.repaired} repaired since the start`;
  if (lastDrift === undefined)
    return { type: 'Drifted', status: 'False', reason: 'Programmed', message: counts };
  const reason = driftNow > 0 ? 'Progressing' : 'Programmed';
  return { type: 'Drifted', status: 'True', reason, message: `${counts}; the last: ${lastDrift}` };
}
