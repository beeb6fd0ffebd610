import type { NodeFailure } from '../../api/status.ts';
import { sameItems } from '../items.ts';

/** Counts of an object's nodes by state. */
export interface NodeRollup {
  /** Selected nodes with an agent: ready + failed + unknown + behind. */
  readonly desired: number;
  readonly ready: number;
  readonly failed: number;
  readonly unknown: number;
  /** Nodes that have not reached the object's version yet. */
  readonly behind: number;
  /** Selected nodes from which no agent has ever reported; they are not among the desired ones. */
  readonly withoutAgent: number;
  /** The first three by name. */
  readonly withoutAgentNodes: readonly string[];
  readonly behindNodes: readonly string[];
  readonly unknownNodes: readonly string[];
  /** The first five by the node's name. */
  readonly failures: readonly NodeFailure[];
}

export const NO_NODES: NodeRollup = Object.freeze({
  desired: 0,
  ready: 0,
  failed: 0,
  unknown: 0,
  behind: 0,
  withoutAgent: 0,
  withoutAgentNodes: [],
  behindNodes: [],
  unknownNodes: [],
  failures: [],
});

const COUNTS = ['desired', 'ready', 'failed', 'unknown', 'behind', 'withoutAgent'] as const;

export function sameRollup(a: NodeRollup, b: NodeRollup): boolean {
  if (a === b) return true;
  return (
    COUNTS.every(count => a[count] === b[count]) &&
    sameItems(a.withoutAgentNodes, b.withoutAgentNodes) &&
    sameItems(a.behindNodes, b.behindNodes) &&
    sameItems(a.unknownNodes, b.unknownNodes) &&
    sameItems(a.failures, b.failures, sameFailure)
  );
}

function sameFailure(a: NodeFailure, b: NodeFailure): boolean {
  return a.node === b.node && a.reason === b.reason && a.message === b.message;
}
