import { digitAt } from '../bytes/hex.ts';
import { compareText } from '../desired/seniority.ts';
import { every, type Steps } from '../steps.ts';

interface Keyed {
  readonly inner: { readonly keyHex: string };
}

/** Indexes below this fit beside 32 bits of a key into the 53 of a number. */
const MOST_INDEXED = 1 << 20;
const PREFIX_DIGITS = 8;

/**
 * By key. Comparing ten thousand texts takes 20 ms at a start, sorting as many numbers one:
 * the first four bytes of the key and the index make a number, and only keys that begin alike are compared.
 */
export function* inKeyOrder<T extends Keyed>(items: readonly T[]): Steps<readonly T[]> {
  if (items.length > MOST_INDEXED) return items.toSorted(byKey);
  const due = every();
  // Plain loops: Array.from takes ten times as long
  const numbers = new Float64Array(items.length);
  for (let at = 0; at < items.length; at++) {
    if (due()) yield;
    numbers[at] = prefixOf(items[at]!.inner.keyHex) * MOST_INDEXED + at;
  }
  numbers.sort();
  const ordered: T[] = [];
  let [from, last] = [0, -1];
  for (let at = 0; at < numbers.length; at++) {
    if (due()) yield;
    const prefix = Math.floor(numbers[at]! / MOST_INDEXED);
    if (prefix !== last) {
      sortPart(ordered, from);
      [from, last] = [at, prefix];
    }
    ordered.push(items[numbers[at]! - prefix * MOST_INDEXED]!);
  }
  sortPart(ordered, from);
  return ordered;
}

/** Sorts the items from there on, which begin alike. */
function sortPart(items: Keyed[], from: number): void {
  if (items.length - from < 2) return;
  const alike = items.slice(from).sort(byKey);
  for (let at = 0; at < alike.length; at++) items[from + at] = alike[at]!;
}

function prefixOf(keyHex: string): number {
  let prefix = 0;
  for (let at = 0; at < PREFIX_DIGITS; at++)
    prefix = 16 * prefix + (at < keyHex.length ? digitAt(keyHex, at) : 0);
  return prefix;
}

function byKey(a: Keyed, b: Keyed): number {
  return compareText(a.inner.keyHex, b.inner.keyHex);
}
