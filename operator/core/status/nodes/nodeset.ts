import { compareText } from '../../desired/seniority.ts';
import { sameItems } from '../../items.ts';
import type { NodeFacts, NodeMapStateFacts, PodFacts } from '../facts.ts';
import { NodeLabels } from './nodelabels.ts';
import { SILENT_AFTER } from './staleness.ts';

/** A node counts as having an agent for this many milliseconds after the Pod was deleted: a new Pod may start. */
const POD_GRACE = 60_000;

/** A node and the state of its agent. */
export interface NodeStatus {
  readonly facts: NodeFacts;
  /**
   * An agent has reported from this very Node, or its Pod has been Ready. A Pod alone proves nothing: on a node of another
   * system or architecture it never starts.
   */
  readonly hasAgent: boolean;
  /** Which of the node and its agent has not been Ready for a minute. */
  readonly silence?: 'NodeNotReady' | 'AgentNotReady' | undefined;
  /** When its agent's last Pod was deleted. */
  readonly agentLostAt?: number | undefined;
}

/** The nodes of a cluster. It keeps its identity while all that statuses depend on stays the same. */
export interface NodeSet {
  /** Sorted by name; a node's rank is its index here. */
  readonly all: readonly NodeStatus[];
  readonly byName: ReadonlyMap<string, NodeStatus>;
  /** Keeps its identity while names, uids and labels stay the same. */
  readonly labels: NodeLabels;
  /** Nodes with a Pod of an agent that has never been heard of. */
  unheard: readonly NodeFacts[];
  /** The latest snapshot that it was made from. */
  from: NodesSnapshot;
  /** When time alone changes it. */
  recheckAt: number;
}

export interface NodesSnapshot {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly pods: ReadonlyMap<string, PodFacts>;
  readonly states: ReadonlyMap<string, NodeMapStateFacts>;
}

/** Combines Nodes and their agents' Pods. `now` is in milliseconds of the clock of the facts' times. */
export function nodeSet(
  { nodes, pods, states }: NodesSnapshot,
  before: NodeSet | undefined,
  now: number,
): NodeSet {
  const from = { nodes, pods, states };
  if (before !== undefined && isCurrent(before, from, now)) return before;
  const agents = agentPods(pods);
  const byName = new Map<string, NodeStatus>();
  const unheard: NodeFacts[] = [];
  let recheckAt = Number.POSITIVE_INFINITY;
  for (const facts of nodes.values()) {
    const pod = agents.get(facts.name);
    const last = before?.byName.get(facts.name);
    const isHeard =
      pod !== undefined && (isReady(pod) || hasReported(states, facts) || wasHeard(last, facts));
    const status = nodeStatus(facts, pod, { isHeard, before: last, now });
    byName.set(facts.name, status);
    if (pod !== undefined && !isHeard) unheard.push(facts);
    for (const at of [silentAt(facts), silentAt(pod), (status.agentLostAt ?? Number.NaN) + POD_GRACE])
      if (at > now) recheckAt = Math.min(recheckAt, at);
  }
  if (before !== undefined && sameStatuses(before.byName, byName))
    return Object.assign(before, { from, unheard, recheckAt });
  const all = [...byName.values()].sort((a, b) => compareText(a.facts.name, b.facts.name));
  const facts = all.map(status => status.facts);
  const areSame = before !== undefined && sameItems(before.labels.nodes, facts, sameLabels);
  const labels = areSame ? before.labels : new NodeLabels(facts);
  return { all, byName, labels, unheard, from, recheckAt };
}

/** Of the states it matters only whether one is the first of its node. */
function isCurrent({ from, unheard, recheckAt }: NodeSet, next: NodesSnapshot, now: number): boolean {
  const isSame = from.nodes === next.nodes && from.pods === next.pods && now < recheckAt;
  return isSame && !unheard.some(facts => hasReported(next.states, facts));
}

function hasReported(states: NodesSnapshot['states'], { name, uid }: NodeFacts): boolean {
  return states.get(name)?.uid === uid;
}

function wasHeard(last: NodeStatus | undefined, { uid }: NodeFacts): boolean {
  return last?.hasAgent === true && last.facts.uid === uid;
}

function isReady({ notReadySince }: PodFacts): boolean {
  return notReadySince === undefined;
}

/** NaN for a Node or Pod that is Ready. */
function silentAt(facts: NodeFacts | PodFacts | undefined): number {
  return (facts?.notReadySince ?? Number.NaN) + SILENT_AFTER;
}

function sameStatuses(
  before: ReadonlyMap<string, NodeStatus>,
  after: ReadonlyMap<string, NodeStatus>,
): boolean {
  return before.size === after.size && [...after].every(([name, status]) => before.get(name) === status);
}

function sameLabels(a: NodeFacts, b: NodeFacts): boolean {
  return a.name === b.name && a.uid === b.uid && a.labelsHash === b.labelsHash;
}

/** The agent's Pod of each node. During an update a node has several: the one that was Ready last counts. */
function agentPods(pods: ReadonlyMap<string, PodFacts>): ReadonlyMap<string, PodFacts> {
  const byNode = new Map<string, PodFacts>();
  for (const pod of pods.values()) {
    const previous = byNode.get(pod.node);
    if (previous === undefined || readySince(pod) > readySince(previous)) byNode.set(pod.node, pod);
  }
  return byNode;
}

function readySince({ notReadySince = Number.POSITIVE_INFINITY }: PodFacts): number {
  return notReadySince;
}

function nodeStatus(
  facts: NodeFacts,
  pod: PodFacts | undefined,
  {
    isHeard,
    before,
    now,
  }: { readonly isHeard: boolean; readonly before: NodeStatus | undefined; readonly now: number },
): NodeStatus {
  const lostAt = pod === undefined && before !== undefined ? agentLostAt(before, now) : undefined;
  const hasAgent = isHeard || (lostAt !== undefined && now - lostAt < POD_GRACE);
  const silence =
    silentAt(facts) <= now ? 'NodeNotReady' : silentAt(pod) <= now ? 'AgentNotReady' : undefined;
  const isSame =
    before?.facts === facts &&
    before.hasAgent === hasAgent &&
    before.silence === silence &&
    before.agentLostAt === lostAt;
  if (isSame) return before;
  return { facts, hasAgent, silence, agentLostAt: lostAt };
}

function agentLostAt({ hasAgent, agentLostAt: previous }: NodeStatus, now: number): number | undefined {
  return previous ?? (hasAgent ? now : undefined);
}
