import { type HeldEntries, heldEntries } from '../brake/entries.ts';
import { equalBytes } from '../bytes/bytes.ts';
import type { DesiredInner } from '../desired/compile.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import { sameEntries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { proofOf } from '../ledger/innerpin.ts';
import { canBe, isLRU } from '../mapspec.ts';
import type { ComparisonResult, ObservedOuterMap, Programmed } from '../observed.ts';
import { every, type Steps } from '../steps.ts';
import { COMPARED, entriesBefore, entriesRead, isOfAnother, lastProgrammed, unsettled } from './before.ts';
import { givenBack } from './evicted.ts';
import type { Write } from './step.ts';

/** A key that is as declared: remembered, so that it need not be read again. */
export interface Proof {
  readonly keyHex: string;
  readonly programmed: Programmed;
}

export interface KeyChanges {
  readonly writes: WritesByVerb;
  /** Writes that take too many entries away at once. */
  readonly held: readonly { readonly write: Write; readonly held: HeldEntries }[];
  readonly proofs: readonly Proof[];
  /** Entries that an LRU map evicted: they are put back, and are no drift. */
  readonly evicted: number;
}

export type WritesByVerb = Readonly<Record<Write['verb'], Write[]>>;

/** The writes after which every declared key is as declared, in no particular order. */
export function* keyChanges(name: string, desired: DesiredOuter, found: ObservedOuterMap): Steps<KeyChanges> {
  const writes: WritesByVerb = { insert: [], replace: [], edit: [] };
  const held: { readonly write: Write; readonly held: HeldEntries }[] = [];
  const proofs: Proof[] = [];
  const limit = { outer: name, maxRemoval: desired.outerMap.spec.maxRemoval };
  let evicted = 0;
  const take = (inner: DesiredInner, verdict: Verdict): void => {
    if (verdict.verb === 'proof') {
      proofs.push({ keyHex: inner.keyHex, programmed: verdict.programmed });
      return;
    }
    evicted += verdict.verb === 'edit' && isLRU(inner.spec.type) ? verdict.difference.missing : 0;
    const write = withFound(verdict, found, desired.layout);
    const before = takesNone(write) ? undefined : entriesBefore(inner, found);
    const tooMany = before === undefined ? undefined : heldEntries(inner, before, limit);
    if (tooMany === undefined) writes[write.verb].push(write);
    else held.push({ write, held: tooMany });
  };
  const due = every();
  const judged = { ...found, standsTwice: standingTwice(found.entries) };
  for (const inner of unsettled(desired, found)) {
    if (due(1 + inner.entries.count / COMPARED)) yield;
    const verdict = judge(name, inner, judged);
    if (verdict !== undefined) take(inner, verdict);
  }
  return { writes, held, proofs, evicted };
}

/** A repair removes what others wrote; an edit by AtLeast leaves all that is not declared. */
function takesNone({ cause, verb, inner }: Write): boolean {
  return cause === 'drift' || (verb === 'edit' && !inner.exact);
}

/** The write with what is at its key, to be shown. */
function withFound(write: Write, found: ObservedOuterMap, layout: OuterLayout): Write {
  const { inner, cause } = write;
  const id = found.entries.get(inner.keyHex);
  if (id === undefined) return write;
  const last = lastProgrammed(inner, found);
  const before = cause === 'declared' && last?.id === id ? last.inner.entries : undefined;
  const entries = entriesRead(inner, found) ?? before;
  // Keys of another size cannot be shown by this layout
  const isShown = entries !== undefined && entries.keys.length === entries.count * inner.spec.keySize;
  return { ...write, found: { id, layout, ...(isShown ? { entries } : {}) } };
}

/** Inner maps that must be read before the verdict: unknown ones, those to be edited in place, those whose key is due. */
export function* innersToRead(
  desired: DesiredOuter,
  found: Pick<
    ObservedOuterMap,
    'entries' | 'owners' | 'taken' | 'pins' | 'sharers' | 'programmed' | 'settled'
  >,
  isDue: (inner: DesiredInner) => boolean,
): Steps<readonly DesiredInner[]> {
  const unread: DesiredInner[] = [];
  if (found.entries.size === 0) return unread;
  const mustRead = (inner: DesiredInner): boolean => {
    const id = found.entries.get(inner.keyHex);
    if (id === undefined || isOfAnother(inner, id, found)) return false;
    const programmed = found.programmed.get(inner.keyHex);
    if (programmed === undefined || programmed.id !== id) return true;
    const changed =
      programmed.inner !== inner && (inner.update === 'InPlace' || !sameMask(programmed.inner, inner));
    return changed || isDue(inner);
  };
  const due = every();
  for (const inner of unsettled(desired, found)) {
    if (due()) yield;
    if (mustRead(inner)) unread.push(inner);
  }
  return unread;
}

type Verdict = Write | { readonly verb: 'proof'; readonly programmed: Programmed };

