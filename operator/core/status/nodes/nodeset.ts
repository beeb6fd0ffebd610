import { sameItems } from '../../canonical.ts';
import { compareText } from '../../desired/desired.ts';
import type { NodeFacts, PodFacts } from '../facts.ts';
import { NodeLabels } from './nodelabels.ts';
import { SILENT_AFTER } from './staleness.ts';

/** A node whose agent's Pod is gone may get the next one: so long it still counts as having an agent. */
const POD_GRACE = 60_000;

/** A node, and what is known of its agent. */
export interface NodeStatus {
  readonly facts: NodeFacts;
  readonly hasAgent: boolean;
  /** Node or agent have not been Ready for a minute. */
  readonly isSilent: boolean;
  /** When the last Pod of its agent went. */
  readonly agentGoneAt?: number | undefined;
}

/** The nodes of a cluster. The same object while nothing that statuses depend on is another. */
export interface NodeSet {
  /** By name: a node's rank is its place here. */
  readonly all: readonly NodeStatus[];
  readonly byName: ReadonlyMap<string, NodeStatus>;
  /** The same object while names, uids and labels are the same. */
  readonly labels: NodeLabels;
}

export interface NodesSeen {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly pods: ReadonlyMap<string, PodFacts>;
}

/** `now` is in milliseconds of the clock that the facts' times are of. */
export function nodeSet({ nodes, pods }: NodesSeen, before: NodeSet | undefined, now: number): NodeSet {
  const agents = agentPods(pods);
  const byName = new Map<string, NodeStatus>();
  for (const facts of nodes.values()) {
    const known = before?.byName.get(facts.name);
    byName.set(facts.name, nodeStatus(facts, agents.get(facts.name), { before: known, now }));
  }
  const isSame = before !== undefined && sameStatuses(before.byName, byName);
  if (isSame) return before;
  const all = [...byName.values()].sort((a, b) => compareText(a.facts.name, b.facts.name));
  const facts = all.map(status => status.facts);
  const areSame = before !== undefined && sameItems(before.labels.nodes, facts, sameLabels);
  return { all, byName, labels: areSame ? before.labels : new NodeLabels(facts) };
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

/** Of several Pods on a node, during an update, the one that does best counts. */
function agentPods(pods: ReadonlyMap<string, PodFacts>): ReadonlyMap<string, PodFacts> {
  const byNode = new Map<string, PodFacts>();
  for (const pod of pods.values()) {
    const known = byNode.get(pod.node);
    if (known === undefined || readySince(pod) > readySince(known)) byNode.set(pod.node, pod);
  }
  return byNode;
}

function readySince({ notReadySince = Number.POSITIVE_INFINITY }: PodFacts): number {
  return notReadySince;
}

function nodeStatus(
  facts: NodeFacts,
  pod: PodFacts | undefined,
  { before, now }: { readonly before: NodeStatus | undefined; readonly now: number },
): NodeStatus {
  const goneAt = pod === undefined && before !== undefined ? agentGoneAt(before, now) : undefined;
  const hasAgent = pod !== undefined || (goneAt !== undefined && now - goneAt < POD_GRACE);
  const isSilent = isLong(facts.notReadySince, now) || isLong(pod?.notReadySince, now);
  const isSame =
    before?.facts === facts &&
    before.hasAgent === hasAgent &&
    before.isSilent === isSilent &&
    before.agentGoneAt === goneAt;
  if (isSame) return before;
  return { facts, hasAgent, isSilent, agentGoneAt: goneAt };
}

function agentGoneAt({ hasAgent, agentGoneAt: known }: NodeStatus, now: number): number | undefined {
  return known ?? (hasAgent ? now : undefined);
}

function isLong(since: number | undefined, now: number): boolean {
  return since !== undefined && now - since >= SILENT_AFTER;
}
