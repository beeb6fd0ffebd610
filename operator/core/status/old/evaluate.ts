import { type Acceptance, isReady } from '../conditions.ts';
import type { Written } from '../facts.ts';
import { NO_NODES, type NodeRollup, sameRollup } from '../rollup/rollup.ts';
import { rollupOf } from '../rollup/watermarkindex.ts';
import { innerAcceptance, type Meeting, outerAcceptance } from './accepted.ts';
import { failingOf, ITSELF } from './failing.ts';
import type { InnerRecord, OuterRecord } from './memory.ts';
import { cohortOf, LATE_AFTER, type View } from './progress.ts';

/** An object whose status may have to be written anew. */
export interface Told {
  readonly kind: 'InnerMap' | 'OuterMap';
  readonly id: string;
  readonly urgent: boolean;
  /** Another generation, or a first sight: somebody waits for the answer. */
  readonly fresh: boolean;
}

export interface Looking extends View {
  readonly outers: ReadonlyMap<string, OuterRecord>;
  readonly meet: Meeting;
}

export interface Look {
  readonly verdict: Acceptance;
  readonly lot: NodeRollup;
  /** A node that was there before has come to be selected. */
  readonly grew: boolean;
}

/** What there is to tell of an InnerMap, if anything is new about it. */
export function evaluateInner(inner: InnerRecord, looking: Looking, now: number): Told | undefined {
  const look = lookAtInner(inner, looking, now);
  const { outer } = inner;
  const wasAccepted = inner.verdict?.accepted === 'True';
  outer.acceptedInners += Number(look.verdict.accepted === 'True') - Number(wasAccepted);
  outer.unsettled += isBehind(look.lot) - isBehind(inner.lot);
  if (!takeLook(inner, look)) return undefined;
  const fresh = inner.fresh || look.grew;
  inner.fresh = false;
  const { key, generation } = inner.facts;
  return { kind: 'InnerMap', id: key, urgent: isUrgent(inner.written, generation, look), fresh };
}

export function lookAtInner(inner: InnerRecord, looking: Looking, now: number): Look {
  const { outer, facts, goal, seenAt } = inner;
  const verdict = innerAcceptance(inner, looking);
  if (outer.facts === undefined) return { verdict, lot: NO_NODES, grew: false };
  const cohort = cohortOf(outer, facts.selector, looking);
  const isLate = now - seenAt >= LATE_AFTER;
  const lot = rollupOf(cohort.crowd, { version: goal, isLate }, failingOf(outer, cohort, facts.key));
  if (lot.behind > 0 && !isLate) outer.recheckAt = Math.min(outer.recheckAt, seenAt + LATE_AFTER);
  return { verdict, lot, grew: cohort.grewAt === outer.looks };
}

export function evaluateOuter(outer: OuterRecord, looking: Looking, now: number): Told | undefined {
  if (outer.facts === undefined) return undefined;
  judgeOuter(outer, looking);
  const look = lookAtOuter(outer, looking, now);
  const sums = `${outer.acceptedInners} ${outer.digest.text}`;
  if (sums !== outer.sums) outer.touched = true;
  outer.sums = sums;
  const wasDeleted = outer.deleted;
  outer.deleted = false;
  if (!takeLook(outer, look) && !wasDeleted) return undefined;
  const { written, facts, name, fresh } = outer;
  const isHeld = look.lot.failures[0]?.reason === 'RemovalHeld' && written.ready?.reason !== 'RemovalHeld';
  const gates = wasDeleted && written.ready?.status === 'True';
  const urgent = isHeld || gates || isUrgent(written, facts.generation, look);
  outer.fresh = false;
  return { kind: 'OuterMap', id: name, urgent, fresh: fresh || gates || look.grew };
}

/** Before its InnerMaps are: they are taken only where it is. */
export function judgeOuter(outer: OuterRecord, { outers, meet }: Looking): void {
  const pin = outer.facts?.outerMap?.spec.pin;
  const others = pin === undefined ? [] : samePin(pin, outers.values());
  const verdict = outerAcceptance(outer, others, meet);
  if (!sameVerdict(outer.verdict, verdict)) outer.touched = true;
  outer.verdict = verdict;
}

export function lookAtOuter(outer: OuterRecord, looking: Looking, now: number): Look {
  const cohort = cohortOf(outer, undefined, looking);
  const seenAt = outer.deletion?.seenAt ?? now;
  const isLate = now - seenAt >= LATE_AFTER;
  const goal = { version: outer.deletion?.goal ?? 0, isLate, failsBefore: true };
  const lot = rollupOf(cohort.crowd, goal, failingOf(outer, cohort, ITSELF));
  if (lot.behind > 0 && !isLate) outer.recheckAt = Math.min(outer.recheckAt, seenAt + LATE_AFTER);
  return { verdict: outer.verdict!, lot, grew: cohort.grewAt === outer.looks };
}

function* samePin(pin: string, outers: Iterable<OuterRecord>): Iterable<OuterRecord> {
  for (const outer of outers) if (outer.facts?.outerMap?.spec.pin === pin) yield outer;
}

function isBehind(lot: NodeRollup | undefined): number {
  return Number(lot !== undefined && lot.behind > 0);
}

/** Whether there is anything new about it. */
function takeLook(record: InnerRecord | OuterRecord, { verdict, lot, grew }: Look): boolean {
  const isNew =
    record.touched ||
    record.lot === undefined ||
    !sameRollup(record.lot, lot) ||
    !sameVerdict(record.verdict, verdict) ||
    grew;
  record.touched = false;
  record.lot = lot;
  record.verdict = verdict;
  return isNew;
}

function sameVerdict(a: Acceptance | undefined, b: Acceptance): boolean {
  return a?.accepted === b.accepted && a.reason === b.reason && a.message === b.message;
}

/** What must not be put off: that it is ready, that it cannot be taken, that a node came to it. */
function isUrgent(written: Written, generation: number, { verdict, lot, grew }: Look): boolean {
  const isOfThis = written.observedGeneration === generation;
  if (isReady(verdict, lot)) return !isOfThis || written.ready?.status !== 'True';
  if (verdict.accepted === 'False') {
    const { accepted } = written;
    return !isOfThis || accepted?.status !== 'False' || accepted.reason !== verdict.reason;
  }
  return grew && written.ready?.status === 'True';
}
