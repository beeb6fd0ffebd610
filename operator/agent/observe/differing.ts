import { putHex } from '../../core/bytes/hex.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import type { DesiredOuter } from '../../core/desired/desired.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { withMap } from '../../ledger/reading.ts';
import type { OuterMemory } from '../memory.ts';
import { sourceOf } from './outer.ts';

/**
 * Of the keys whose contents are due, those that must be read: what was proven of the others the kernel says again, which
 * copies nothing out. What an LRU map lacked is looked for by reading.
 */
export async function differingKeys(
  kernel: Kernel,
  keys: readonly string[],
  { desired, known }: { readonly desired: DesiredOuter; readonly known: OuterMemory },
): Promise<readonly string[]> {
  const proven = keys.map(key => desired.inners.get(key)!).filter(inner => isProven(inner, known));
  const same = await asProven(kernel, proven, { desired, known });
  if (same === undefined) return keys;
  const asBefore = new Set<string>();
  for (const [at, { keyHex }] of proven.entries()) if (same[at] === 1) asBefore.add(keyHex);
  forgetOrder(known, asBefore);
  return asBefore.size === 0 ? keys : keys.filter(key => !asBefore.has(key));
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
function forgetOrder({ programmed }: OuterMemory, keys: ReadonlySet<string>): void {
  for (const key of keys) {
    const { seen, ...proof } = programmed.get(key)!;
    if (seen !== undefined) programmed.set(key, proof);
  }
}
