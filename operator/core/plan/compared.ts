import type { DesiredInner } from '../desired/compile.ts';
import type { Entries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { canBe, type MapSpec } from '../mapspec.ts';
import type { ComparisonResult, Programmed } from '../observed.ts';
import { type Comparison, difference, sameInOrder } from './difference.ts';

/** An inner map as read from the kernel. */
export interface InnerContents {
  readonly spec: MapSpec;
  readonly frozen: boolean;
  readonly entries: Entries;
}

/**
 * Compares the contents of an inner map with the declared ones. Entries that were read before in this order cost one
 * comparison of bytes; `before` is the last proof of the key.
 */
export function compared(
  inner: DesiredInner,
  layout: OuterLayout,
  found: InnerContents,
  before: Programmed | undefined,
): ComparisonResult {
  if (!canBe(inner.spec, found.spec) || inner.sealed !== found.frozen) return { kind: 'otherMap' };
  const by = comparisonOf(inner, layout, found.entries);
  const seen = before?.inner === inner ? before.seen : undefined;
  if (seen !== undefined && sameInOrder(seen, found.entries, by)) return { kind: 'same', seen };
  const differing = difference(inner.entries, found.entries, by);
  return differing === undefined
    ? { kind: 'same', seen: found.entries }
    : { kind: 'different', difference: differing, seen: found.entries };
}

function comparisonOf(inner: DesiredInner, { valueMask }: OuterLayout, found: Entries): Comparison {
  const { keySize, valueSize, type } = inner.spec;
  const { count, values } = inner.entries.count > 0 ? inner.entries : found;
  const stride = count > 0 ? values.length / count : valueSize;
  const mask = valueMask === undefined ? {} : { mask: repeated(valueMask, stride) };
  return { type: type as Comparison['type'], keySize, stride, exact: inner.exact, ...mask };
}

/** Per-CPU values follow each other, each rounded up to 8 bytes. The padding is not compared. */
function repeated(mask: Uint8Array, stride: number): Uint8Array {
  if (stride === mask.length) return mask;
  const one = Math.ceil(mask.length / 8) * 8;
  const all = new Uint8Array(stride);
  for (let at = 0; at + one <= stride; at += one) all.set(mask, at);
  return all;
}
