import type { Condition } from '../../api/status.ts';
import { counted } from '../plan/print.ts';
import { heldText, type ObjectFailure, retirementsFailed } from './failures.ts';
import type { ReportInput } from './nodereport.ts';
import { asOnNode } from './onnode.ts';

/** Pure: Ready and Drifted of a node, with the time of their last change. */
export function conditionsOf(turned: ReportInput, fates: readonly ObjectFailure[]): readonly Condition[] {
  const before = turned.previous?.state.conditions ?? [];
  return [readiness(turned, fates), drifted(turned)].map(condition => {
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? turned.now };
  });
}

type Untimed = Omit<Condition, 'lastTransitionTime'>;

function readiness(
  { wanted, desired, plan, steps, bpffs }: ReportInput,
  fates: readonly ObjectFailure[],
): Untimed {
  const held = plan.held[0];
  const first = fates[0];
  const not = (reason: Untimed['reason'], message: string): Untimed => ({
    type: 'Ready',
    status: 'False',
    reason,
    message,
  });
  if (held !== undefined)
    return not('RemovalHeld', `${held.outer}: ${heldText(held, lotOf(held.outer, desired))}`);
  if (!wanted.complete)
    return not('Pending', 'What is wanted has not been read whole yet: nothing is removed until it is');
  if (first !== undefined)
    return not(
      first.reason,
      `${counted(fates.length, 'object is', 'objects are')} not as declared: ${first.object.metadata.name}, ${first.message}`,
    );
  const staying = retirementsFailed(steps)[0];
  if (staying !== undefined)
    return not(staying.reason, `${staying.outer} cannot be let go: ${asOnNode(bpffs, staying.message)}`);
  const refusal = wanted.refusals[0];
  if (refusal !== undefined) return not('Pending', `${refusal.origin}: ${refusal.message}`);
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Programmed',
    message: 'The kernel holds what is declared',
  };
}

function lotOf(outer: string, { outers }: ReportInput['desired']): 'declared' | 'undeclared' {
  return outers.has(outer) ? 'declared' : 'undeclared';
}

function drifted({ driftNow, drift }: ReportInput): Untimed {
  const message = `${counted(drift.found, 'difference')} found, ${drift.repaired} repaired since the start`;
  if (driftNow > 0) return { type: 'Drifted', status: 'True', reason: 'Progressing', message };
  return { type: 'Drifted', status: 'False', reason: 'Programmed', message };
}
