import { groupBy, sameItems } from '../items.ts';
import type { Steps } from '../steps.ts';
import { outerAcceptances } from './accepted.ts';
import type { StatusChange } from './change.ts';
import type { InnerFacts, NodeFacts, NodeMapStateFacts, OuterFacts, PodFacts } from './facts.ts';
import type { InnerMemory } from './memory.ts';
import { type NodeSet, nodeSet } from './nodes/nodeset.ts';
import { RestoreGuard } from './nodes/restore.ts';
import { type OuterRollup, rollUpOuterMap } from './outerrollup.ts';

/** A snapshot of the controller's streams. A map keeps its identity until an entry changes. */
export interface ClusterState {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly pods: ReadonlyMap<string, PodFacts>;
  readonly states: ReadonlyMap<string, NodeMapStateFacts>;
  readonly outers: ReadonlyMap<string, OuterFacts>;
  /** By `team-a/web`. */
  readonly inners: ReadonlyMap<string, InnerFacts>;
  /** resourceVersion of the last deletion of an InnerMap, by the outer map that it named. */
  readonly deletions: ReadonlyMap<string, string>;
  /** resourceVersion of the last list of InnerMaps. */
  readonly listed: string;
  /** Changes when the server was restored to an older revision: memory of objects is then invalid. */
  readonly epoch: number;
}

/** State that the controller keeps between turns. */
export interface ClusterMemory {
  readonly guard: RestoreGuard;
  state: ClusterState | undefined;
  nodes: NodeSet | undefined;
  inners: ReadonlyMap<string, readonly InnerFacts[]>;
  readonly outers: Map<string, OuterRollup>;
}

export function emptyMemory(): ClusterMemory {
  return {
    guard: new RestoreGuard(),
    state: undefined,
    nodes: undefined,
    inners: new Map(),
    outers: new Map(),
  };
}

export interface RollupEvents {
  /** The input of an object's status changed. */
  readonly changed: (change: StatusChange) => void;
  /** The object was deleted. */
  readonly removed: (kind: StatusChange['kind'], id: string) => void;
}

/** Rolls up every outer map. It changes `memory`, calls the two callbacks, and has no other effect. */
export function* rollUpCluster(
  state: ClusterState,
  memory: ClusterMemory,
  { now, changed, removed }: RollupEvents & { readonly now: number },
): Steps<void> {
  memory.guard.advance(now);
  if (memory.state?.epoch !== state.epoch) memory.outers.clear();
  memory.inners = innersByOuter(state, memory);
  yield;
  forgetRemoved(state, memory, removed);
  memory.state = state;
  yield;
  memory.nodes = nodeSet(state, memory.nodes, now);
  yield;
  const acceptances = outerAcceptances(state.outers, memory.nodes.labels);
  for (const name of outerNames(state, memory)) {
    const snapshot = {
      ...{ name, nodes: memory.nodes, states: state.states, guard: memory.guard },
      ...{ facts: state.outers.get(name), acceptance: acceptances.get(name) },
      ...{ inners: memory.inners.get(name) ?? NONE, deleted: state.deletions.get(name) },
      listed: state.listed,
    };
    const before = memory.outers.get(name);
    memory.outers.set(name, yield* rollUpOuterMap(snapshot, before, { now, changed }));
  }
}

const NONE: readonly InnerFacts[] = [];

/** InnerMaps by their outer map. A list keeps its identity while its InnerMaps do. */
function innersByOuter(
  { inners }: ClusterState,
  { state, inners: before }: ClusterMemory,
): ReadonlyMap<string, readonly InnerFacts[]> {
  if (inners === state?.inners) return before;
  const groups = groupBy(inners.values(), inner => inner.outer);
  return new Map([...groups].map(([name, group]) => [name, unlessSame(group, before.get(name))]));
}

function unlessSame<T>(items: readonly T[], before: readonly T[] | undefined): readonly T[] {
  return before !== undefined && sameItems(before, items) ? before : items;
}

function forgetRemoved(state: ClusterState, memory: ClusterMemory, removed: RollupEvents['removed']): void {
  const { state: before } = memory;
  if (before !== undefined && before.inners !== state.inners)
    for (const key of before.inners.keys()) if (!state.inners.has(key)) removed('InnerMap', key);
  if (before !== undefined && before.outers !== state.outers)
    for (const name of before.outers.keys()) if (!state.outers.has(name)) removed('OuterMap', name);
  for (const name of memory.outers.keys())
    if (!state.outers.has(name) && !memory.inners.has(name)) memory.outers.delete(name);
}

/** Names of all outer maps. Those with a new deletion come first, because their Ready may be stale. */
function outerNames({ outers, deletions }: ClusterState, memory: ClusterMemory): readonly string[] {
  const names = [...new Set([...outers.keys(), ...memory.inners.keys()])];
  const isStale = (name: string) => deletions.get(name) !== memory.outers.get(name)?.deletion.deleted;
  return [...names.filter(isStale), ...names.filter(name => !isStale(name))];
}

/** Memory of an InnerMap from the last turn. */
export function innerMemory({ state, outers }: ClusterMemory, key: string): InnerMemory | undefined {
  const outer = state?.inners.get(key)?.outer;
  return outer === undefined ? undefined : outers.get(outer)?.inners.byKey.get(key);
}

/** Nodes that an outer map selects and of which nothing is known, and those from which no agent was ever heard. */
export function quietNodes({ outers }: ClusterMemory): {
  readonly silent: number;
  readonly withoutAgent: number;
} {
  const [silent, withoutAgent] = [new Set<string>(), new Set<string>()];
  for (const { progress } of outers.values())
    for (const rank of progress.ranks) {
      const node = progress.byRank[rank]!;
      const { name } = progress.nodes.all[rank]!.facts;
      if (node.kind === 'silent' || (node.kind === 'absent' && node.overdue)) silent.add(name);
      if (node.kind === 'withoutAgent') withoutAgent.add(name);
    }
  return { silent: silent.size, withoutAgent: withoutAgent.size };
}

/** Whether a node still has to reach a change. */
export function isBehind({ outers }: ClusterMemory): boolean {
  return [...outers.values()].some(({ totals }) => totals.isBehind);
}