interface Judged extends ObservedOuterMap {
  /** Whether the inner map with this id is at two keys, whoever put it there: an edit at one would be one at the other. */
  readonly standsTwice: (id: number) => boolean;
}

/** Few plans ask. */
function standingTwice(entries: ReadonlyMap<string, number>): (id: number) => boolean {
  let twice: ReadonlySet<number> | undefined;
  return id => {
    twice ??= twiceIn(entries.values());
    return twice.has(id);
  };
}

function twiceIn(ids: Iterable<number>): ReadonlySet<number> {
  const once = new Set<number>();
  const twice = new Set<number>();
  for (const id of ids) (once.has(id) ? twice : once).add(id);
  return twice;
}

/** Undefined: as declared, and known before. */
function judge(outer: string, inner: DesiredInner, found: Judged): Verdict | undefined {
  const id = found.entries.get(inner.keyHex);
  const programmed = found.programmed.get(inner.keyHex);
  const last = lastProgrammed(inner, found);
  const cause = last?.inner === inner ? 'drift' : 'declared';
  if (id === undefined) return { verb: 'insert', outer, inner, cause, pinTaken: false };
  const proof = proofOf(inner.keyHex, id, found);
  const ours = proof !== undefined;
  // Without a pin in the ledger nothing proves the entry ours after a restart
  const lost = programmed?.id === id && programmed.ours && !ours;
  const isForeign = isOfAnother(inner, id, found) || (proof?.sharer !== undefined && !inner.isShareable);
  const reading = lost || isForeign ? undefined : found.readings.get(inner.keyHex);
  const isKnown = programmed?.id === id && !lost && !isForeign;
  if (isKnown && programmed.inner === inner && reading === undefined) return undefined;
  const replace: Write = {
    ...({ verb: 'replace', outer, inner, cause, pinTaken: ours } as const),
    ...(proof?.sharer === undefined ? {} : { sharer: proof.sharer }),
  };
  if (reading !== undefined)
    return judgeReading(inner, reading, { id, programmed, last, replace, ours, found });
  return isKnown && sameDeclaration(programmed.inner, inner)
    ? { verb: 'proof', programmed: { ...programmed, inner } }
    : replace;
}

interface Situation {
  readonly id: number;
  readonly programmed: Programmed | undefined;
  readonly last: Programmed | undefined;
  readonly replace: Write;
  readonly ours: boolean;
  readonly found: Judged;
}

function judgeReading(
  inner: DesiredInner,
  reading: ComparisonResult,
  { id, programmed, last, replace, ours, found }: Situation,
): Verdict | undefined {
  if (reading.kind === 'unreadable' || reading.kind === 'otherMap') return replace;
  const proof = { verb: 'proof', programmed: { id, inner, ours } } as const;
  if (reading.kind === 'same') return isProved(proof.programmed, programmed) ? undefined : proof;
  const difference = givenBack(inner, reading, sameAsBefore(inner, id, last) ? last : undefined);
  const onlyEvicted = isLRU(inner.spec.type) && difference.different + difference.extra === 0;
  // With Swap, evicted entries are not put back: a swap would forget those that programs use
  if (onlyEvicted && (inner.update === 'Swap' || difference.missing === 0))
    return provedShort(withTotal(proof.programmed, last), reading.difference.missing, programmed);
  if (inner.update !== 'InPlace' || !ours || found.standsTwice(id)) return replace;
  const { outer, cause } = replace;
  return { verb: 'edit', outer, inner, cause: onlyEvicted ? 'declared' : cause, id, difference };
}

function sameAsBefore(inner: DesiredInner, id: number, last: Programmed | undefined): boolean {
  return last?.id === id && (last.inner === inner || sameDeclaration(last.inner, inner));
}

function withTotal(now: Programmed, last: Programmed | undefined): Programmed {
  return last?.total === undefined ? now : { ...now, total: last.total };
}

function provedShort(now: Programmed, missing: number, before: Programmed | undefined): Verdict | undefined {
  const programmed = { ...now, held: now.inner.entries.count - missing };
  return isProved(programmed, before) ? undefined : { verb: 'proof', programmed };
}

function isProved(now: Programmed, before: Programmed | undefined): boolean {
  return (
    before !== undefined &&
    before.id === now.id &&
    before.inner === now.inner &&
    before.held === now.held &&
    before.ours === now.ours
  );
}

/** Whether two objects declare the same map: labels, selectors or a new generation alone change nothing. */
function sameDeclaration(a: DesiredInner, b: DesiredInner): boolean {
  const sameManner = a.sealed === b.sealed && a.exact === b.exact;
  return sameManner && sameMask(a, b) && canBe(a.spec, b.spec) && sameEntries(a.entries, b.entries);
}

/** Whether a proof by one is a proof by the other. */
function sameMask({ valueMask: a }: DesiredInner, { valueMask: b }: DesiredInner): boolean {
  return a === b || (a !== undefined && b !== undefined && equalBytes(a, b));
}
