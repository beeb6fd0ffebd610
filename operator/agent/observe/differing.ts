import { putHex } from '../../core/bytes/hex.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import type { DesiredOuter } from '../../core/desired/desired.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { withMap } from '../../ledger/reading.ts';
import type { OuterMemory } from '../memory.ts';
import { sourceOf } from './outer.ts';
import type { ReadShare } from './shares.ts';

/**
 * Of the inner maps whose contents are due, those that must be read: what was proven of the others the kernel says again,
 * which copies nothing out. What an LRU map lacked is looked for by reading.
 */
export async function differingShares(
  kernel: Kernel,
  shares: readonly ReadShare[],
  { desired, known }: { readonly desired: DesiredOuter; readonly known: OuterMemory },
): Promise<readonly ReadShare[]> {
  const isKnown = (inner: DesiredInner) => isProven(inner, known);
  const proven = shares.filter(({ inner, others }) => isKnown(inner) && others.every(isKnown));
  const inners = proven.map(({ inner }) => inner);
  const same = await asProven(kernel, inners, { desired, known });
  if (same === undefined) return shares;
  const asBefore = new Set(proven.filter((_, at) => same[at] === 1));
  for (const { inner, others } of asBefore) {
    forgetOrder(known, inner);
    for (const other of others) forgetOrder(known, other);
  }
  return asBefore.size === 0 ? shares : shares.filter(share => !asBefore.has(share));
}

function isProven(inner: DesiredInner, { programmed, entries }: OuterMemory): boolean {
  const last = programmed.get(inner.keyHex);
  return last?.inner === inner && last.held === undefined && last.id === entries.get(inner.keyHex);
}

/** Undefined where the outer map is not the one whose entries are known. */
async function asProven(
  kernel: Kernel,
  inners: readonly DesiredInner[],
  { desired, known }: { readonly desired: DesiredOuter; readonly known: OuterMemory },
): Promise<Uint8Array | undefined> {
  const { path, pin } = sourceOf(kernel, desired, known);
  if (inners.length === 0 || path === undefined || pin.kind !== 'map') return undefined;
  const { keySize } = desired.layout.outer;
  const keys = new Uint8Array(inners.length * keySize);
  for (const [at, { keyHex }] of inners.entries()) putHex(keyHex, keys, at * keySize);
  const expected = { keys, inners, mask: desired.layout.valueMask };
  try {
    return await withMap(kernel, path, async outer =>
      outer.id === pin.id ? kernel.asExpected(outer, expected) : undefined,
    );
  } catch (error) {
    // It is read, and what is wrong told, as if nothing had been asked
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** The kernel's order of the entries is of use to a reading alone. */
function forgetOrder({ programmed }: OuterMemory, { keyHex }: DesiredInner): void {
  const { seen, ...proof } = programmed.get(keyHex)!;
  if (seen !== undefined) programmed.set(keyHex, proof);
}
