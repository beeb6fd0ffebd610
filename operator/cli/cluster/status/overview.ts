import { selects } from '../../../api/selector.ts';
import { compareText } from '../../../core/desired/seniority.ts';
import { groupBy } from '../../../core/items.ts';
import type { ClusterFacts, Listed, ListedNode, ListedOuterMap } from '../ports.ts';
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
import { absenceOf, outOfDate, type Present, silence, wasHeard } from './present.ts';
import { type RetainedLine, retainedLines } from './retained.ts';
import { type NodeOverview, type Readiness, type Row, rowsOf } from './rows.ts';

/** A node that should have reported and has not. */
export interface SilentNode {
  readonly node: string;
  readonly waitsFor?: string;
  /** Why no agent was ever heard of there, which is no failure of its outer maps; instead of the other. */
  readonly withoutAgent?: string;
}

/** The answer of `status` for a cluster, as JSON and for the tables. */
export interface ClusterOverview {
  readonly server: string;
  readonly ready: boolean;
  readonly outerMaps: readonly OuterMapLine[];
  /** Every node and outer map, those that are not ready first. */
  readonly nodes: readonly Row[];
  readonly silent: readonly SilentNode[];
  readonly held: readonly HeldRemovalLine[];
  /** Outer maps that nobody declares, and that stay: they make nothing less ready. */
  readonly retained: readonly RetainedLine[];
  readonly failures: readonly FailureGroup[];
  /** Failures that the states count and do not list. */
  readonly unlistedFailures: number;
  readonly innerMaps: { readonly total: number; readonly notReady: readonly InnerMapLine[] };
  /** Why less is shown: what may not be read. */
  readonly unread: readonly string[];
}

/** Pure: all that `status` shows of what was read. */
export function clusterOverview(facts: ClusterFacts, scope: Scope): ClusterOverview {
  const outers = itemsOf(facts.outerMaps);
  const inners = itemsOf(facts.innerMaps);
  const presentOf = presentByName(facts);
  const reports = reportsOf(facts, presentOf);
  const nodes = orderedRows(reports, facts);
  const byOuter = groupBy(nodes, row => row.outerMap);
  const areStatesRead = facts.states.kind === 'read';
  const outerMaps = outers
    .map(outer => outerMapLine(outer, areStatesRead ? (byOuter.get(outer.name) ?? []) : undefined))
    .sort((a, b) => weight(a) - weight(b) || compareText(a.name, b.name));
  const silent = areStatesRead ? silentNodes(facts, reports, presentOf) : [];
  const current = reports.filter(report => report.outOfDate === undefined);
  const notReady = innerMapsNotReady(inners);
  return {
    server: facts.server,
    ready:
      [...outerMaps, ...nodes].every(({ ready }) => ready === 'True') &&
      notReady.length === 0 &&
      silent.every(({ waitsFor }) => waitsFor === undefined),
    ...{ outerMaps, nodes, silent },
    held: heldRemovals(current, scope),
    retained: retainedLines(current, scope),
    failures: failuresOf(current, scope),
    unlistedFailures: unlistedFailures(current, scope),
    innerMaps: { total: inners.length, notReady },
    unread: [facts.outerMaps, facts.innerMaps, facts.states, facts.nodes, facts.pods].flatMap(listed =>
      listed.kind === 'forbidden' ? [listed.message] : [],
    ),
  };
}

function itemsOf<T>(listed: Listed<T>): readonly T[] {
  return listed.kind === 'read' ? listed.items : [];
}

type PresentOf = (node: string) => Present;

/** While an update has several Pods on a node, the one counts that is Ready, or was last. */
function presentByName({ nodes, pods }: ClusterFacts): PresentOf {
  const nodeByName = new Map(itemsOf(nodes).map(node => [node.name, node]));
  const worstFirst = itemsOf(pods).toSorted((a, b) => (b.notReadyFor ?? -1) - (a.notReadyFor ?? -1));
  const podByNode = new Map(worstFirst.map(pod => [pod.node, pod]));
  const [nodesRead, podsRead] = [nodes.kind === 'read', pods.kind === 'read'];
  return name => ({ node: nodeByName.get(name), nodesRead, pod: podByNode.get(name), podsRead });
}

function reportsOf({ states }: ClusterFacts, presentOf: PresentOf): readonly NodeOverview[] {
  return itemsOf(states).flatMap(({ name, resourceVersion, status: state }) => {
    const present = presentOf(name);
    if (state === undefined || !wasHeard(present, state)) return [];
    return [{ name, state, resourceVersion, node: present.node, outOfDate: outOfDate(state, present) }];
  });
}

function orderedRows(
  reports: readonly NodeOverview[],
  { outerMaps, innerMaps }: ClusterFacts,
): readonly Row[] {
  const groups = groupBy(itemsOf(innerMaps), inner => inner.outerMap);
  const changes = new Map([...groups].map(([name, inners]) => [name, changesOf(inners)]));
  const rows = reports.flatMap(report => rowsOf(report, itemsOf(outerMaps), changes));
  return rows.sort(
    (a, b) => weight(a) - weight(b) || compareText(a.outerMap, b.outerMap) || compareText(a.node, b.node),
  );
}

/** Nodes that an outer map selects and that have not reported. */
function silentNodes(
  { nodes, outerMaps }: ClusterFacts,
  reports: readonly NodeOverview[],
  presentOf: PresentOf,
): readonly SilentNode[] {
  const reporting = new Set(reports.map(({ name }) => name));
  return itemsOf(nodes)
    .filter(node => !reporting.has(node.name) && isSelected(node, itemsOf(outerMaps)))
    .map(({ name }) => ({ node: name, ...waitOf(presentOf(name)) }))
    .sort((a, b) => compareText(a.node, b.node));
}

function isSelected({ labels }: ListedNode, outerMaps: readonly ListedOuterMap[]): boolean {
  return outerMaps.some(outer => selects(outer.nodeSelector, labels));
}

function waitOf(present: Present): Omit<SilentNode, 'node'> {
  if (!wasHeard(present, undefined)) return { withoutAgent: absenceOf(present) };
  return { waitsFor: silence(present) ?? 'its agent has not reported yet' };
}

const WEIGHTS = { False: 0, Unknown: 1, True: 2 } as const;

function weight({ ready }: Readiness): number {
  return WEIGHTS[ready];
}
