import { type Acceptance, isReady } from './conditions.ts';
import type { WrittenStatus } from './facts.ts';
import type { Deletion, ObjectMemory, StatusInput } from './memory.ts';
import { sameRollup } from './rollup.ts';

/** An object whose status may differ from the one that is written. */
export interface StatusChange {
  readonly kind: 'InnerMap' | 'OuterMap';
  readonly id: string;
  /** The write must not be delayed: the object became ready, was rejected, or gained a node. */
  readonly urgent: boolean;
  /** The object is new, has a new generation or gained a node: a user waits for the result. */
  readonly fresh: boolean;
}

/** Receives each object whose status may have to be written. */
export type OnChange = (change: StatusChange) => void;

type Priority = Pick<StatusChange, 'urgent' | 'fresh'>;

/** How urgent the change is; undefined if the status is made from the same input as in the last turn. */
export function changeOf(
  { input: before, written }: ObjectMemory,
  input: StatusInput,
  grew: boolean,
): Priority | undefined {
  const isFresh = before?.uid !== input.uid || before.generation !== input.generation || grew;
  if (!isFresh && sameInput(before, input)) return undefined;
  return { urgent: isUrgent(written, input, grew), fresh: isFresh };
}

function sameInput(a: StatusInput, b: StatusInput): boolean {
  return (
    a.written === b.written &&
    a.deletion === b.deletion &&
    a.inners?.accepted === b.inners?.accepted &&
    a.inners?.digest === b.inners?.digest &&
    sameRollup(a.rollup, b.rollup) &&
    sameAcceptance(a.acceptance, b.acceptance)
  );
}

export function sameAcceptance(a: Acceptance | undefined, b: Acceptance | undefined): boolean {
  return a === b || (a?.accepted === b?.accepted && a?.reason === b?.reason && a?.message === b?.message);
}

function isUrgent(
  written: WrittenStatus,
  { generation, acceptance, rollup }: StatusInput,
  grew: boolean,
): boolean {
  const isCurrent = written.observedGeneration === generation;
  if (isReady(acceptance, rollup)) return !isCurrent || written.ready?.status !== 'True';
  if (acceptance.accepted === 'False') {
    const { accepted } = written;
    return !isCurrent || accepted?.status !== 'False' || accepted.reason !== acceptance.reason;
  }
  return grew && written.ready?.status === 'True';
}

/** Whether a held removal is not yet in the written status. */
export function isNewlyHeld({ written }: ObjectMemory, { rollup }: StatusInput): boolean {
  return rollup.failures[0]?.reason === 'RemovalHeld' && written.ready?.reason !== 'RemovalHeld';
}

/** Whether the written Ready is True but predates a deletion. Users check right after a deletion, so it cannot wait. */
export function isReadyStale({ input, written }: ObjectMemory, deletion: Deletion): boolean {
  return input !== undefined && input.deletion !== deletion && written.ready?.status === 'True';
}
