import type { Reason } from '../../../api/reason.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import type { DesiredInner } from '../../desired/compile.ts';
import { sameEntries } from '../../entries.ts';
import { proofOf } from '../../ledger/innerpin.ts';
import { canBe, hasContents, isLRU, type MapSpec, mapSpecText } from '../../mapspec.ts';
import type { ComparisonResult, ObservedOuterMap, Programmed } from '../../observed.ts';
import { isMade, isOfAnother, lastProgrammed } from '../before.ts';
import type { Write } from '../step.ts';
import { givenBack } from './evicted.ts';

/** An inner map that others made, and that stays as it is though it is not known to be as declared. */
export interface Untouched {
  readonly outer: string;
  readonly inner: DesiredInner;
  readonly id: number;
  readonly reason: Reason;
  readonly message: string;
}

export type KeyVerdict =
  | Write
  | { readonly verb: 'proof'; readonly programmed: Programmed }
  | { readonly verb: 'none'; readonly untouched: Untouched };

export interface Judged extends ObservedOuterMap {
  /** Whether the inner map with this id is at two keys, whoever put it there: an edit at one would be one at the other. */
  readonly standsTwice: (id: number) => boolean;
}

/** Undefined: as declared, and known before. */
export function judge(outer: string, inner: DesiredInner, found: Judged): KeyVerdict | undefined {
  const id = found.entries.get(inner.keyHex);
  const programmed = found.programmed.get(inner.keyHex);
  const last = lastProgrammed(inner, found);
  const cause = last?.inner === inner ? 'drift' : 'declared';
  if (id === undefined) return { verb: 'insert', outer, inner, cause, pinTaken: false };
  const proof = proofOf(inner.keyHex, id, found);
  // Without a pin in the ledger nothing would prove our map ours after a restart
  const lost = programmed?.id === id && programmed.made && proof === undefined;
  const isForeign = isOfAnother(inner, id, found) || (proof?.sharer !== undefined && !inner.isShareable);
  const reading = lost || isForeign ? undefined : found.readings.get(inner.keyHex);
  const isKnown = programmed?.id === id && !lost && !isForeign;
  if (isKnown && programmed.inner === inner && reading === undefined) return undefined;
  const replace: Write = {
    ...({ verb: 'replace', outer, inner, cause, pinTaken: proof !== undefined } as const),
    ...(proof?.sharer === undefined ? {} : { sharer: proof.sharer }),
  };
  const made = isMade(inner.keyHex, id, found);
  const situation = { id, programmed, last, replace, made, found };
  if (reading !== undefined) return judgeReading(inner, reading, situation);
  if (!isKnown) return replace;
  if (sameDeclaration(programmed.inner, inner))
    return { verb: 'proof', programmed: { ...programmed, inner } };
  return made || hasContents(inner.spec.type)
    ? replace
    : unlessAsked(replace, id, otherLayout(programmed.inner.spec, inner));
}

interface Situation {
  readonly id: number;
  readonly programmed: Programmed | undefined;
  readonly last: Programmed | undefined;
  readonly replace: Write;
  readonly made: boolean;
  readonly found: Judged;
}

function judgeReading(
  inner: DesiredInner,
  reading: ComparisonResult,
  { id, programmed, last, replace, made, found }: Situation,
): KeyVerdict | undefined {
  if (reading.kind === 'otherMap')
    return made || hasContents(inner.spec.type)
      ? replace
      : unlessAsked(replace, id, otherLayout(reading.spec, inner));
  if (reading.kind === 'unreadable') {
    if (reading.passes === true) return unseen(replace, id, reading);
    // Where a map of ours was in this process's time, it is put right
    const isRepair = last?.made === true && hasContents(inner.spec.type);
    return made || isRepair ? replace : unlessAsked(replace, id, reading);
  }
  const proof = { verb: 'proof', programmed: { id, inner, made } } as const;
  if (reading.kind === 'same') return isProved(proof.programmed, programmed) ? undefined : proof;
  const difference = givenBack(inner, reading, sameAsBefore(inner, id, last) ? last : undefined);
  const onlyEvicted = isLRU(inner.spec.type) && difference.different + difference.extra === 0;
  // With Swap, evicted entries are not put back: a swap would forget those that programs use
  if (onlyEvicted && (inner.update === 'Swap' || difference.missing === 0))
    return provedShort(withTotal(proof.programmed, last), reading.difference.missing, programmed);
  if (inner.update !== 'InPlace' || found.standsTwice(id)) return replace;
  const { outer, cause } = replace;
  return { verb: 'edit', outer, inner, cause: onlyEvicted ? 'declared' : cause, id, difference };
}

type Why = Pick<Untouched, 'reason' | 'message'>;

/** It could not be looked at now: a later turn reads it again. */
function unseen({ outer, inner }: Write, id: number, { reason, message }: Why): KeyVerdict {
  return { verb: 'none', untouched: { outer, inner, id, reason, message } };
}

/** Somebody may read what is there, or write into it, and what is in it would be lost. */
function unlessAsked(replace: Write, id: number, { reason, message }: Why): KeyVerdict {
  const { outer, inner } = replace;
  if (inner.innerMap.spec.replaceUnreadable === true) return replace;
  const stays = `Inner map ${id}, which others made, stays as it is: ${message}`;
  return { verb: 'none', untouched: { outer, inner, id, reason, message: `${stays}; ${REPLACING}` } };
}

const REPLACING =
  'replaceUnreadable: true puts a new one in its place, and who holds this one open is alone with it';

function otherLayout(found: MapSpec, { spec }: DesiredInner): Why {
  const message = `it is ${mapSpecText(found)}, declared is ${mapSpecText(spec)}; declare it as it is`;
  return { reason: 'LayoutMismatch', message };
}

function sameAsBefore(inner: DesiredInner, id: number, last: Programmed | undefined): boolean {
  return last?.id === id && (last.inner === inner || sameDeclaration(last.inner, inner));
}

function withTotal(now: Programmed, last: Programmed | undefined): Programmed {
  return last?.total === undefined ? now : { ...now, total: last.total };
}

function provedShort(
  now: Programmed,
  missing: number,
  before: Programmed | undefined,
): KeyVerdict | undefined {
  const programmed = { ...now, held: now.inner.entries.count - missing };
  return isProved(programmed, before) ? undefined : { verb: 'proof', programmed };
}

function isProved(now: Programmed, before: Programmed | undefined): boolean {
  return (
    before !== undefined &&
    before.id === now.id &&
    before.inner === now.inner &&
    before.held === now.held &&
    before.made === now.made
  );
}

/** Whether two objects declare the same map: labels, selectors or a new generation alone change nothing. */
function sameDeclaration(a: DesiredInner, b: DesiredInner): boolean {
  const sameManner = a.sealed === b.sealed && a.exact === b.exact;
  return sameManner && sameMask(a, b) && canBe(a.spec, b.spec) && sameEntries(a.entries, b.entries);
}

/** Whether a proof by one is a proof by the other. */
export function sameMask({ valueMask: a }: DesiredInner, { valueMask: b }: DesiredInner): boolean {
  return a === b || (a !== undefined && b !== undefined && equalBytes(a, b));
}
