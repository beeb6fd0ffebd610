import { isPerCpu } from '../codec/entries.ts';
import type { DesiredInner } from '../desired/compile.ts';
import type { Entries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { canBe, isArray, type MapSpec } from '../mapspec.ts';
import type { ComparisonResult } from '../observed.ts';
import { type Comparison, difference } from './difference.ts';

/** An inner map as read from the kernel. */
export interface InnerContents {
  readonly spec: MapSpec;
  readonly frozen: boolean;
  readonly entries: Entries;
  /** Nothing else was seen: neither how large it is, but of an Array, nor whether it is frozen. */
  readonly entriesAlone?: true;
}

/** Compares the contents of an inner map with the declared ones. */
export function compared(inner: DesiredInner, layout: OuterLayout, found: InnerContents): ComparisonResult {
  if (found.entriesAlone === true && isUnseen(inner, layout)) return UNSEEN;
  if (!canBe(inner.spec, found.spec) || inner.sealed !== found.frozen)
    return { kind: 'otherMap', spec: found.spec, seen: found.entries };
  const by = comparisonOf(inner, layout, found.entries);
  const differing = difference(inner.entries, found.entries, by);
  return differing === undefined
    ? { kind: 'same' }
    : { kind: 'different', difference: differing, seen: found.entries };
}

/** What an InnerMap says of its size or of freezing must be seen; one that says nothing takes what its outer map has. */
function isUnseen({ spec, sealed }: DesiredInner, { template }: OuterLayout): boolean {
  return sealed || (!isArray(spec.type) && spec.maxEntries !== template.maxEntries);
}

const UNSEEN: ComparisonResult = {
  kind: 'unreadable',
  reason: 'PermissionDenied',
  message: 'its entries alone are seen, its maxEntries and whether it is sealed need CAP_SYS_ADMIN',
};

/** 0 for the bits of a value in the kernel's batch format that are not compared: what programs own, and padding; undefined where all are. */
export function comparedMask({ valueMask, template }: OuterLayout, stride: number): Uint8Array | undefined {
  const isRounded = isPerCpu(template) && template.valueSize % 8 !== 0;
  const mask = valueMask ?? (isRounded ? new Uint8Array(template.valueSize).fill(0xff) : undefined);
  return mask === undefined ? undefined : repeated(mask, stride, 0);
}

function comparisonOf(inner: DesiredInner, layout: OuterLayout, found: Entries): Comparison {
  const { keySize, valueSize, type } = inner.spec;
  const { count, values } = inner.entries.count > 0 ? inner.entries : found;
  const stride = count > 0 ? values.length / count : valueSize;
  const by = { type: type as Comparison['type'], keySize, stride, exact: inner.exact };
  const { ownedMask } = layout;
  const owned = ownedMask === undefined ? {} : { owned: repeated(ownedMask, stride, 0xff) };
  const mask = comparedMask(layout, stride);
  return { ...by, ...(mask === undefined ? {} : { mask }), ...owned };
}

/** Per-CPU values follow each other, each rounded up to 8 bytes; `rounding` is the mask of those behind each. */
function repeated(mask: Uint8Array, stride: number, rounding: number): Uint8Array {
  if (stride === mask.length) return mask;
  const one = Math.ceil(mask.length / 8) * 8;
  const all = new Uint8Array(stride).fill(rounding);
  for (let at = 0; at + one <= stride; at += one) all.set(mask, at);
  return all;
}
