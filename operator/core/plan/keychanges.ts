import { type HeldEntries, heldEntries } from '../brake/entries.ts';
import type { DesiredInner } from '../desired/compile.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { proofOf } from '../ledger/innerpin.ts';
import { innerPinName, ownsKey } from '../ledgerrecord.ts';
import { isLRU } from '../mapspec.ts';
import type { ObservedOuterMap, Programmed } from '../observed.ts';
import { every, type Steps } from '../steps.ts';
import {
  COMPARED,
  entriesBefore,
  entriesRead,
  isMade,
  isOfAnother,
  lastProgrammed,
  unsettled,
} from './before.ts';
import type { Step, Write } from './step.ts';
import { judge, type KeyVerdict, sameMask, type Untouched } from './verdict/judge.ts';

type Claim = Extract<Step, { verb: 'claim' }>;

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
  readonly untouched: readonly Untouched[];
  /** Entries that an LRU map evicted: they are put back, and are no drift. */
  readonly evicted: number;
}

/** Claims are for what others made and is as declared, or will be by an edit. */
export type WritesByVerb = Readonly<Record<Write['verb'], Write[]>> & { readonly claim: Claim[] };

/** The writes after which every declared key is as declared, in no particular order. */
export function* keyChanges(name: string, desired: DesiredOuter, found: ObservedOuterMap): Steps<KeyChanges> {
  const writes: WritesByVerb = { insert: [], replace: [], edit: [], claim: [] };
  const held: { readonly write: Write; readonly held: HeldEntries }[] = [];
  const proofs: Proof[] = [];
  const untouched: Untouched[] = [];
  const limit = { outer: name, maxRemoval: desired.outerMap.spec.maxRemoval };
  let evicted = 0;
  const take = (inner: DesiredInner, verdict: KeyVerdict): void => {
    if (verdict.verb === 'none') {
      untouched.push(verdict.untouched);
      return;
    }
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
    if (staysThere(verdict)) writes.claim.push(...claimOf(name, inner, found));
  }
  return { writes, held, proofs, untouched, evicted };
}

function staysThere(verdict: KeyVerdict | undefined): boolean {
  return verdict === undefined || verdict.verb === 'proof' || verdict.verb === 'edit';
}

/** None where the ledger proves the key ours. */
function claimOf(
  outer: string,
  inner: DesiredInner,
  { entries, ...found }: ObservedOuterMap,
): readonly Claim[] {
  const id = entries.get(inner.keyHex);
  if (id === undefined || proofOf(inner.keyHex, id, found) !== undefined) return [];
  return [{ verb: 'claim', outer, inner, id }];
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
  const made = isMade(inner.keyHex, id, found) || (last?.id === id && last.made);
  const pinned = ownsKey(inner.keyHex, id, found.pins) && !found.recorded.has(innerPinName(inner.keyHex));
  return { ...write, found: { id, layout, made, pinned, ...(isShown ? { entries } : {}) } };
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

/** Whether the inner map with this id is at two keys. Few plans ask. */
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
