import type { InnerMap } from '../../api/innermap.ts';
import { MAP_FLAGS, type OuterMap } from '../../api/outermap.ts';
import { isLRU } from '../mapspec.ts';
import type { DesiredInner } from './compile.ts';
import type { Desired, DesiredOuter } from './desired.ts';

/** What a kernel will not hold, though each declaration is right by itself. */
export interface CapacityWarning {
  readonly object: InnerMap | OuterMap;
  readonly message: string;
}

export function capacityWarnings(desired: Desired): readonly CapacityWarning[] {
  return [...desired.outers.values()].flatMap(outer => [
    ...crowded(outer),
    ...[...outer.inners.values()].flatMap(inner => nearlyFull(inner)),
  ]);
}

function crowded({ outerMap, inners, kept }: DesiredOuter): readonly CapacityWarning[] {
  const { maxEntries } = outerMap.spec;
  const wanted = inners.size + kept.size;
  if (wanted <= maxEntries) return [];
  const message = `${wanted} InnerMaps are more than maxEntries ${maxEntries}: ${wanted - maxEntries} will be OuterMapFull; declare fewer, or make another OuterMap`;
  return [{ object: outerMap, message }];
}

/** Entries that an LRU map keeps free for each CPU at most (LOCAL_FREE_TARGET, kernel/bpf/bpf_lru_list.c). */
const FREE = 128;
/** So many CPUs a node has at least. */
const CPUS = 2;

function nearlyFull({ innerMap, spec, entries }: DesiredInner): readonly CapacityWarning[] {
  if (!isLRU(spec.type)) return [];
  const { count } = entries;
  const { maxEntries, flags } = spec;
  if ((flags & MAP_FLAGS.NoCommonLRU) !== 0) {
    if (count * CPUS <= maxEntries) return [];
    const message = `${count} entries are more than maxEntries ${maxEntries} by ${CPUS} CPUs: with NoCommonLRU each CPU has its share for itself, and the others will be Evicted; raise maxEntries to ${count} times the CPUs of a node`;
    return [{ object: innerMap, message }];
  }
  if (count <= Math.max(maxEntries / 2, maxEntries - FREE * CPUS)) return [];
  const message = `${count} entries come near maxEntries ${maxEntries}: an LRU map keeps up to ${FREE} places free for each CPU, and some will be Evicted; raise maxEntries`;
  return [{ object: innerMap, message }];
}
