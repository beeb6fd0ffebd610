import { isPerCpu } from '../codec/entries.ts';
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
  if (!canBe(inner.spec, found.spec) || inner.sealed !== found.frozen)
    return { kind: 'otherMap', seen: found.entries };
  const by = comparisonOf(inner, layout, found.entries);
  const seen = before?.inner === inner ? before.seen : undefined;
  if (seen !== undefined && sameInOrder(seen, found.entries, by)) return { kind: 'same', seen };
  const differing = difference(inner.entries, found.entries, by);
  return differing === undefined
    ? { kind: 'same', seen: found.entries }
    : { kind: 'different', difference: differing, seen: found.entries };
}

function comparisonOf(inner: DesiredInner, layout: OuterLayout, found: Entries): Comparison {
  const { keySize, valueSize, type } = inner.spec;
  const { count, values } = inner.entries.count > 0 ? inner.entries : found;
  const stride = count > 0 ? values.length / count : valueSize;
  const by = { type: type as Comparison['type'], keySize, stride, exact: inner.exact };
  const { ownedMask } = layout;
  const owned = ownedMask === undefined ? {} : { owned: repeated(ownedMask, stride, 0xff) };
  return { ...by, ...comparedBytes(layout, stride), ...owned };
}

/** The mask of a value in the kernel's batch format: 0 for what programs own and for padding. */
function comparedBytes({ valueMask, template }: OuterLayout, stride: number): Pick<Comparison, 'mask'> {
  const isRounded = isPerCpu(template) && template.valueSize % 8 !== 0;
  const mask = valueMask ?? (isRounded ? new Uint8Array(template.valueSize).fill(0xff) : undefined);
  return mask === undefined ? {} : { mask: repeated(mask, stride, 0) };
}

/** Per-CPU values follow each other, each rounded up to 8 bytes; `rounding` is the mask of those behind each. */
function repeated(mask: Uint8Array, stride: number, rounding: number): Uint8Array {
  if (stride === mask.length) return mask;
  const one = Math.ceil(mask.length / 8) * 8;
  const all = new Uint8Array(stride).fill(rounding);
  for (let at = 0; at + one <= stride; at += one) all.set(mask, at);
  return all;
}
