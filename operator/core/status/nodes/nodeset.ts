import { compareText } from '../../desired/desired.ts';
import type { NodeFacts, PodFacts } from '../facts.ts';
import { NodeLabels } from './nodelabels.ts';

/** A Node or Pod that is not Ready for so long is silent; less is a restart. */
const SILENT_AFTER = 60_000;
/** A node whose agent's Pod is gone may get the next one: so long it still counts as having an agent. */
const POD_GRACE = 60_000;

/** A node, and what is known of its agent. */
export interface NodeStatus {
  readonly facts: NodeFacts;
  readonly hasAgent: boolean;
  /** Node or agent have not been Ready for a minute. */
  readonly isSilent: boolean;
  /** When the last Pod of its agent went. */
  readonly agentGoneAt?: number;
}

/** The nodes of a cluster. The same object while nothing that statuses depend on is another. */
export interface NodeSet {
  /** By name: a node's rank is its place here. */
  readonly all: readonly NodeStatus[];
  /** The same object while names, uids and labels are the same. */
  readonly labels: NodeLabels;
  readonly agents: AgentPods;
}

interface AgentPods {
  readonly pods: ReadonlyMap<string, PodFacts>;
  readonly byNode: ReadonlyMap<string, PodFacts>;
}

export interface NodesSeen {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly pods: ReadonlyMap<string, PodFacts>;
}

/** `now` is in milliseconds of the clock that the facts' times are of. */
export function nodeSet({ nodes, pods }: NodesSeen, before: NodeSet | undefined, now: number): NodeSet {
  const facts = sortedFacts(nodes, before?.labels.nodes ?? []);
  const isSame = before !== undefined && sameLabels(before.labels.nodes, facts);
  const labels = isSame ? before.labels : new NodeLabels(facts);
  const agents = before?.agents.pods === pods ? before.agents : { pods, byNode: agentPods(pods) };
  const known = knownByName(before, isSame);
  const all = facts.map((node, rank) =>
    nodeStatus(node, agents.byNode.get(node.name), { before: known(rank, node), now }),
  );
  const isUnchanged = isSame && all.every((status, rank) => status === before.all[rank]);
  return isUnchanged && before.agents === agents
    ? before
    : { all: isUnchanged ? before.all : all, labels, agents };
}

/** Clocks of others may be ahead: since when we have seen it counts, where that is longer ago. */
export function withEarliest<T extends NodeFacts | PodFacts>(facts: T, before: T | undefined): T {
  const [now, then] = [facts.notReadySince, before?.notReadySince];
  return now === undefined || then === undefined || then >= now ? facts : { ...facts, notReadySince: then };
}

/** Sorting thousands of names takes longer than finding that they are the same. */
function sortedFacts(
  nodes: ReadonlyMap<string, NodeFacts>,
  before: readonly NodeFacts[],
): readonly NodeFacts[] {
  const sorted: NodeFacts[] = [];
  for (const { name } of before) {
    const facts = nodes.get(name);
    if (facts !== undefined) sorted.push(facts);
  }
  const isWhole = sorted.length === nodes.size;
  return isWhole ? sorted : [...nodes.values()].sort((a, b) => compareText(a.name, b.name));
}

function sameLabels(before: readonly NodeFacts[], after: readonly NodeFacts[]): boolean {
  return (
    before.length === after.length &&
    after.every(({ name, uid, labelsHash }, rank) => {
      const known = before[rank]!;
      return known.name === name && known.uid === uid && known.labelsHash === labelsHash;
    })
  );
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

function knownByName(
  before: NodeSet | undefined,
  isSame: boolean,
): (rank: number, node: NodeFacts) => NodeStatus | undefined {
  if (before === undefined) return () => undefined;
  if (isSame) return rank => before.all[rank];
  const byName = new Map(before.all.map(status => [status.facts.name, status]));
  return (_, { name }) => byName.get(name);
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
  return { facts, hasAgent, isSilent, ...(goneAt === undefined ? {} : { agentGoneAt: goneAt }) };
}

function agentGoneAt({ hasAgent, agentGoneAt: known }: NodeStatus, now: number): number | undefined {
  return known ?? (hasAgent ? now : undefined);
}

function isLong(since: number | undefined, now: number): boolean {
  return since !== undefined && now - since >= SILENT_AFTER;
}
