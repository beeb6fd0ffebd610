import type { EntryFacts, ReportedFailure } from '../facts.ts';
import type { FailingNode } from '../rollup/watermarkindex.ts';
import type { NodeGroup, NodeRecord, OuterRecord } from './memory.ts';

/** In `failing`, the outer map itself: keys of InnerMaps have a slash. */
export const ITSELF = '';

const NOWHERE: readonly FailingNode[] = [];

/** The nodes of a cohort whose states list an object, with what they say of it. */
export function failingOf(outer: OuterRecord, cohort: NodeGroup, key: string): readonly FailingNode[] {
  const nodes = outer.failing.get(key);
  if (nodes === undefined) return NOWHERE;
  const failing: FailingNode[] = [];
  for (const node of nodes) {
    const standing = outer.standings.get(node);
    const trouble = troubleOf(node.state?.outers.get(outer.name), key);
    if (standing?.kind !== 'reporting' || trouble === undefined || !cohort.members.has(node)) continue;
    const { watermark, opaque } = standing;
    failing.push({ rank: 0, node: node.name, watermark, opaque, ...trouble });
  }
  return failing;
}

/** After a node's entry for the outer map has become another. */
export function reindex(
  { failing }: OuterRecord,
  node: NodeRecord,
  { before, after }: { readonly before: EntryFacts | undefined; readonly after: EntryFacts | undefined },
): void {
  for (const key of troubled(before)) {
    const nodes = failing.get(key);
    nodes?.delete(node);
    if (nodes?.size === 0) failing.delete(key);
  }
  for (const key of troubled(after)) {
    const nodes = failing.get(key);
    if (nodes === undefined) failing.set(key, new Set([node]));
    else nodes.add(node);
  }
}

export function isTroubled(entry: EntryFacts | undefined): boolean {
  if (entry === undefined) return false;
  return entry.held !== undefined || entry.own !== undefined || entry.inners.size > 0;
}

const NONE: readonly string[] = [];

function troubled(entry: EntryFacts | undefined): readonly string[] {
  if (entry === undefined || !isTroubled(entry)) return NONE;
  const itself = entry.held === undefined && entry.own === undefined ? NONE : [ITSELF];
  return [...itself, ...entry.inners.keys()];
}

function troubleOf(entry: EntryFacts | undefined, key: string): ReportedFailure | undefined {
  if (key !== ITSELF) return entry?.inners.get(key);
  return entry?.held === undefined ? entry?.own : heldTrouble(entry.held);
}

function heldTrouble({ keys, token }: { readonly keys: number; readonly token: string }): ReportedFailure {
  const message = `${keys} keys are no longer declared, more than maxRemoval lets go at once: nothing was removed; if it is meant, set the annotation innermap.io/release-removal: ${token}`;
  return { reason: 'RemovalHeld', message };
}
