import type { Reason } from './reason.ts';

/** metav1.Condition. `lastTransitionTime` changes only with `status`. */
export interface Condition {
  readonly type: 'Accepted' | 'Programmed' | 'Ready' | 'Drifted';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** One object that is not in this node's kernel as declared, and why. */
export interface Failure {
  readonly kind: 'InnerMap' | 'OuterMap';
  readonly namespace?: string;
  readonly name: string;
  /** The outer map that it concerns: its share of `failuresTotal`. */
  readonly outerMap?: string;
  readonly generation?: number;
  readonly reason: Reason;
  readonly message: string;
}

export interface OuterMapState {
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  /** Kernel id of the outer map; absent while there is none. */
  readonly id?: number;
  /** Absolute path where programs look. */
  readonly pin?: string;
  /** Keys whose inner map is as declared. */
  readonly innerMaps: number;
  /** Inner maps in the kernel that those are: one stands at many keys of equal contents. Absent from earlier agents. */
  readonly distinct?: number;
  readonly entries: number;
  /** Encoded key and value bytes held in the kernel, without the kernel's own overhead. */
  readonly bytes: number;
  /** Kernel memory of the outer map and its inner maps, reckoned: charged to the agent's cgroup. Absent from earlier agents. */
  readonly kernelBytes?: number;
  readonly failuresTotal: number;
  /** Present while a removal is held; the token that releases it. */
  readonly heldRemoval?: { readonly keys: number; readonly token: string };
  readonly programmedResourceVersion?: string;
}

/** An outer map that nobody declares any more, and that stays in this node's kernel: deletionPolicy Retain. */
export interface RetainedOuterMap {
  readonly name: string;
  /** Absolute path where programs look. */
  readonly pin?: string;
  /** Inner maps that are pinned for it. */
  readonly innerMaps: number;
}

export interface KernelState {
  readonly release: string;
  /** How a batch on an outer map waits for grace periods. */
  readonly outerBatch: 'once' | 'perEntry' | 'none';
  /** Measured at start, milliseconds of one update of an outer map. */
  readonly gracePeriodMs: number;
  /**
   * `replaceVisible`: whether a program can see an entry of a HashOfMaps as absent while it is replaced. `exactEdit.<type>`:
   * whether an edit of such an inner map leaves what programs own to them.
   */
  readonly features: Readonly<Record<string, boolean>>;
}

/** Status of the NodeMapState: written by that node's agent alone. */
export interface NodeMapStateStatus {
  readonly node: {
    readonly name: string;
    readonly uid?: string;
    readonly bootID: string;
    /** Digest of all labels: for a reader, or from a writer, that does not know `selectorLabels`. */
    readonly labelsHash: string;
    /** The labels that selectors name, as the agent decided with them: `zone=a`, `!zone`. Absent where there are too many. */
    readonly selectorLabels?: readonly string[];
  };
  /** Sums over all outer maps: a column of kubectl shows a number, but cannot add numbers up. */
  readonly totals?: { readonly innerMaps: number; readonly failures: number; readonly retained?: number };
  readonly outerMaps: readonly OuterMapState[];
  /** At most 100; absent where there is none. */
  readonly retained?: readonly RetainedOuterMap[];
  /** At most 100. */
  readonly failures: readonly Failure[];
  readonly kernel: KernelState;
  readonly drift: { readonly lastCheck?: string; readonly found: number; readonly repaired: number };
  readonly conditions: readonly Condition[];
}

/** The server drops a list without items, and anybody with access may write half a status: this fills in the rest. */
export function wholeStatus(status: Partial<NodeMapStateStatus>): NodeMapStateStatus {
  const { node, outerMaps, retained, failures, conditions, kernel, drift, totals } = status;
  return {
    node: node ?? { name: '', bootID: '', labelsHash: '' },
    ...(totals === undefined ? {} : { totals }),
    outerMaps: outerMaps ?? [],
    ...(retained === undefined ? {} : { retained }),
    failures: failures ?? [],
    kernel: kernel ?? { release: '', outerBatch: 'none', gracePeriodMs: 0, features: {} },
    drift: drift ?? { found: 0, repaired: 0 },
    conditions: conditions ?? [],
  };
}

/** Nodes of an object, counted by what each reports of it. */
export interface NodeCounts {
  /** Nodes that are selected and whose agent has been heard of. */
  readonly desired: number;
  readonly ready: number;
  readonly failed: number;
  /** Nodes that are silent. */
  readonly unknown: number;
  /** Nodes that are selected and from which no agent was ever heard. */
  readonly withoutAgent: number;
  /** `4/5` */
  readonly summary: string;
}

/** The failure that one node reports. */
export interface NodeFailure {
  readonly node: string;
  readonly reason: Reason;
  readonly message: string;
}

/** Status of an InnerMap: written by the controller alone. */
export interface InnerMapStatus {
  readonly observedGeneration: number;
  /** Of the first event that carried this generation: the version that a node's watermark must reach. */
  readonly specResourceVersion: string;
  /** Declared entries; 0 where they cannot be read. */
  readonly entries: number;
  readonly nodes: NodeCounts;
  /** At most 5. */
  readonly failures: readonly NodeFailure[];
  readonly conditions: readonly Condition[];
}

/** Status of an OuterMap: written by the controller alone. */
export interface OuterMapStatus {
  readonly observedGeneration: number;
  /** Accepted InnerMaps. */
  readonly innerMaps: number;
  /** Digest of the uids of all InnerMaps that name it: if it differs after a restart, some may have been deleted meanwhile. */
  readonly innerMapsDigest: string;
  /** Of the last deletion of an InnerMap that named it: every node's watermark must reach it. */
  readonly deletionResourceVersion?: string;
  readonly nodes: NodeCounts;
  /** At most 5. */
  readonly failures: readonly NodeFailure[];
  readonly conditions: readonly Condition[];
}

/** The longest message that the CRDs accept, in characters. */
const LONGEST_MESSAGE = 1024;

export function cutMessage(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
}
