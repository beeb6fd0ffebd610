import { KeyIndex } from '../bytes/keyindex.ts';
import type { Steps } from '../steps.ts';

/** Two entries with the same key: the first and a later one. */
export interface Duplicates {
  /** The first ten. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly total: number;
}

const SLICE = 16384;
const SHOWN = 10;

/** Finds equal keys among `count` consecutive ones. Yields between slices. */
export function* duplicatesIn(bytes: Uint8Array, size: number, count: number): Steps<Duplicates> {
  const index = new KeyIndex(bytes, size, count);
  const pairs: [number, number][] = [];
  let total = 0;
  for (let at = 0; at < count; at++) {
    if (at > 0 && at % SLICE === 0) yield;
    const first = index.enter(at);
    if (first === -1) continue;
    total++;
    if (pairs.length < SHOWN) pairs.push([first, at]);
  }
  return { pairs, total };
}
