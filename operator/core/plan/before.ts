import type { DesiredInner } from '../desired/compile.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import type { Entries } from '../entries.ts';
import { proofOf } from '../ledger/innerpin.ts';
import { ownsKey } from '../ledgerrecord.ts';
import type { ObservedOuterMap, Programmed } from '../observed.ts';

/** Comparing so many entries takes as long as the rest of the verdict on a key. */
export const COMPARED = 1000;

/**
 * What the inner map at the key of `inner` had before a write of it; undefined where that is nobody's loss: what another
 * InnerMap declared goes with it. What was declared counts, not what others wrote; after a restart nothing tells it, and
 * what was read counts, where nobody else may write.
 */
export function entriesBefore(inner: DesiredInner, found: ObservedOuterMap): Entries | undefined {
  const id = found.entries.get(inner.keyHex);
  if (id === undefined || isOfAnother(inner, id, found)) return undefined;
  const last = lastProgrammed(inner, found);
  if (last?.id === id) return last.inner.entries;
  return inner.exact ? entriesRead(inner, found) : undefined;
}

/** The inner maps that a plan must look at: the others are declared as they were, and were as declared. */
export function unsettled(
  { inners, since }: Pick<DesiredOuter, 'inners' | 'since'>,
  { settled }: Pick<ObservedOuterMap, 'settled'>,
): Iterable<DesiredInner> {
  if (settled === undefined) return inners.values();
  if (settled === inners) return [];
  return since?.inners === settled ? since.changed : inners.values();
}

/** What this process programmed at the key last, whether or not that must be read again. */
export function lastProgrammed(
  { keyHex }: DesiredInner,
  { programmed, doubted }: ObservedOuterMap,
): Programmed | undefined {
  return programmed.get(keyHex) ?? doubted.get(keyHex);
}

/** What was read there. Where that is as declared, the declaration has it: bytes that do not count aside. */
export function entriesRead(
  { keyHex, entries }: DesiredInner,
  { readings }: ObservedOuterMap,
): Entries | undefined {
  const reading = readings.get(keyHex);
  if (reading === undefined || reading.kind === 'unreadable') return undefined;
  return reading.kind === 'same' ? entries : reading.seen;
}

/**
 * An inner map that was made for another object is not taken over, whatever is in it: what another wrote, or a program for
 * it, would live on, and its name would tell the next start a wrong owner.
 */
export function isOfAnother(inner: DesiredInner, id: number, found: Owners): boolean {
  return (ownerAt(inner.keyHex, id, found) ?? inner.owner) !== inner.owner;
}

/** Whether the inner map at a key is ours and was made by this operator, not found there: then its name tells for whom. */
export function isMade(keyHex: string, id: number, found: Pick<Owners, 'owners' | 'pins'>): boolean {
  return ownsKey(keyHex, id, found.pins) && found.owners.has(id);
}

type Owners = Pick<ObservedOuterMap, 'owners' | 'taken' | 'pins' | 'sharers'>;

/**
 * Whose the inner map at a key is: where it was made for several keys, the key's own pin tells it, else its name. One that
 * was made for several, and that somebody else put at a further key, is nobody's. One that somebody else made is whose it
 * was found to be, key by key.
 */
export function ownerAt(keyHex: string, id: number, found: Owners): string | undefined {
  const sharer = found.sharers.size === 0 ? undefined : proofOf(keyHex, id, found)?.sharer;
  const taken = found.taken.get(keyHex);
  return sharer ?? found.owners.get(id) ?? (taken?.id === id ? taken.owner : undefined);
}
