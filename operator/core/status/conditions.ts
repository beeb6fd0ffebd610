import type { Reason } from '../../api/reason.ts';
import { type Condition, cutMessage, type NodeCounts } from '../../api/status.ts';
import type { NodeRollup } from './rollup.ts';

/** Whether an object is accepted. Unknown means that its contents have not been read yet. */
export interface Acceptance {
  readonly accepted: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

export interface ConditionInput {
  readonly acceptance: Acceptance;
  readonly rollup: NodeRollup;
  readonly generation: number;
  /** The conditions written last; transition times are carried over from them. */
  readonly before: readonly Condition[];
  /** RFC 3339. */
  readonly now: string;
}

type NewCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The conditions Accepted, Programmed and Ready, in this order. */
export function conditionsOf({
  acceptance,
  rollup,
  generation,
  before,
  now,
}: ConditionInput): readonly Condition[] {
  return [accepted(acceptance), programmed(acceptance, rollup), readiness(acceptance, rollup)].map(
    condition => {
      const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
      return {
        ...condition,
        message: cutMessage(condition.message),
        observedGeneration: generation,
        lastTransitionTime: same?.lastTransitionTime ?? now,
      };
    },
  );
}

export function countsOf({ desired, ready, failed, unknown, withoutAgent }: NodeRollup): NodeCounts {
  return { desired, ready, failed, unknown, withoutAgent, summary: `${ready}/${desired}` };
}

/** Whether the object is ready on every node that should have it. */
export function isReady({ accepted }: Acceptance, { desired, ready }: NodeRollup): boolean {
  return accepted === 'True' && desired > 0 && ready === desired;
}

function accepted({ accepted: status, reason, message }: Acceptance): NewCondition {
  return { type: 'Accepted', status, reason, message };
}

function programmed(acceptance: Acceptance, rollup: NodeRollup): NewCondition {
  const type = 'Programmed';
  if (acceptance.accepted !== 'True') return notAccepted(type, acceptance);
  if (rollup.desired === 0) return nowhere(type, rollup);
  const left = rollup.behind + rollup.unknown;
  if (left === 0)
    return { type, status: 'True', reason: 'Programmed', message: `${nodes(rollup.desired)} answered` };
  const message = [behindText(rollup), unknownText(rollup)].filter(text => text !== '').join('; ');
  return { type, status: 'False', reason: 'Progressing', message };
}

function readiness(acceptance: Acceptance, rollup: NodeRollup): NewCondition {
  const type = 'Ready';
  if (acceptance.accepted !== 'True') return notAccepted(type, acceptance);
  if (rollup.desired === 0) return nowhere(type, rollup);
  const first = rollup.failures[0];
  if (first !== undefined) {
    const message = `Failed on ${rollup.failed} of ${nodes(rollup.desired)}, the first is ${first.node}: ${first.message}`;
    return { type, status: 'False', reason: first.reason, message };
  }
  if (rollup.behind > 0) return { type, status: 'False', reason: 'Progressing', message: behindText(rollup) };
  if (rollup.unknown > 0)
    return { type, status: 'Unknown', reason: 'NodesNotReporting', message: unknownText(rollup) };
  const message = `As declared on ${nodes(rollup.desired)}${withoutText(rollup)}`;
  return { type, status: 'True', reason: 'Programmed', message };
}

function notAccepted(type: 'Programmed' | 'Ready', { reason, message }: Acceptance): NewCondition {
  return { type, status: 'False', reason, message };
}

function nowhere(type: 'Programmed' | 'Ready', rollup: NodeRollup): NewCondition {
  const message =
    rollup.withoutAgent === 0
      ? 'No node is selected: see nodeSelector here and in the OuterMap'
      : `No selected node has an agent${withoutText(rollup)}`;
  return { type, status: 'False', reason: 'NoMatchingNodes', message };
}

function behindText({ behind, desired, behindNodes }: NodeRollup): string {
  return behind === 0 ? '' : `${behind} of ${nodes(desired)} behind: ${listed(behindNodes, behind)}`;
}

function unknownText({ unknown, desired, unknownNodes }: NodeRollup): string {
  return unknown === 0
    ? ''
    : `${unknown} of ${nodes(desired)} not reporting: ${listed(unknownNodes, unknown)}`;
}

/** Ready says nothing of these nodes, so it names them. */
function withoutText({ withoutAgent, withoutAgentNodes }: NodeRollup): string {
  return withoutAgent === 0
    ? ''
    : `; no agent has reported from ${nodes(withoutAgent)}: ${listed(withoutAgentNodes, withoutAgent)}`;
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}

function listed(names: readonly string[], count: number): string {
  const more = count - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
