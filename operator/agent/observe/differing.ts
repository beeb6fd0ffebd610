import { putHex } from '../../core/bytes/hex.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import type { DesiredOuter } from '../../core/desired/desired.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import { forEachSliced } from '../../timing/sliced.ts';
import type { OuterMemory } from '../memory.ts';
import type { ReadShare } from './shares.ts';

/** What is known of an outer map, and the map. */
export interface Known {
  readonly desired: DesiredOuter;
  readonly known: OuterMemory;
  /** The one whose entries are known; undefined where it cannot be opened. */
  readonly outer: OpenMap | undefined;
}

/**
 * Of the inner maps whose contents are due, those that must be read: what was proven of the others the kernel says again,
 * which copies nothing out. What an LRU map lacked is looked for by reading.
 */
export async function differingShares(
  kernel: Kernel,
  shares: readonly ReadShare[],
  { desired, known, outer }: Known,
): Promise<readonly ReadShare[]> {
  const isKnown = (inner: DesiredInner) => isProven(inner, known);
  const proven: ReadShare[] = [];
  await forEachSliced(shares, share => {
    if (isKnown(share.inner) && share.others.every(isKnown)) proven.push(share);
  });
  const inners = proven.map(({ inner }) => inner);
  if (inners.length === 0 || outer === undefined) return shares;
  const same = await asProven(kernel, outer, { inners, desired });
  const asBefore = new Set<ReadShare>();
  await forEachSliced(proven, (share, at) => {
    if (same[at] === 1) asBefore.add(share);
  });
  return asBefore.size === shares.length ? [] : shares.filter(share => !asBefore.has(share));
}

/** Whether the inner map that is there was found as declared before, with all that is declared. */
export function isProven(inner: DesiredInner, { programmed, entries }: OuterMemory): boolean {
  const last = programmed.get(inner.keyHex);
  return last?.inner === inner && last.held === undefined && last.id === entries.get(inner.keyHex);
}

async function asProven(
  kernel: Kernel,
  outer: OpenMap,
  { inners, desired }: { readonly inners: readonly DesiredInner[]; readonly desired: DesiredOuter },
): Promise<Uint8Array> {
  const { keySize } = desired.layout.outer;
  const keys = new Uint8Array(inners.length * keySize);
  await forEachSliced(inners, ({ keyHex }, at) => putHex(keyHex, keys, at * keySize));
  return kernel.asExpected(outer, { keys, inners, mask: desired.layout.valueMask });
}
