import { groupBy, sameItems } from '../canonical.ts';
import type { Steps } from '../steps.ts';
import { outerAcceptances } from './accepted.ts';
import type { StatusChange } from './change.ts';
import type { InnerFacts, NodeFacts, OuterFacts, PodFacts, StateFacts } from './facts.ts';
import type { InnerMemory } from './memory.ts';
import { type NodeSet, nodeSet } from './nodes/nodeset.ts';
import { RestoreGuard } from './nodes/restore.ts';
import { type OuterRollup, rollUpOuterMap } from './outerrollup.ts';

/** What the controller reads, at one moment: each map is the same object while nothing in it is another. */
export interface ClusterState {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly pods: ReadonlyMap<string, PodFacts>;
  readonly states: ReadonlyMap<string, StateFacts>;
  readonly outers: ReadonlyMap<string, OuterFacts>;
  /** By `team-a/web`. */
  readonly inners: ReadonlyMap<string, InnerFacts>;
  /** resourceVersion of the last deletion of an InnerMap, by the outer map that it named. */
  readonly deletions: ReadonlyMap<string, string>;
  /** As of which InnerMaps were listed. */
  readonly listed: string;
  /** Another one after the server was restored: what is remembered of objects is of a future that will not be. */
  readonly epoch: number;
}

/** What is kept from turn to turn. */
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
  /** The status of an object is to be made of something else than before. */
  readonly changed: (change: StatusChange) => void;
  /** The object is gone. */
  readonly gone: (kind: StatusChange['kind'], id: string) => void;
}

/** Rolls up every outer map, those first of which something was deleted: their Ready may be stale. Pure but for `memory`. */
export function* rollUpCluster(
  state: ClusterState,
  memory: ClusterMemory,
  { now, changed, gone }: RollupEvents & { readonly now: number },
): Steps<void> {
  memory.guard.advance(now);
  if (memory.state?.epoch !== state.epoch) memory.outers.clear();
  memory.inners = innersByOuter(state, memory);
  forgetGone(state, memory, gone);
  memory.state = state;
  memory.nodes = nodeSet(state, memory.nodes, now);
  const acceptances = outerAcceptances(state.outers, memory.nodes.labels);
  for (const name of outerNames(state, memory)) {
    const seen = {
      ...{ name, nodes: memory.nodes, states: state.states, guard: memory.guard },
      ...{ facts: state.outers.get(name), acceptance: acceptances.get(name) },
      ...{
        inners: memory.inners.get(name) ?? NONE,
        deleted: state.deletions.get(name),
        listed: state.listed,
      },
    };
    const before = memory.outers.get(name);
    memory.outers.set(name, yield* rollUpOuterMap(seen, before, { now, changed }));
  }
}

const NONE: readonly InnerFacts[] = [];

/** The InnerMaps of each outer map: the same list again where none of them is another. */
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

function forgetGone(state: ClusterState, memory: ClusterMemory, gone: RollupEvents['gone']): void {
  const { state: before } = memory;
  if (before !== undefined && before.inners !== state.inners)
    for (const key of before.inners.keys()) if (!state.inners.has(key)) gone('InnerMap', key);
  if (before !== undefined && before.outers !== state.outers)
    for (const name of before.outers.keys()) if (!state.outers.has(name)) gone('OuterMap', name);
  for (const name of memory.outers.keys())
    if (!state.outers.has(name) && !memory.inners.has(name)) memory.outers.delete(name);
}

/** A stale Ready is corrected first. */
function outerNames({ outers, deletions }: ClusterState, memory: ClusterMemory): readonly string[] {
  const names = [...new Set([...outers.keys(), ...memory.inners.keys()])];
  const isStale = (name: string) => deletions.get(name) !== memory.outers.get(name)?.deletion.deleted;
  return [...names.filter(isStale), ...names.filter(name => !isStale(name))];
}

/** What was remembered of an InnerMap in the last turn. */
export function innerMemory({ state, outers }: ClusterMemory, key: string): InnerMemory | undefined {
  const outer = state?.inners.get(key)?.outer;
  return outer === undefined ? undefined : outers.get(outer)?.inners.byKey.get(key);
}

/** Whether some node has not come so far yet as it should. */
export function isBehind({ outers }: ClusterMemory): boolean {
  return [...outers.values()].some(({ rollups }) => rollups.isBehind);
}
