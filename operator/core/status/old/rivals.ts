import type { Metadata } from '../../../api/metadata.ts';
import { bySeniority } from '../../desired/desired.ts';
import type { InnerRecord, NodeRecord, OuterRecord } from './memory.ts';
import { chosenBy, type View } from './progress.ts';

/** Whoever claims one key of an outer map. */
export interface ClaimGroup {
  readonly members: Set<InnerRecord>;
  /** Of each that loses, who has the key before it; absent: to be worked out again. */
  rivals?: ReadonlyMap<InnerRecord, InnerRecord>;
  nodesVersion: number;
  generation: number;
}

/** The older InnerMap that has the key where this one wants it. */
export function rivalOf(inner: InnerRecord, view: View): InnerRecord | undefined {
  const { outer, claimed } = inner;
  const group = claimed === undefined ? undefined : outer.claims.get(claimed);
  if (group === undefined || group.members.size < 2) return undefined;
  const generation = outer.facts?.generation ?? 0;
  const isCurrent = group.nodesVersion === view.nodes.version && group.generation === generation;
  if (group.rivals === undefined || !isCurrent) {
    group.rivals = rivalsIn(group, outer, view);
    group.nodesVersion = view.nodes.version;
    group.generation = generation;
  }
  return group.rivals.get(inner);
}

/**
 * Two meet where they say the same, nodes or no nodes, and where a node is selected by both. From the oldest on each
 * takes its nodes: thousands with one key and a node each are looked at once.
 */
function rivalsIn(group: ClaimGroup, outer: OuterRecord, view: View): ReadonlyMap<InnerRecord, InnerRecord> {
  const rivals = new Map<InnerRecord, InnerRecord>();
  const bySelector = new Map<unknown, InnerRecord>();
  const byNode = new Map<NodeRecord, InnerRecord>();
  for (const inner of [...group.members].sort((a, b) => bySeniority(metadataOf(a), metadataOf(b)))) {
    const cohort = chosenBy(outer, inner.facts.selector, view);
    const equal = bySelector.get(cohort);
    if (equal !== undefined) {
      rivals.set(inner, equal);
      continue;
    }
    bySelector.set(cohort, inner);
    for (const node of cohort.members) {
      const holder = byNode.get(node);
      if (holder === undefined) byNode.set(node, inner);
      else if (!rivals.has(inner)) rivals.set(inner, holder);
    }
  }
  return rivals;
}

function metadataOf({ facts }: InnerRecord): Metadata {
  return facts.wanted!.innerMap.metadata;
}
