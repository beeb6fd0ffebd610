import { API_VERSION } from '../api/metadata.ts';
import type { Condition } from '../api/status.ts';
import type { WrittenStatus } from '../core/status/facts.ts';
import { conditionsIn } from '../core/status/statuses.ts';
import type { EventRecord } from '../kube/events.ts';
import type { ObjectKind } from './observer.ts';

export interface StatusSubject {
  readonly kind: ObjectKind;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

/** The events for a status that replaces another. Only transitions are reported. */
export function eventsBetween(
  subject: StatusSubject,
  before: WrittenStatus,
  after: WrittenStatus,
): readonly EventRecord[] {
  const accepted = transition('Accepted', before, after);
  const ready = transition('Ready', before, after);
  if (accepted?.status === 'False') return [eventOf(subject, 'Accept', accepted)];
  if (ready === undefined) return [];
  const isReported =
    ready.status === 'True' || before.ready?.status === 'True' || ready.reason === 'RemovalHeld';
  return isReported ? [eventOf(subject, 'Program', ready)] : [];
}

/** The condition if it changed: another status, a new hold, or another reason for a rejection. */
function transition(
  type: 'Accepted' | 'Ready',
  before: WrittenStatus,
  after: WrittenStatus,
): Condition | undefined {
  const [then, now] = type === 'Ready' ? [before.ready, after.ready] : [before.accepted, after.accepted];
  const isHeld = now?.reason === 'RemovalHeld' && then?.reason !== 'RemovalHeld';
  const isRejected = type === 'Accepted' && now?.status === 'False' && then?.reason !== now.reason;
  if (then?.status === now?.status && !isHeld && !isRejected) return undefined;
  return conditionsIn(after).find(condition => condition.type === type);
}

/** Reasons of Normal events. A change in progress needs no warning. */
const NORMAL = new Set<Condition['reason']>(['Programmed', 'Progressing']);

function eventOf(subject: StatusSubject, action: string, { reason, message }: Condition): EventRecord {
  const type = NORMAL.has(reason) ? 'Normal' : 'Warning';
  return { regarding: { apiVersion: API_VERSION, ...subject }, type, reason, action, note: message };
}
