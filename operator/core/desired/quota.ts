import type { InnerMap } from '../../api/innermap.ts';
import { mebibytes } from '../bytes/contentroom.ts';
import { cpuStride, isPerCpu } from '../codec/entries.ts';
import { groupBy } from '../items.ts';
import { kernelBytes } from '../layout/kernelbytes.ts';
import type { CompiledOuterMap, DesiredInner } from './compile.ts';
import { bySeniority } from './seniority.ts';

/** An inner map for which its namespace has no memory left. */
export interface OverQuota {
  readonly inner: DesiredInner;
  readonly message: string;
}

/** Whose inner map is at which key. */
export interface OwnedKey {
  readonly keyHex: string;
  readonly owner: string;
}

/** Kernel memory of the inner map that is there; undefined where none is there, or nothing is known of it. */
export type BytesThere = (outer: string, key: OwnedKey) => number | undefined;

/** What the keys of one outer map are to have: new contents, or what is there. */
export interface Claims extends Pick<CompiledOuterMap, 'outerMap' | 'layout'> {
  readonly inners: ReadonlyMap<string, DesiredInner>;
  readonly kept: ReadonlyMap<string, { readonly object: InnerMap; readonly owner: string }>;
}

interface Claimed {
  readonly object: InnerMap;
  /** Absent where what is there is kept. */
  readonly inner?: DesiredInner;
  readonly bytes: number;
  readonly there: number;
}

/**
 * The inner maps that find no room in the kernel memory of their namespace. What is there counts, also where it is kept, or
 * has grown out of date: otherwise a namespace would have more at each change. Of what comes or grows, older ones come first.
 */
export function overQuota(claims: Claims, bytesThere: BytesThere): readonly OverQuota[] {
  const most = claims.outerMap.spec.maxNamespaceBytes;
  if (most === undefined) return [];
  const groups = groupBy(claimedIn(claims, bytesThere), ({ object }) => object.metadata.namespace);
  return [...groups.values()].flatMap(group => overIn(group, most));
}

function claimedIn({ outerMap, layout, inners, kept }: Claims, bytesThere: BytesThere): readonly Claimed[] {
  const { name } = outerMap.metadata;
  const good = [...inners.values()].map(inner => {
    const there = bytesThere(name, inner) ?? 0;
    return { object: inner.innerMap, inner, bytes: bytesOf(inner), there };
  });
  const bad = [...kept].map(([keyHex, { object, owner }]) => {
    const { maxEntries = layout.template.maxEntries } = object.spec;
    const full = { spec: { ...layout.template, maxEntries }, entries: maxEntries, possibleCpus: 1 };
    const there = bytesThere(name, { keyHex, owner }) ?? 0;
    return { object, bytes: there || kernelBytes(full), there };
  });
  return [...good, ...bad];
}

function overIn(claimed: readonly Claimed[], most: number): readonly OverQuota[] {
  const over: OverQuota[] = [];
  // What shrinks makes room for all others
  let taken = claimed.reduce((sum, { bytes, there }) => sum + Math.min(bytes, there), 0);
  for (const each of claimed.toSorted((a, b) => bySeniority(a.object.metadata, b.object.metadata))) {
    const more = Math.max(0, each.bytes - each.there);
    if (taken + more <= most || more === 0) taken += more;
    else if (each.inner !== undefined)
      over.push({ inner: each.inner, message: messageOf(each, { most, taken: taken - each.there }) });
  }
  return over;
}

/** Kernel memory of an inner map with these contents. */
export function bytesOf({ spec, entries }: DesiredInner): number {
  const { count, values } = entries;
  const possibleCpus = isPerCpu(spec) && count > 0 ? values.length / count / cpuStride(spec) : 1;
  return kernelBytes({ spec, entries: count, possibleCpus });
}

function messageOf(
  { object, bytes }: Claimed,
  { most, taken }: { readonly most: number; readonly taken: number },
): string {
  const { namespace } = object.metadata;
  return `It takes ${mebibytes(bytes)} of kernel memory: inner maps of namespace ${namespace} may take ${mebibytes(most)} together, and others take ${mebibytes(taken)}; make it smaller, or let the OuterMap's owner raise spec.maxNamespaceBytes`;
}
