import { withRemoval } from '../core/brake/recent.ts';
import type { DesiredInner } from '../core/desired/compile.ts';
import type { Desired, DesiredOuter } from '../core/desired/desired.ts';
import { SHARED } from '../core/desired/owner.ts';
import { bytesOf } from '../core/desired/quota.ts';
import { innerPinName } from '../core/ledgerrecord.ts';
import type { Proof } from '../core/plan/keychanges.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Step } from '../core/plan/step.ts';
import { dropPin, forgetPins, knownName, putPin, putRecord } from '../ledger/reading.ts';
import { forEachSliced } from '../timing/sliced.ts';
import { count, emptyTally, type Outcome, type Tally } from './apply/outcome.ts';
import { type Memory, type OuterMemory, unsettle } from './memory.ts';

/** A plan and its outcomes. */
export interface Done {
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  /** Milliseconds since the node's boot. */
  readonly now: number;
}

/** Records in memory what succeeded, so that the next turn need not read it. What failed is read anew. */
export async function fold(
  memory: Memory,
  desired: Desired,
  { plan, outcomes, now }: Done,
): Promise<Readonly<Tally>> {
  const tally = emptyTally();
  const removed = new Map<OuterMemory, number>();
  for (const [name, proofs] of plan.proofs) {
    const known = memory.outers.get(name);
    if (known === undefined || proofs.length === 0) continue;
    known.sizes = undefined;
    await forEachSliced(proofs, proof => foldProof(known, proof));
  }
  for (const { outer, inner } of plan.untouched) {
    const known = memory.outers.get(outer);
    if (known !== undefined) doubt(known, inner.keyHex);
  }
  await forEachSliced(outcomes, outcome => {
    const { outer, verb } = outcome.step;
    count(tally, outcome);
    const known = memory.outers.get(outer);
    if (known !== undefined) foldOutcome(known, outcome);
    if (known !== undefined && outcome.ok && verb === 'remove')
      removed.set(known, (removed.get(known) ?? 0) + 1);
    if (outcome.ok && (verb === 'create' || verb === 'recreate')) memory.made.set(outer, outcome.id!);
  });
  for (const [known, keys] of removed) known.removals = withRemoval(known.removals ?? [], keys, now);
  for (const [name, known] of memory.outers) {
    // A removal that was released by its token does not count against the next one
    if (plan.released.has(name)) known.removals = [];
    rememberHeld(name, known, { plan, now });
    forgetUndeclared(known, desired.outers.get(name));
    if (isSettled(name, plan)) known.settled = desired.outers.get(name)?.inners;
    else unsettle(known);
  }
  memory.counters.driftFound += tally.drifted.length;
  memory.counters.driftRepaired += tally.repaired;
  memory.counters.evicted += plan.evicted;
  return tally;
}

function foldOutcome(known: OuterMemory, outcome: Outcome): void {
  const { step } = outcome;
  known.sizes = undefined;
  known.entriesRead = undefined;
  known.listing = undefined;
  if (!outcome.ok) {
    known.stale = true;
    if ('inner' in step) doubt(known, step.inner.keyHex);
    return;
  }
  switch (step.verb) {
    case 'claim':
      foldClaim(known, step, outcome.recorded === true);
      return;
    case 'edit':
      foldEdit(known, step.inner, outcome.id!);
      return;
    case 'insert':
    case 'replace':
      foldWrite(known, step.inner, { id: outcome.id!, shared: outcome.shared === true });
      return;
    case 'remove':
      foldRemoval(known, step);
      return;
    case 'settle':
      foldSettling(known, step);
      return;
    case 'unlink':
      forgetFile(known, step.pin);
      return;
    default:
      foldOuterStep(known, step, outcome.id);
  }
}

/** On the outer map itself. */
function foldOuterStep(known: OuterMemory, step: Step, id: number | undefined): void {
  switch (step.verb) {
    case 'record':
      known.record = step.record;
      return;
    case 'create':
      known.ledger = { kind: 'map', id: id!, spec: step.desired.layout.outer };
      return;
    case 'recreate':
      foldRecreation(known, step, id!);
      return;
    case 'takeOver':
      // Its inner pins have the names of those before: a name that is known is not read again
      forgetPins(known);
      known.stale = true;
      return;
    case 'drop':
      known.beside = { kind: 'absent' };
      return;
    case 'pin':
      known.pin = known.ledger;
      known.pinned = true;
      return;
    default:
      known.stale = true;
  }
}

/** The outcomes of its inner maps come next. What is beside them is read anew. */
function foldRecreation(known: OuterMemory, step: Extract<Step, { verb: 'recreate' }>, id: number): void {
  known.ledger = { kind: 'map', id, spec: step.desired.layout.outer };
  if (step.record.pin !== undefined) known.pin = known.ledger;
  known.record = step.record;
  known.entries.clear();
  known.programmed.clear();
  known.doubted.clear();
  known.kept.clear();
  forgetPins(known);
  known.stale = true;
}

