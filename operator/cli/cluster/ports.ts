import type { NodeSelector } from '../../api/metadata.ts';
import type { InnerMapStatus, NodeMapStateStatus, OuterMapStatus } from '../../api/status.ts';
import type { Applied } from '../../core/compare/applied.ts';
import type { ManifestProblem } from '../../core/wanted.ts';
import type { NodeOptions, PlanOutcome, Progressed } from '../command.ts';

/** Labels of the agents' Pods, as the chart has them. */
export const AGENT_PODS = 'app.kubernetes.io/name=innermap-operator,app.kubernetes.io/component=agent';

/** A cluster, named as kubectl names it. */
export interface ClusterAddress {
  /** As given by --kubeconfig; absent: kubectl's own files. */
  readonly kubeconfig?: string;
  /** The files where kubectl looks: of a name that several define, the first counts. */
  readonly files: readonly string[];
  readonly context?: string;
}

/** Objects of a kind, or why they may not be read. */
export type Listed<T> =
  | { readonly kind: 'read'; readonly items: readonly T[] }
  | { readonly kind: 'forbidden'; readonly message: string };

export interface ListedNode {
  readonly name: string;
  readonly uid: string;
  readonly bootID: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In milliseconds; absent: its Ready condition is True. */
  readonly notReadyFor?: number;
}

/** A Pod of the agent. */
export interface AgentPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** In milliseconds; absent: its Ready condition is True. */
  readonly notReadyFor?: number;
  readonly container: string;
  /** Where the node has the bpffs, by the agent's options. */
  readonly bpffsOnNode?: string;
}

export interface ListedNodeMapState {
  readonly name: string;
  readonly resourceVersion: string;
  /** Absent where its agent has not written it yet. */
  readonly status?: NodeMapStateStatus;
}

export interface ListedOuterMap {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly type: string;
  readonly inner: string;
  readonly nodeSelector?: NodeSelector;
  readonly status?: Partial<OuterMapStatus>;
}

export interface ListedInnerMap {
  readonly namespace: string;
  readonly name: string;
  readonly outerMap: string;
  readonly key: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly nodeSelector?: NodeSelector;
  readonly status?: Partial<InnerMapStatus>;
}

/** A cluster's outer maps, inner maps and nodes, without any contents. */
export interface ClusterFacts {
  readonly server: string;
  readonly outerMaps: Listed<ListedOuterMap>;
  readonly innerMaps: Listed<ListedInnerMap>;
  readonly states: Listed<ListedNodeMapState>;
  readonly nodes: Listed<ListedNode>;
  readonly pods: Listed<AgentPod>;
}

export interface FactsRequest {
  readonly address: ClusterAddress;
  /** Absent: all. */
  readonly outerMap?: string;
  /** Absent: InnerMaps of all namespaces. */
  readonly namespace?: string;
  readonly progress: Progressed;
}

export interface ClusterPlanRequest extends NodeOptions {
  readonly address: ClusterAddress;
  readonly progress: Progressed;
}

export interface FilesRequest {
  readonly address: ClusterAddress;
  readonly paths: readonly string[];
  /** For manifests that name none; absent: the context's. */
  readonly namespace?: string;
  readonly progress: Progressed;
}

export interface AppliedOutcome extends Applied {
  /** Manifests that cannot be read. */
  readonly refusals: readonly ManifestProblem[];
  /** Why less was compared: lists that could not be read. */
  readonly notes: readonly string[];
}

/** Reads clusters for commands; writes nothing. */
export interface InspectPorts {
  facts(request: FactsRequest): Promise<ClusterFacts>;
  /** The plan of an agent on this machine for the cluster's objects. */
  planNode(request: ClusterPlanRequest): Promise<PlanOutcome>;
  /** The changes that applying these files would make in the cluster. */
  planFiles(request: FilesRequest): Promise<AppliedOutcome>;
  /** The objects that the API server refuses when these files are applied as a dry run. */
  refusedByServer(request: FilesRequest): Promise<readonly ManifestProblem[]>;
  agentPods(address: ClusterAddress, node: string, namespace?: string): Promise<readonly AgentPod[]>;
  /** Runs kubectl on this terminal; returns its exit code. */
  kubectl(words: readonly string[]): Promise<number>;
}
