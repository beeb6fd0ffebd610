import { selects } from '../../../api/selector.ts';
import { compareText } from '../../../core/desired/desired.ts';
import type { ClusterFacts, Listed, ListedNode, ListedNodeMapState, ListedOuterMap } from '../ports.ts';
import { changesOf } from './behind.ts';
import {
  type FailureGroup,
  failuresOf,
  type HeldRemovalLine,
  heldRemovals,
  type Scope,
  unlistedFailures,
} from './failures.ts';
import { type InnerMapLine, innerMapsNotReady, type OuterMapLine, outerMapLine } from './objects.ts';
import { outOfDate, type Present, silence } from './outofdate.ts';
import { type NodeOverview, type Row, rowsOf } from './rows.ts';

/** A node that should have told and has not. */
export interface SilentNode {
  readonly node: string;
  /** Absent where it has no agent, which is no failure of its outer maps. */
  readonly waitsFor?: string;
}

/** How a cluster stands: what `status` shows, and its JSON. */
export interface ClusterOverview {
  readonly server: string;
  readonly ready: boolean;
  readonly outerMaps: readonly OuterMapLine[];
  /** Every node and outer map, those that are not ready first. */
  readonly rows: readonly Row[];
  readonly silent: readonly SilentNode[];
  readonly held: readonly HeldRemovalLine[];
  readonly failures: readonly FailureGroup[];
  /** Failures that the states count and do not list. */
  readonly unlistedFailures: number;
  readonly innerMaps: { readonly total: number; readonly notReady: readonly InnerMapLine[] };
  /** What may not be read, so that less is shown. */
  readonly unread: readonly string[];
}

/** Pure: from what the cluster tells to what a person asks. */
export function clusterOverview(facts: ClusterFacts, scope: Scope): ClusterOverview {
  const outers = itemsOf(facts.outerMaps);
  const inners = itemsOf(facts.innerMaps);
  const standings = standingsOf(facts);
  const rows = orderedRows(standings, outers, facts);
  const byOuter = grouped(rows, row => row.outerMap);
  const areStatesRead = facts.states.kind === 'read';
  const outerMaps = outers.map(outer =>
    outerMapLine(outer, areStatesRead ? (byOuter.get(outer.name) ?? []) : undefined),
  );
  const silent = silentNodes(facts, outers);
  const truths = standings.filter(({ state, present }) => outOfDate(state, present) === undefined);
  const notReady = innerMapsNotReady(inners);
  return {
    server: facts.server,
    ready:
      outerMaps.every(isReady) &&
      rows.every(isReady) &&
      notReady.length === 0 &&
      silent.every(({ waitsFor }) => waitsFor === undefined),
    outerMaps: outerMaps.toSorted((a, b) => weight(a) - weight(b) || compareText(a.name, b.name)),
    rows,
    silent,
    held: heldRemovals(truths, scope),
    failures: failuresOf(truths, scope),
    unlistedFailures: unlistedFailures(truths, scope),
    innerMaps: { total: inners.length, notReady },
    unread: unreadOf(facts),
  };
}

function itemsOf<T>(listed: Listed<T>): readonly T[] {
  return listed.kind === 'read' ? listed.items : [];
}

function unreadOf({ outerMaps, innerMaps, states, nodes, pods }: ClusterFacts): readonly string[] {
  const lists = [outerMaps, innerMaps, states, nodes, pods];
  return lists.flatMap(listed => (listed.kind === 'forbidden' ? [listed.message] : []));
}

/** The nodes that have told something. */
function standingsOf(facts: ClusterFacts): readonly NodeOverview[] {
  const present = presentOf(facts);
  return itemsOf(facts.states).flatMap(({ name, resourceVersion, status }: ListedNodeMapState) =>
    status === undefined ? [] : [{ name, state: status, resourceVersion, present: present(name) }],
  );
}

function presentOf({ nodes, pods }: ClusterFacts): (node: string) => Present {
  const nodeByName = new Map(itemsOf(nodes).map(node => [node.name, node]));
  const podByNode = new Map(
    itemsOf(pods)
      .toSorted((a, b) => (b.notReadyFor ?? -1) - (a.notReadyFor ?? -1))
      .map(pod => [pod.node, pod]),
  );
  const [nodesRead, podsRead] = [nodes.kind === 'read', pods.kind === 'read'];
  return name => ({ node: nodeByName.get(name), nodesRead, pod: podByNode.get(name), podsRead });
}

function orderedRows(
  standings: readonly NodeOverview[],
  outerMaps: readonly ListedOuterMap[],
  facts: ClusterFacts,
): readonly Row[] {
  const groups = grouped(itemsOf(facts.innerMaps), inner => inner.outerMap);
  const changes = new Map([...groups].map(([name, inners]) => [name, changesOf(inners)]));
  const rows = standings.flatMap(standing => rowsOf(standing, { outerMaps, changes }));
  return rows.sort(
    (a, b) => weight(a) - weight(b) || compareText(a.outerMap, b.outerMap) || compareText(a.node, b.node),
  );
}

/** Nodes that an outer map selects and that have told nothing. */
function silentNodes(facts: ClusterFacts, outerMaps: readonly ListedOuterMap[]): readonly SilentNode[] {
  if (facts.states.kind !== 'read') return [];
  const told = new Set(
    facts.states.items.filter(({ status }) => status !== undefined).map(({ name }) => name),
  );
  const present = presentOf(facts);
  return itemsOf(facts.nodes)
    .filter(node => !told.has(node.name) && isSelected(node, outerMaps))
    .map(({ name }) => ({ node: name, ...waitOf(present(name)) }))
    .sort((a, b) => compareText(a.node, b.node));
}

function isSelected({ labels }: ListedNode, outerMaps: readonly ListedOuterMap[]): boolean {
  return outerMaps.some(outer => selects(outer.nodeSelector, labels));
}

function waitOf(present: Present): { readonly waitsFor?: string } {
  if (present.podsRead && present.pod === undefined) return {};
  return { waitsFor: silence(present) ?? 'its agent has not reported yet' };
}

function grouped<T>(items: readonly T[], nameOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function isReady({ ready }: { readonly ready: string }): boolean {
  return ready === 'True';
}

const WEIGHTS = { False: 0, Unknown: 1, True: 2 } as const;

function weight({ ready }: { readonly ready: keyof typeof WEIGHTS }): number {
  return WEIGHTS[ready];
}
