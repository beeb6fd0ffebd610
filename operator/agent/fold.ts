import type { DesiredInner } from '../core/desired/compile.ts';
import type { Desired } from '../core/desired/desired.ts';
import { hex } from '../core/hex.ts';
import { innerPinName } from '../core/ledgerrecord.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Step } from '../core/plan/step.ts';
import { forEachSliced } from '../timing/sliced.ts';
import type { Outcome } from './apply/outcome.ts';
import { type Memory, type OuterMemory, recentRemovals } from './memory.ts';

/** Drift of one turn. */
export interface Drift {
  readonly found: number;
  readonly repaired: number;
}

/** A plan and its outcomes. */
export interface Done {
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Records in memory what succeeded, so that the next turn need not read it. What failed is read anew. */
export async function fold(memory: Memory, desired: Desired, { plan, outcomes, now }: Done): Promise<Drift> {
  for (const [name, proofs] of plan.proofs) {
    const known = memory.outers.get(name);
    await forEachSliced(proofs, ({ keyHex, programmed }) => known?.programmed.set(keyHex, programmed));
  }
  await forEachSliced(outcomes, outcome => {
    const known = memory.outers.get(outcome.step.outer);
    if (known !== undefined) foldOutcome(known, outcome, now);
  });
  forgetReleased(memory, plan);
  rememberHeld(memory, plan, now);
  forgetUndeclared(memory, desired);
  const drift = driftOf(outcomes);
  memory.counters.driftFound += drift.found;
  memory.counters.driftRepaired += drift.repaired;
  memory.counters.evicted += plan.evicted;
  return drift;
}

function foldOutcome(known: OuterMemory, outcome: Outcome, now: number): void {
  const { step } = outcome;
  known.entriesRead = undefined;
  if (!outcome.ok) {
    known.stale = true;
    if ('inner' in step) known.programmed.delete(step.inner.keyHex);
    return;
  }
  switch (step.verb) {
    case 'insert':
    case 'replace':
      foldWrite(known, step.inner, outcome.id!);
      return;
    case 'edit':
      known.programmed.set(step.inner.keyHex, { id: step.id, inner: step.inner, ours: true });
      return;
    case 'remove':
      foldRemoval(known, step.key, step.pin);
      countRemoval(known, now);
      return;
    case 'settle':
      foldSettling(known, step);
      return;
    case 'unlink':
      known.pins.delete(step.pin);
      return;
    case 'record':
      known.record = step.record;
      return;
    case 'create':
      known.ledger = { kind: 'map', id: outcome.id!, spec: step.desired.layout.outer };
      return;
    case 'pin':
      known.pin = known.ledger;
      return;
    default:
      known.stale = true;
  }
}

function foldWrite(known: OuterMemory, inner: DesiredInner, id: number): void {
  known.entries.set(inner.keyHex, id);
  known.pins.set(innerPinName(inner.keyHex), id);
  known.programmed.set(inner.keyHex, { id, inner, ours: true });
}

/** Only new names of pins are read again: the name that was renamed over would keep the old id. */
function foldSettling({ pins }: OuterMemory, { from, to }: Extract<Step, { verb: 'settle' }>): void {
  const id = pins.get(from);
  pins.delete(from);
  if (id === undefined) pins.delete(to);
  else pins.set(to, id);
}

function foldRemoval(known: OuterMemory, key: Uint8Array, pin: string | undefined): void {
  const keyHex = hex(key);
  known.entries.delete(keyHex);
  known.programmed.delete(keyHex);
  if (pin !== undefined) known.pins.delete(pin);
}

/** The removals of one turn are counted together. */
function countRemoval(known: OuterMemory, now: number): void {
  const last = known.removals.at(-1);
  if (last?.at === now) last.keys++;
  else known.removals = [...recentRemovals(known, now), { at: now, keys: 1 }];
}

/** A removal that was released by its token does not count against the next one. */
function forgetReleased(memory: Memory, { released }: Plan): void {
  for (const name of released) {
    const known = memory.outers.get(name);
    if (known !== undefined) known.removals = [];
  }
}

/** A held removal is remembered until nothing is pending. */
function rememberHeld({ outers }: Memory, { held, pending }: Plan, now: number): void {
  for (const [name, known] of outers) {
    const holding = held.find(({ outer }) => outer === name);
    if (holding === undefined) {
      if (!pending.has(name)) known.held = undefined;
      continue;
    }
    const { keys, token } = holding;
    const isSame = known.held?.token === token;
    known.held = { keys: Math.max(keys, known.held?.keys ?? 0), token, at: isSame ? known.held!.at : now };
  }
}

/** Forgets as programmed what is not declared any more, even while its removal is held. */
function forgetUndeclared(memory: Memory, desired: Desired): void {
  for (const [name, known] of memory.outers) {
    const inners = desired.outers.get(name)?.inners;
    if (inners === undefined || known.programmed.size <= inners.size) continue;
    for (const keyHex of known.programmed.keys()) if (!inners.has(keyHex)) known.programmed.delete(keyHex);
  }
}

function driftOf(outcomes: readonly Outcome[]): Drift {
  let found = 0;
  let repaired = 0;
  for (const { step, ok } of outcomes) {
    if (!('cause' in step) || step.cause !== 'drift') continue;
    found++;
    if (ok) repaired++;
  }
  return { found, repaired };
}
