import { innerMapName } from '../../api/innermap.ts';
import { foundInstead } from '../../core/compare/found.ts';
import type { DriftedStep } from './outcome.ts';

/** Where somebody else wrote, and what was found there instead. */
export function driftFields(step: DriftedStep): Record<string, string> {
  if (step.verb === 'pin') return { outerMap: step.outer, pin: step.pin, found: 'no pin' };
  const { innerMap, keyText } = step.inner;
  return { outerMap: step.outer, key: keyText, innerMap: innerMapName(innerMap), found: foundInstead(step) };
}

/** Drift that no whole check has found gone yet. */
export interface LastDrift {
  /** Its first place: `tenants[7] of team-a/web: 80 = 1 instead of 2`. */
  readonly text: string;
  /** The part of all contents that was found as declared since. */
  readonly checked: number;
}

/** The shares of a whole check add up to one, but for rounding. */
const WHOLE = 0.999;

/** The drift to be told after a turn that checked this share of all contents; undefined once all was found as declared. */
export function lastDrift(
  before: LastDrift | undefined,
  [first]: readonly DriftedStep[],
  share: number,
): LastDrift | undefined {
  if (first !== undefined) return { text: driftText(first), checked: 0 };
  if (before === undefined) return before;
  const checked = before.checked + share;
  return checked >= WHOLE ? undefined : { ...before, checked };
}

function driftText(step: DriftedStep): string {
  const { outerMap, key, innerMap, pin, found } = driftFields(step);
  return pin === undefined ? `${outerMap}[${key}] of ${innerMap}: ${found}` : `${outerMap}: no pin at ${pin}`;
}
