import { allowedOf } from '../brake/entries.ts';
import { bytesOfHex, putHex } from '../bytes/hex.ts';
import { keyText } from '../codec/keytext.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import { innerPinFile, proofOf } from '../ledger/innerpin.ts';
import { innerPinName } from '../ledgerrecord.ts';
import type { ObservedOuterMap } from '../observed.ts';
import { sha256 } from '../sha256.ts';
import { every, type Steps } from '../steps.ts';
import { isMade, ownerAt } from './before.ts';
import type { Step } from './step.ts';

export type Removal = Extract<Step, { verb: 'remove' }>;

/**
 * Removals of the keys that nobody declares: of ours always, of foreign ones by undeclaredKeys. An InnerMap whose contents
 * cannot be used keeps what it programmed before; what another left at its key goes as if nobody had the key. One whose
 * key another has keeps what it has at a key that nobody wants and it may have: its key may have been mistyped.
 */
export function* removals(
  name: string,
  desired: DesiredOuter,
  found: ObservedOuterMap,
): Steps<readonly Removal[]> {
  const steps: Removal[] = [];
  const due = every();
  const judge = judging(name, desired, found);
  for (const [keyHex, id] of found.entries) {
    if (due(desired.inners.has(keyHex) ? LOOK : 1)) yield;
    const step = judge(keyHex, id);
    if (step !== undefined) steps.push(step);
  }
  return steps;
}

/** What it takes to look at one, as a part of what it takes to judge one. */
const LOOK = 1 / 8;

/** Whether a key goes: the removal, or undefined. */
function judging(
  outer: string,
  desired: DesiredOuter,
  found: ObservedOuterMap,
): (keyHex: string, id: number) => Removal | undefined {
  const { inners, kept } = desired;
  const foreignToo = desired.outerMap.spec.undeclaredKeys === 'Remove';
  const textOf = keyTexts(desired);
  return (keyHex, id) => {
    if (inners.has(keyHex)) return undefined;
    const proof = proofOf(keyHex, id, found);
    const ours = proof !== undefined;
    const owner = ownerAt(keyHex, id, found);
    const keeper = kept.get(keyHex)?.owner;
    // Ours without a name that tells the owner: an older version made it, for whoever had the key
    if (keeper !== undefined && (owner === undefined ? ours : owner === keeper)) return undefined;
    if (!ours && !foreignToo) return undefined;
    if (ours && keeper === undefined && isDisplaced(desired, owner, keyHex)) return undefined;
    const keyText = textOf(keyHex);
    const pin = proof && innerPinFile(innerPinName(keyHex), proof.sharer);
    const isForeign = !isMade(keyHex, id, found);
    // Nearly all: a spread of thousands takes as long as all the rest
    if (pin !== undefined && foreignToo && !isForeign)
      return { verb: 'remove', outer, keyHex, keyText, ours, pin };
    return {
      ...({ verb: 'remove', outer, keyHex, keyText, ours } as const),
      ...(isForeign ? { foreign: id } : {}),
      ...(pin === undefined ? {} : { pin }),
      ...(pin === undefined || foreignToo ? {} : { only: id }),
    };
  };
}

/** Thousands of keys are written into one piece of memory to be read as text. */
function keyTexts({ layout: { outerKey } }: DesiredOuter): (keyHex: string) => string {
  const bytes = new Uint8Array(outerKey.size);
  return keyHex => {
    if (keyHex.length !== 2 * bytes.length) return keyText(outerKey, bytesOf(keyHex));
    putHex(keyHex, bytes, 0);
    return keyText(outerKey, bytes);
  };
}

function isDisplaced(
  { displaced, access }: DesiredOuter,
  owner: string | undefined,
  keyHex: string,
): boolean {
  const innerMap = owner === undefined ? undefined : displaced.get(owner);
  return innerMap !== undefined && access.mayDeclare(innerMap.metadata.namespace, bytesOf(keyHex));
}

function bytesOf(keyHex: string): Uint8Array {
  return bytesOfHex(keyHex) ?? new Uint8Array(0);
}

/** A removal of too many keys at once: reported, and done only with its token. */
export interface HeldRemoval {
  readonly outer: string;
  readonly keys: number;
  readonly of: number;
  /** Keys removed a moment ago: they count too. */
  readonly recent: number;
  /** Keys of this removal a moment ago, before some were declared again. */
  readonly before: number;
  /** The first ten of the keys. */
  readonly names: readonly string[];
  /** Digest of the keys. */
  readonly token: string;
}

export interface Limit {
  readonly outer: string;
  readonly maxRemoval: DesiredOuter['outerMap']['spec']['maxRemoval'];
  /** Keys in the outer map now. */
  readonly present: number;
  /** Keys removed a moment ago. */
  readonly recent: number;
  /** Keys of a removal that was held a moment ago. */
  readonly before?: number;
}

/** Keys that a message names. */
const NAMED = 10;

/**
 * The removal of these keys (as text that identifies each) if it is held; undefined where all may be removed. Keys removed
 * a moment ago count too, because deleting one by one removes as much as deleting at once. While held keys are declared
 * again one at a time, the remaining ones stay protected.
 */
export function heldRemoval(keys: readonly string[], limit: Limit): HeldRemoval | undefined {
  const { maxRemoval, present, recent, before = 0 } = limit;
  const many = Math.max(keys.length, before) + recent;
  const of = present + recent;
  if (keys.length === 0 || many <= allowedOf(of, maxRemoval)) return undefined;
  const sorted = keys.toSorted();
  const token = sha256(`${limit.outer}\n${sorted.join('\n')}`).slice(0, 12);
  const counts = { keys: keys.length, of, recent, before: Math.max(keys.length, before) };
  return { outer: limit.outer, ...counts, names: sorted.slice(0, NAMED), token };
}
