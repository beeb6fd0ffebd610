import type { DesiredInner } from '../desired/compile.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import { sameEntries } from '../entries.ts';
import { ownsKey } from '../ledgerrecord.ts';
import { isLRU } from '../mapspec.ts';
import type { ComparisonResult, ObservedOuterMap, Programmed } from '../observed.ts';
import { every, type Steps } from '../steps.ts';
import { sameShape } from './compared.ts';
import type { Difference } from './difference.ts';
import type { Cause, Step } from './step.ts';

type Write = Extract<Step, { verb: 'insert' | 'replace' | 'edit' }>;

/** A key that is as declared, with what was read: remembered, so that the next look is cheap. */
export interface Proof {
  readonly keyHex: string;
  readonly programmed: Programmed;
}

export interface KeyChanges {
  readonly writes: readonly Write[];
  readonly proofs: readonly Proof[];
  /** Entries that an LRU map evicted; put back without being called drift. */
  readonly evicted: number;
}

/** To compare so many entries takes as long as all the rest of judging a key. */
const COMPARED = 1000;

/** What must be written so that every declared key holds what is declared, in any order. */
export function* keyChanges(name: string, desired: DesiredOuter, found: ObservedOuterMap): Steps<KeyChanges> {
  const writes: Write[] = [];
  const proofs: Proof[] = [];
  let evicted = 0;
  const due = every();
  for (const inner of desired.inners.values()) {
    if (due(1 + inner.entries.count / COMPARED)) yield;
    const verdict = judge(inner, found);
    if (verdict === undefined) continue;
    if (verdict.kind === 'proof') proofs.push({ keyHex: inner.keyHex, programmed: verdict.programmed });
    else {
      evicted += verdict.kind === 'edit' && isLRU(inner.spec.type) ? verdict.difference.missing : 0;
      writes.push(writeOf(name, inner, verdict, found));
    }
  }
  return { writes, proofs, evicted };
}

/** Keys whose inner map must be read before it can be judged: unknown ones, and those to be edited in place. */
export function keysToRead(
  desired: DesiredOuter,
  found: Pick<ObservedOuterMap, 'entries' | 'programmed'>,
  due: ReadonlySet<string>,
): string[] {
  const keys: string[] = [];
  for (const inner of desired.inners.values()) {
    const id = found.entries.get(inner.keyHex);
    if (id === undefined) continue;
    const programmed = found.programmed.get(inner.keyHex);
    const known = programmed !== undefined && programmed.id === id;
    const changed = known && programmed.inner !== inner && inner.update === 'InPlace';
    if (!known || changed || due.has(inner.keyHex)) keys.push(inner.keyHex);
  }
  return keys;
}

type Verdict =
  | { readonly kind: 'insert' | 'replace'; readonly cause: Cause }
  | { readonly kind: 'edit'; readonly cause: Cause; readonly id: number; readonly difference: Difference }
  | { readonly kind: 'proof'; readonly programmed: Programmed };

/** Undefined: as declared, and known before. */
function judge(inner: DesiredInner, found: ObservedOuterMap): Verdict | undefined {
  const id = found.entries.get(inner.keyHex);
  const programmed = found.programmed.get(inner.keyHex);
  const cause = programmed?.inner === inner ? 'drift' : 'declared';
  if (id === undefined) return { kind: 'insert', cause };
  const ours = ownsKey(inner.keyHex, id, found.pins);
  // The ledger's pin was taken away: without it nothing proves the entry ours after a restart
  if (programmed?.id === id && programmed.ours && !ours) return { kind: 'replace', cause };
  const reading = found.readings.get(inner.keyHex);
  if (reading !== undefined) return judgeReading(inner, reading, { id, programmed, cause, ours });
  if (programmed === undefined || programmed.id !== id) return { kind: 'replace', cause };
  if (programmed.inner === inner) return undefined;
  if (sameDeclaration(programmed.inner, inner))
    return { kind: 'proof', programmed: { ...programmed, inner } };
  return { kind: 'replace', cause };
}

interface Situation {
  readonly id: number;
  readonly programmed: Programmed | undefined;
  readonly cause: Cause;
  readonly ours: boolean;
}

function judgeReading(
  inner: DesiredInner,
  reading: ComparisonResult,
  situation: Situation,
): Verdict | undefined {
  const { id, programmed, cause, ours } = situation;
  if (reading.kind === 'unreadable' || reading.kind === 'otherMap') return { kind: 'replace', cause };
  const proof = { kind: 'proof', programmed: { id, inner, ours, seen: reading.seen } } as const;
  if (reading.kind === 'same') return isProved(proof.programmed, programmed) ? undefined : proof;
  const { difference } = reading;
  if (inner.update === 'InPlace' && ours)
    return { kind: 'edit', cause: causeOf(inner, difference, cause), id, difference };
  return onlyEvicted(inner, difference) ? proof : { kind: 'replace', cause };
}

function isProved(now: Programmed, before: Programmed | undefined): boolean {
  return (
    before !== undefined &&
    before.id === now.id &&
    before.inner === now.inner &&
    before.seen === now.seen &&
    before.ours === now.ours
  );
}

/** With Swap, what an LRU map evicted is not put back: a swap would forget what programs use. */
function onlyEvicted(inner: DesiredInner, differing: Difference): boolean {
  return isLRU(inner.spec.type) && inner.update === 'Swap' && differing.different + differing.extra === 0;
}

function causeOf(inner: DesiredInner, differing: Difference, cause: Cause): Cause {
  const onlyMissing = differing.different + differing.extra === 0;
  return isLRU(inner.spec.type) && onlyMissing ? 'declared' : cause;
}

/** Whether two objects ask for the same map: labels, selectors or a new generation alone change nothing. */
function sameDeclaration(a: DesiredInner, b: DesiredInner): boolean {
  return (
    sameShape(a, b.spec) && a.sealed === b.sealed && a.exact === b.exact && sameEntries(a.entries, b.entries)
  );
}

function writeOf(
  outer: string,
  inner: DesiredInner,
  verdict: Exclude<Verdict, { kind: 'proof' }>,
  found: ObservedOuterMap,
): Write {
  const { cause } = verdict;
  if (verdict.kind === 'edit')
    return { verb: 'edit', outer, inner, cause, id: verdict.id, difference: verdict.difference };
  const id = found.entries.get(inner.keyHex);
  return {
    verb: verdict.kind,
    outer,
    inner,
    cause,
    pinTaken: id !== undefined && ownsKey(inner.keyHex, id, found.pins),
  };
}
