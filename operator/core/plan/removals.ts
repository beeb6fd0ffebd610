import { releasesIn } from '../../api/metadata.ts';
import { keyText } from '../codec/keytext.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import { bytesOfHex } from '../hex.ts';
import { innerPinName, ownsKey } from '../ledgerrecord.ts';
import type { ObservedOuterMap } from '../observed.ts';
import { sha256 } from '../sha256.ts';
import { every, type Steps } from '../steps.ts';
import type { Step } from './step.ts';

export type Removal = Extract<Step, { verb: 'remove' }>;

/** Fewer removals than this are never held: a small outer map must stay usable. */
const FREE_REMOVALS = 10;

/** Keys that nobody declares: ours always go, foreign ones where undeclaredKeys says so. */
export function* removals(
  name: string,
  desired: DesiredOuter,
  found: ObservedOuterMap,
): Steps<readonly Removal[]> {
  const { outerKey } = desired.layout;
  const foreignToo = desired.outerMap.spec.undeclaredKeys === 'Remove';
  const steps: Removal[] = [];
  const due = every();
  for (const [keyHex, id] of found.entries) {
    if (due()) yield;
    if (desired.inners.has(keyHex) || desired.kept.has(keyHex)) continue;
    const ours = ownsKey(keyHex, id, found.pins);
    if (!ours && !foreignToo) continue;
    const pin = ours ? { pin: innerPinName(keyHex), ...(foreignToo ? {} : { only: id }) } : {};
    const key = bytesOfHex(keyHex) ?? new Uint8Array(0);
    steps.push({ verb: 'remove', outer: name, key, keyText: keyText(outerKey, key), ours, ...pin });
  }
  return steps;
}

/** A removal that would take away too much at once: told, and done only with its token. */
export interface HeldRemoval {
  readonly outer: string;
  readonly keys: number;
  readonly of: number;
  /** Keys that went a moment ago and count too. */
  readonly recent: number;
  /** Keys that were to go a moment ago, where some are declared again. */
  readonly before: number;
  /** Digest of what would go. */
  readonly token: string;
}

export interface Limit {
  readonly outer: string;
  readonly maxRemoval: DesiredOuter['outerMap']['spec']['maxRemoval'];
  /** Keys in the outer map now. */
  readonly present: number;
  /** Keys that went a moment ago. */
  readonly recent: number;
  /** Keys of a removal that was held a moment ago. */
  readonly before?: number;
}

/**
 * What is too much of a removal of these keys (as text that identifies each), or undefined where all may go. Whoever
 * deletes everything one by one removes as much as whoever does it at once: what went a moment ago counts too. And
 * whoever declares again what was held does that one by one: what is not there yet has not become less dear.
 */
export function heldRemoval(keys: readonly string[], limit: Limit): HeldRemoval | undefined {
  const { maxRemoval, present, recent, before = 0 } = limit;
  const many = Math.max(keys.length, before) + recent;
  const of = present + recent;
  const allowed = 'keys' in maxRemoval ? maxRemoval.keys : Math.floor((of * maxRemoval.percent) / 100);
  if (keys.length === 0 || many <= Math.max(FREE_REMOVALS, allowed)) return undefined;
  const token = sha256(`${limit.outer}\n${keys.toSorted().join('\n')}`).slice(0, 12);
  return { outer: limit.outer, keys: keys.length, of, recent, before: Math.max(keys.length, before), token };
}

/** Tokens given by flag and by the object's annotation. */
export function releasesOf(desired: DesiredOuter, given: readonly string[]): ReadonlySet<string> {
  return new Set([...given, ...releasesIn(desired.outerMap.metadata.annotations)]);
}
