import type { NodeMapStateStatus, RetainedOuterMap } from '../../api/status.ts';
import type { RetainedLedger } from '../observed.ts';
import type { Wanted } from '../wanted.ts';
import type { Bpffs } from './onnode.ts';

/** The most that are listed; the others are counted. */
const LISTED = 100;

/** Before everything declared was read, no ledger is known to be undeclared. */
export function retainedOuterMaps(
  { complete, unreadable }: Wanted,
  ledgers: readonly RetainedLedger[],
  { onNode }: Bpffs,
): readonly RetainedOuterMap[] {
  if (!complete) return [];
  return ledgers
    .filter(({ name }) => unreadable?.has(name) !== true)
    .map(({ name, pin, innerMaps }) => ({
      name,
      innerMaps,
      ...(pin === undefined ? {} : { pin: `${onNode}/${pin}` }),
    }));
}

/** Their part of a node's state. */
export function retainedState(retained: readonly RetainedOuterMap[]): Pick<NodeMapStateStatus, 'retained'> {
  return retained.length === 0 ? {} : { retained: retained.slice(0, LISTED) };
}
