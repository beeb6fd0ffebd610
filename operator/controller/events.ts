import { API_VERSION } from '../api/metadata.ts';
import type { Condition } from '../api/status.ts';
import type { WrittenCondition, WrittenStatus } from '../core/status/facts.ts';
import { conditionsIn } from '../core/status/statuses.ts';
import type { EventRecord } from '../kube/events.ts';
import type { ObjectKind } from './observer.ts';

export interface StatusSubject {
  readonly kind: ObjectKind;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

/** The events for a status that replaces another: it became accepted or ready, or no longer is, or fails for another reason. */
export function eventsBetween(
  subject: StatusSubject,
  before: WrittenStatus,
  after: WrittenStatus,
): readonly EventRecord[] {
  const { accepted, ready } = after;
  if (accepted?.status === 'False' && isOther(before.accepted, accepted))
    return eventOf(subject, 'Accept', after);
  if (ready === undefined || !isOther(before.ready, ready)) return [];
  const isReported = ready.status === 'True' || before.ready?.status === 'True' || isFailure(ready);
  return isReported ? eventOf(subject, 'Program', after) : [];
}

/** Another status; of what is not True, another reason too. */
function isOther(then: WrittenCondition | undefined, now: WrittenCondition): boolean {
  return then?.status !== now.status || (now.status !== 'True' && then.reason !== now.reason);
}

/** A new object that nodes have not answered for yet has not failed. */
function isFailure({ reason }: WrittenCondition): boolean {
  return !NORMAL.has(reason) && reason !== 'Pending';
}

/** Reasons of Normal events. A change in progress needs no warning. */
const NORMAL = new Set<Condition['reason']>(['Programmed', 'Progressing']);

function eventOf(
  subject: StatusSubject,
  action: 'Accept' | 'Program',
  after: WrittenStatus,
): readonly EventRecord[] {
  const about = action === 'Accept' ? 'Accepted' : 'Ready';
  return conditionsIn(after)
    .filter(({ type }) => type === about)
    .map(({ reason, message: note }) => {
      const type = NORMAL.has(reason) ? 'Normal' : 'Warning';
      return { regarding: { apiVersion: API_VERSION, ...subject }, type, reason, action, note };
    });
}
