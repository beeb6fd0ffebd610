import type { OuterMap } from '../../api/outermap.ts';
import { mebibytes } from '../bytes/contentroom.ts';
import { cpuStride, isPerCpu } from '../codec/entries.ts';
import { groupBy } from '../items.ts';
import { kernelBytes } from '../layout/kernelbytes.ts';
import type { DesiredInner } from './compile.ts';
import { bySeniority } from './seniority.ts';

/** An inner map for which its namespace has no memory left. */
export interface OverQuota {
  readonly inner: DesiredInner;
  readonly message: string;
}

/** The inner maps that find no room in the kernel memory of their namespace, older ones first served. */
export function overQuota(inners: Iterable<DesiredInner>, { spec }: OuterMap): readonly OverQuota[] {
  const most = spec.maxNamespaceBytes;
  if (most === undefined) return [];
  const groups = groupBy([...inners], ({ innerMap }) => innerMap.metadata.namespace);
  return [...groups.values()].flatMap(group => overIn(group, most));
}

function overIn(inners: readonly DesiredInner[], most: number): readonly OverQuota[] {
  const over: OverQuota[] = [];
  let taken = 0;
  for (const inner of inners.toSorted((a, b) => bySeniority(a.innerMap.metadata, b.innerMap.metadata))) {
    const bytes = memoryOf(inner);
    if (taken + bytes <= most) taken += bytes;
    else over.push({ inner, message: messageOf(inner, bytes, { most, taken }) });
  }
  return over;
}

function memoryOf({ spec, entries }: DesiredInner): number {
  const { count, values } = entries;
  const possibleCpus = isPerCpu(spec) && count > 0 ? values.length / count / cpuStride(spec) : 1;
  return kernelBytes({ spec, entries: count, possibleCpus });
}

function messageOf(
  { innerMap }: DesiredInner,
  bytes: number,
  { most, taken }: { readonly most: number; readonly taken: number },
): string {
  const { namespace } = innerMap.metadata;
  return `It takes ${mebibytes(bytes)} of kernel memory: inner maps of namespace ${namespace} may take ${mebibytes(most)} together, and older ones take ${mebibytes(taken)}; make it smaller, or let the OuterMap's owner raise spec.maxNamespaceBytes`;
}
