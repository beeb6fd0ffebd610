import type { DesiredInner } from '../desired/claim.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import type { OuterFound, Programmed, Reading } from '../found/found.ts';
import { innerPinName, TEMPORARY } from '../ledger.ts';
import type { MapSpec } from '../mapspec.ts';
import { type Comparison, type Difference, difference, isLRU, sameBytes } from './difference.ts';
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

/** What must be written so that every declared key holds what is declared. Order: as the keys are declared. */
export function keyChanges(name: string, desired: DesiredOuter, found: OuterFound): KeyChanges {
  const writes: Write[] = [];
  const proofs: Proof[] = [];
  let evicted = 0;
  for (const inner of desired.inners.values()) {
    const verdict = judge(inner, desired, found);
    if (verdict === undefined) continue;
    if (verdict.kind === 'proof') proofs.push({ keyHex: inner.keyHex, programmed: verdict.programmed });
    else {
      evicted += verdict.kind === 'edit' && isLRU(inner.spec.type as never) ? verdict.difference.missing : 0;
      writes.push(writeOf(name, inner, verdict, found));
    }
  }
  return { writes, proofs, evicted };
}

/** Keys whose inner map must be read before it can be judged: unknown ones, and those to be edited in place. */
export function keysToRead(
  desired: DesiredOuter,
  found: Pick<OuterFound, 'entries' | 'programmed'>,
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
function judge(inner: DesiredInner, desired: DesiredOuter, found: OuterFound): Verdict | undefined {
  const id = found.entries.get(inner.keyHex);
  const programmed = found.programmed.get(inner.keyHex);
  const cause = programmed?.inner === inner ? 'drift' : 'declared';
  if (id === undefined) return { kind: 'insert', cause };
  const reading = found.readings.get(id);
  if (reading !== undefined)
    return judgeReading(inner, id, reading, {
      desired,
      programmed,
      cause,
      ours: ownsKey(inner.key, id, found),
    });
  if (programmed === undefined || programmed.id !== id) return { kind: 'replace', cause };
  if (programmed.ours && !ownsKey(inner.key, id, found)) return { kind: 'replace', cause };
  if (programmed.inner === inner) return undefined;
  if (sameDeclaration(programmed.inner, inner))
    return { kind: 'proof', programmed: { ...programmed, inner } };
  return { kind: 'replace', cause };
}

interface Situation {
  readonly desired: DesiredOuter;
  readonly programmed: Programmed | undefined;
  readonly cause: Cause;
  readonly ours: boolean;
}

function judgeReading(
  inner: DesiredInner,
  id: number,
  reading: Reading,
  situation: Situation,
): Verdict | undefined {
  const { desired, programmed, cause, ours } = situation;
  if (reading.kind === 'unreadable') return { kind: 'replace', cause };
  if (!sameShape(inner, reading.spec) || inner.sealed !== reading.frozen) return { kind: 'replace', cause };
  if (programmed?.ours === true && programmed.id === id && !ours) return { kind: 'replace', cause };
  const proof = { id, inner, ours, seen: reading.entries };
  if (
    programmed?.inner === inner &&
    programmed.seen !== undefined &&
    sameBytes(programmed.seen, reading.entries)
  )
    return undefined;
  const differing = difference(inner.entries, reading.entries, comparisonOf(inner, desired, reading.entries));
  if (differing === undefined) return { kind: 'proof', programmed: proof };
  if (inner.update === 'InPlace' && ours)
    return { kind: 'edit', cause: causeOf(inner, differing, cause), id, difference: differing };
  if (onlyEvicted(inner, differing)) return { kind: 'proof', programmed: proof };
  return { kind: 'replace', cause };
}

/** With Swap, what an LRU map evicted is not put back: a swap would forget what programs use. */
function onlyEvicted(inner: DesiredInner, differing: Difference): boolean {
  return (
    isLRU(inner.spec.type as never) && inner.update === 'Swap' && differing.different + differing.extra === 0
  );
}

function causeOf(inner: DesiredInner, differing: Difference, cause: Cause): Cause {
  const onlyMissing = differing.different + differing.extra === 0;
  return isLRU(inner.spec.type as never) && onlyMissing ? 'declared' : cause;
}

export function comparisonOf(
  inner: DesiredInner,
  desired: DesiredOuter,
  found: { readonly count: number; readonly values: Uint8Array },
): Comparison {
  const { keySize, valueSize, type } = inner.spec;
  const declared = inner.entries;
  const stride =
    declared.count > 0
      ? declared.values.length / declared.count
      : found.count > 0
        ? found.values.length / found.count
        : valueSize;
  const { valueMask } = desired.layout;
  const mask = valueMask === undefined ? {} : { mask: repeated(valueMask, stride) };
  return { type: type as Comparison['type'], keySize, stride, exact: inner.exact, ...mask };
}

/** Per-CPU values stand one after the other, each rounded up to 8 bytes; what pads them is not compared. */
function repeated(mask: Uint8Array, stride: number): Uint8Array {
  if (stride === mask.length) return mask;
  const one = Math.ceil(mask.length / 8) * 8;
  const all = new Uint8Array(stride);
  for (let at = 0; at + one <= stride; at += one) all.set(mask, at);
  return all;
}

function sameShape(inner: DesiredInner, spec: MapSpec): boolean {
  const { type, keySize, valueSize, maxEntries, flags } = inner.spec;
  const sizes = spec.type === type && spec.keySize === keySize && spec.valueSize === valueSize;
  return sizes && spec.maxEntries === maxEntries && spec.flags === flags;
}

/** Whether two objects ask for the same map: labels, selectors or a new generation alone change nothing. */
function sameDeclaration(a: DesiredInner, b: DesiredInner): boolean {
  return (
    sameShape(a, b.spec) && a.sealed === b.sealed && a.exact === b.exact && sameBytes(a.entries, b.entries)
  );
}

function writeOf(
  outer: string,
  inner: DesiredInner,
  verdict: Exclude<Verdict, { kind: 'proof' }>,
  found: OuterFound,
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
    pinTaken: id !== undefined && ownsKey(inner.key, id, found),
  };
}

/** An inner pin whose id equals the outer entry's id proves the entry ours, under its temporary name too. */
export function ownsKey(key: Uint8Array, id: number, found: Pick<OuterFound, 'pins'>): boolean {
  const name = innerPinName(key);
  return found.pins.get(name) === id || found.pins.get(name + TEMPORARY) === id;
}
