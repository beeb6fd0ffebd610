import type { InnerMapStatus, NodeMapStateStatus, OuterMapState } from '../../../api/status.ts';
import { labelsHash } from '../../../core/report/nodereport.ts';
import type {
  AgentPod,
  ClusterFacts,
  ListedInnerMap,
  ListedNode,
  ListedNodeMapState,
  ListedOuterMap,
} from '../ports.ts';

/** What a test's cluster tells: lists that grow step by step. */
export class Facts {
  readonly outerMaps: ListedOuterMap[] = [];
  readonly innerMaps: ListedInnerMap[] = [];
  readonly states: ListedNodeMapState[] = [];
  readonly nodes: ListedNode[] = [];
  readonly pods: AgentPod[] = [];

  outer(name: string, change: Partial<ListedOuterMap> = {}): this {
    const status = { conditions: [readyCondition()] };
    const base = { name, uid: `uid-${name}`, generation: 1, type: 'HashOfMaps', inner: 'Hash', status };
    this.outerMaps.push({ ...base, ...change });
    return this;
  }

  /** `team-a/web` of `tenants`, changed at 100 and Ready. */
  inner(path: string, change: Partial<ListedInnerMap> = {}): this {
    const [namespace = '', name = ''] = path.split('/');
    const status: Partial<InnerMapStatus> = {
      observedGeneration: 1,
      specResourceVersion: '100',
      conditions: [readyCondition()],
    };
    const base = { outerMap: 'tenants', key: '1', generation: 1, resourceVersion: '200', status };
    this.innerMaps.push({ namespace, name, ...base, ...change });
    return this;
  }

  /** A Ready node with a Ready agent. */
  node(name: string, change: Partial<ListedNode> = {}): this {
    const base = { name, uid: `uid-${name}`, bootID: `boot-${name}`, labels: {}, ready: true };
    this.nodes.push({ ...base, ...change });
    return this;
  }

  pod(node: string, ready = true): this {
    this.pods.push({ namespace: 'system', name: `agent-${node}`, node, ready, container: 'agent' });
    return this;
  }

  /** What the agent of a node told, of `tenants` unless given. */
  told(name: string, outer: Partial<OuterMapState> = {}, change: Partial<NodeMapStateStatus> = {}): this {
    this.states.push({ name, status: { ...state(name), outerMaps: [outerState(outer)], ...change } });
    return this;
  }

  /** A node as it should be, with everything that tells so. */
  well(name: string): this {
    return this.node(name).pod(name).told(name);
  }

  all(): ClusterFacts {
    const { outerMaps, innerMaps, states, nodes, pods } = this;
    const read = <T>(items: readonly T[]) => ({ kind: 'read' as const, items });
    return {
      server: 'https://cluster',
      outerMaps: read(outerMaps),
      innerMaps: read(innerMaps),
      states: read(states),
      nodes: read(nodes),
      pods: read(pods),
    };
  }
}

export function readyCondition(): InnerMapStatus['conditions'][number] {
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Programmed',
    message: 'as declared',
    lastTransitionTime: '2026-01-02T03:00:05Z',
  };
}

function state(name: string): NodeMapStateStatus {
  return {
    node: { name, uid: `uid-${name}`, bootID: `boot-${name}`, labelsHash: labelsHash({}) },
    outerMaps: [],
    failures: [],
    kernel: { release: '6.18.0', outerBatch: 'once', gracePeriodMs: 8, features: {} },
    drift: { found: 0, repaired: 0 },
    conditions: [readyCondition()],
  };
}

function outerState(change: Partial<OuterMapState>): OuterMapState {
  return {
    name: 'tenants',
    uid: 'uid-tenants',
    generation: 1,
    innerMaps: 1,
    entries: 2,
    bytes: 16,
    failuresTotal: 0,
    programmedResourceVersion: '100',
    ...change,
  };
}
