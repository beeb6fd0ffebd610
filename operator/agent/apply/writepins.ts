import { innerPinFile } from '../../core/ledger/innerpin.ts';
import { innerPinName, TEMPORARY } from '../../core/ledgerrecord.ts';
import type { Write } from '../../core/plan/step.ts';
import type { Settling } from '../../kernel/kernel.ts';

/** What is pinned at a key, and replaced. */
type Replacing = Extract<Write, { verb: 'insert' | 'replace' }>;

/**
 * The outer map holds it: its pin gets the name that proves it ours. Where the pin before has another name it goes first:
 * two names of one key would tell two owners. `shared`: the inner map is at several keys.
 */
export function settling(step: Replacing, shared: boolean): Settling {
  if (!step.pinTaken) return {};
  const before = pinName(step, step.sharer);
  const settled = pinName(step, sharerOf(step, shared));
  const rename = { from: firstPin(step, shared), to: settled };
  return before === settled ? { rename } : { unlink: before, rename };
}

export function discarding(step: Replacing, shared: boolean): Settling {
  return { unlink: firstPin(step, shared) };
}

/** Where the inner map is pinned until the outer map holds it. */
export function firstPin(step: Replacing, shared: boolean): string {
  const name = innerPinName(step.inner.keyHex) + (step.pinTaken ? TEMPORARY : '');
  return innerPinFile(name, sharerOf(step, shared));
}

function pinName({ inner }: Replacing, sharer: string | undefined): string {
  return innerPinFile(innerPinName(inner.keyHex), sharer);
}

function sharerOf({ inner }: Replacing, shared: boolean): string | undefined {
  return shared ? inner.owner : undefined;
}
