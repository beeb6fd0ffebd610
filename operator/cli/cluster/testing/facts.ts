import type { InnerMapStatus, NodeMapStateStatus, OuterMapState } from '../../../api/status.ts';
import { labelsHash } from '../../../core/report/nodereport.ts';
import { CommandFixture, type Ran } from '../../testing/commandfixture.ts';
import type {
  AgentPod,
  ClusterFacts,
  ListedInnerMap,
  ListedNode,
  ListedNodeMapState,
  ListedOuterMap,
} from '../ports.ts';

/** A test's cluster: lists that grow step by step. */
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
    const base = { name, uid: `uid-${name}`, bootID: `boot-${name}`, labels: {} };
    this.nodes.push({ ...base, ...change });
    return this;
  }

  pod(node: string, change: Partial<AgentPod> = {}): this {
    const base = { namespace: 'system', name: `agent-${node}`, node, container: 'agent' };
    this.pods.push({ ...base, ...change });
    return this;
  }

  /** The report of a node's agent, at 300; of `tenants` unless given. */
  reported(name: string, outer: Partial<OuterMapState> = {}, change: Partial<NodeMapStateStatus> = {}): this {
    const status = { ...state(name), outerMaps: [outerState(outer)], ...change };
    this.states.push({ name, resourceVersion: '300', status });
    return this;
  }

  /** A node as it should be: Ready, with an agent and a report. */
  well(name: string): this {
    return this.node(name).pod(name).reported(name);
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

/** `kubectl innermap status WORDS…` on a cluster of these facts. */
export async function shown(facts: Facts | ClusterFacts, ...words: readonly string[]): Promise<Ran> {
  const fixture = new CommandFixture();
  fixture.program = 'kubectl innermap';
  fixture.env = { HOME: '/home/me' };
  const all = facts instanceof Facts ? facts.all() : facts;
  fixture.inspect = { facts: async () => all };
  return fixture.run('status', ...words);
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
