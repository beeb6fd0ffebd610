import type { DesiredInner } from '../desired/compile.ts';
import type { Entries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { type MapSpec, sameFlags, sameMaxEntries } from '../mapspec.ts';
import type { ComparisonResult, Programmed } from '../observed.ts';
import { type Comparison, difference, sameInOrder } from './difference.ts';

/** An inner map as the kernel gave it. */
export interface InnerContents {
  readonly spec: MapSpec;
  readonly frozen: boolean;
  readonly entries: Entries;
}

/**
 * Compares what an inner map holds with what is declared. Entries that were seen before in this order cost one comparison
 * of bytes; `before` is what was last proved of the key.
 */
export function compared(
  inner: DesiredInner,
  layout: OuterLayout,
  found: InnerContents,
  before: Programmed | undefined,
): ComparisonResult {
  if (!sameShape(inner, found.spec) || inner.sealed !== found.frozen) return { kind: 'otherMap' };
  const by = comparisonOf(inner, layout, found.entries);
  const seen = before?.inner === inner ? before.seen : undefined;
  if (seen !== undefined && sameInOrder(seen, found.entries, by)) return { kind: 'same', seen };
  const differing = difference(inner.entries, found.entries, by);
  return differing === undefined
    ? { kind: 'same', seen: found.entries }
    : { kind: 'different', difference: differing, seen: found.entries };
}

export function sameShape(inner: DesiredInner, spec: MapSpec): boolean {
  const { type, keySize, valueSize, flags } = inner.spec;
  const sizes = spec.type === type && spec.keySize === keySize && spec.valueSize === valueSize;
  return sizes && sameMaxEntries(inner.spec, spec.maxEntries) && sameFlags(type, spec.flags, flags);
}

function comparisonOf(
  inner: DesiredInner,
  layout: OuterLayout,
  found: { readonly count: number; readonly values: Uint8Array },
): Comparison {
  const { keySize, valueSize, type } = inner.spec;
  const declared = inner.entries;
  const stride =
    declared.count > 0
      ? declared.values.length / declared.count
      : found.count > 0
        ? found.values.length / found.count
        : valueSize;
  const { valueMask } = layout;
  const mask = valueMask === undefined ? {} : { mask: repeated(valueMask, stride) };
  return { type: type as Comparison['type'], keySize, stride, exact: inner.exact, ...mask };
}

/** Per-CPU values stand one after the other, each rounded up to 8 bytes; what pads them is not compared. */
function repeated(mask: Uint8Array, stride: number): Uint8Array {
  if (stride === mask.length) return mask;
  const one = Math.ceil(mask.length / 8) * 8;
  const all = new Uint8Array(stride);
  for (let at = 0; at + one <= stride; at += one) all.set(mask, at);
  return all;
}
