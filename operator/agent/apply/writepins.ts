import { innerPinFile } from '../../core/ledger/innerpin.ts';
import { innerPinName, TEMPORARY } from '../../core/ledgerrecord.ts';
import type { Write } from '../../core/plan/step.ts';
import type { ApplyContext } from './context.ts';
import { attempt, type Outcome, programmed } from './outcome.ts';

/** What is pinned at a key, and replaced. */
type Replacing = Extract<Write, { verb: 'insert' | 'replace' }>;

/** An inner map that the outer map holds; `shared`: at several keys. */
export interface MadeInner {
  readonly id: number;
  readonly shared: boolean;
}

/**
 * The outer map holds it: its pin gets the name that proves it ours. Where the pin before has another name it goes first:
 * two names of one key would tell two owners.
 */
export function settle(step: Replacing, inner: MadeInner, context: ApplyContext): Outcome {
  if (!step.pinTaken) return programmed(step, inner);
  const before = pinPath(step, step.sharer, context);
  const settled = pinPath(step, sharerOf(step, inner.shared), context);
  const outcome = attempt(step, () => {
    const { pins } = context.kernel;
    if (before !== settled) pins.unlink(before);
    pins.rename(firstPin(step, inner.shared, context), settled);
    return inner.id;
  });
  return outcome.ok ? programmed(step, inner) : outcome;
}

export function discard(step: Replacing, shared: boolean, context: ApplyContext): void {
  attempt(step, () => context.kernel.pins.unlink(firstPin(step, shared, context)) as undefined);
}

/** Where the inner map is pinned until the outer map holds it. */
export function firstPin(step: Replacing, shared: boolean, context: ApplyContext): string {
  const name = innerPinName(step.inner.keyHex) + (step.pinTaken ? TEMPORARY : '');
  return context.innerPin(step.outer, innerPinFile(name, sharerOf(step, shared)));
}

function pinPath({ outer, inner }: Replacing, sharer: string | undefined, context: ApplyContext): string {
  return context.innerPin(outer, innerPinFile(innerPinName(inner.keyHex), sharer));
}

function sharerOf({ inner }: Replacing, shared: boolean): string | undefined {
  return shared ? inner.owner : undefined;
}