/** It must be read again, but is known to have been declared. */
function doubt({ programmed, doubted }: OuterMemory, keyHex: string): void {
  const last = programmed.get(keyHex);
  if (last !== undefined) doubted.set(keyHex, last);
  programmed.delete(keyHex);
}

function foldProof(
  { programmed, doubted, owners, sharers, taken }: OuterMemory,
  { keyHex, programmed: proven }: Proof,
): void {
  const { owner } = proven.inner;
  programmed.set(keyHex, proven);
  doubted.delete(keyHex);
  if (owners.get(proven.id) === owner || sharers.has(innerPinName(keyHex))) taken.delete(keyHex);
  else taken.set(keyHex, { id: proven.id, owner });
}

function foldWrite(
  known: OuterMemory,
  inner: DesiredInner,
  { id, shared }: { readonly id: number; readonly shared: boolean },
): void {
  const name = innerPinName(inner.keyHex);
  known.owners.set(id, shared ? SHARED : inner.owner);
  known.entries.set(inner.keyHex, id);
  known.pins.set(name, id);
  known.recorded.delete(name);
  if (shared) known.sharers.set(name, inner.owner);
  else known.sharers.delete(name);
  known.programmed.set(inner.keyHex, { id, inner, made: true });
  known.doubted.delete(inner.keyHex);
}

function foldClaim(
  known: OuterMemory,
  { inner, id }: Extract<Step, { verb: 'claim' }>,
  recorded: boolean,
): void {
  const put = recorded ? putRecord : putPin;
  put(known, innerPinName(inner.keyHex), id);
}

/** Whoever made it, it is as declared now. */
function foldEdit(known: OuterMemory, inner: DesiredInner, id: number): void {
  const made = known.owners.has(id);
  foldProof(known, { keyHex: inner.keyHex, programmed: { id, inner, made } });
}

/** Only new names of pins are read again: the name that was renamed over would keep the old id. */
function foldSettling(known: OuterMemory, { from, to }: Extract<Step, { verb: 'settle' }>): void {
  const name = knownName(from, known);
  const id = name === undefined ? undefined : known.pins.get(name);
  forgetFile(known, from);
  forgetFile(known, to);
  if (id !== undefined) putPin(known, to, id);
}

function forgetFile(known: OuterMemory, file: string): void {
  // A pin without a sharer has the name of its file
  const name = known.sharers.size === 0 ? file : knownName(file, known);
  if (name !== undefined) dropPin(known, name);
}

function foldRemoval(known: OuterMemory, { keyHex, pin }: Extract<Step, { verb: 'remove' }>): void {
  known.entries.delete(keyHex);
  known.programmed.delete(keyHex);
  known.doubted.delete(keyHex);
  known.taken.delete(keyHex);
  if (pin !== undefined) forgetFile(known, pin);
}

/** Every key was looked at. What failed makes the outer map stale, which is read anew. */
function isSettled(name: string, { proofs, refused, heldEntries, untouched }: Plan): boolean {
  const isOfIt = ({ outer }: { readonly outer: string }) => outer === name;
  return proofs.has(name) && ![refused, heldEntries, untouched].some(some => some.some(isOfIt));
}

/** A held removal is remembered until nothing is pending. */
function rememberHeld(name: string, known: OuterMemory, { plan, now }: Pick<Done, 'plan' | 'now'>): void {
  const held = plan.held.find(({ outer }) => outer === name);
  const before = known.held;
  if (held !== undefined) {
    const { keys, token } = held;
    const at = before?.token === token ? before.at : now;
    known.held = { keys: Math.max(keys, before?.keys ?? 0), token, at };
  } else if (!plan.pending.has(name)) known.held = undefined;
}

/** Forgets as programmed what is not declared any more, even while its removal is held. Of what is kept its size remains. */
function forgetUndeclared(known: OuterMemory, desired: DesiredOuter | undefined): void {
  if (desired === undefined) return;
  const { programmed, doubted, kept } = known;
  for (const [keyHex, { owner }] of kept) if (desired.kept.get(keyHex)?.owner !== owner) kept.delete(keyHex);
  if (programmed.size > desired.inners.size) forgetAmong(programmed, known, desired);
  forgetAmong(doubted, known, desired);
}

function forgetAmong(
  some: OuterMemory['programmed'],
  { kept }: OuterMemory,
  desired: Pick<DesiredOuter, 'inners' | 'kept'>,
): void {
  for (const [keyHex, { inner }] of some) {
    if (desired.inners.has(keyHex)) continue;
    const { owner } = inner;
    if (desired.kept.get(keyHex)?.owner === owner) kept.set(keyHex, { owner, bytes: bytesOf(inner) });
    some.delete(keyHex);
  }
}
