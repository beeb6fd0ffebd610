import type { Reason } from '../../../api/reason.ts';
import { versionOf } from '../../../api/resourceversion.ts';
import { selects } from '../../../api/selector.ts';
import type { Condition, Failure, NodeMapStateStatus, OuterMapState } from '../../../api/status.ts';
import { outerMapStaleness } from '../../../core/status/nodes/staleness.ts';
import type { ListedNode, ListedOuterMap } from '../ports.ts';
import { behindOf, type Changes } from './behind.ts';
import { STALENESS } from './present.ts';

/** Whether something is as declared, and why not. */
export interface Readiness {
  readonly ready: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** One outer map on one node. Its message says why nothing is known; else it is empty. */
export interface Row extends Readiness {
  readonly node: string;
  readonly outerMap: string;
  /** Absent where the node has not reported, or reported of a past state. */
  readonly innerMaps?: number;
  /** Inner maps in the kernel that those are. */
  readonly distinct?: number;
  readonly entries?: number;
  readonly failed?: number;
  /** InnerMaps whose last change the node has not programmed yet. */
  readonly behind?: number;
  /** When the node's Ready condition last changed. */
  readonly since?: string;
}

/** A node that has reported. */
export interface NodeOverview {
  readonly name: string;
  readonly state: NodeMapStateStatus;
  /** The version of the NodeMapState. */
  readonly resourceVersion: string;
  /** Absent where Nodes may not be read, or it is gone. */
  readonly node: ListedNode | undefined;
  /** Why the report is not about the present; absent where it may be. */
  readonly outOfDate: string | undefined;
}

/** The rows of one node: each outer map that selects it, and those that its agent still has. */
export function rowsOf(
  overview: NodeOverview,
  outerMaps: readonly ListedOuterMap[],
  changes: ReadonlyMap<string, Changes>,
): readonly Row[] {
  const { name, state, node } = overview;
  const entries = new Map(state.outerMaps.map(entry => [entry.name, entry]));
  return outerMaps.flatMap(outer => {
    const entry = entries.get(outer.name);
    const isSelected = node === undefined || selects(outer.nodeSelector, node.labels);
    if (entry === undefined && (node === undefined || !isSelected)) return [];
    const row = { node: name, outerMap: outer.name };
    const outOfDate = overview.outOfDate ?? (isSelected ? undefined : LEAVING);
    if (outOfDate !== undefined) return [{ ...row, ...unknown('NodesNotReporting', outOfDate) }];
    if (entry === undefined)
      return [{ ...row, ...unknown('Progressing', 'its agent has not taken it up yet') }];
    return [{ ...row, ...progressOf(overview, { outer, entry }, changes.get(outer.name) ?? []) }];
  });
}

const LEAVING = 'the OuterMap no longer selects the node: its agent has not let it go yet';

function unknown(reason: Reason, message: string): Readiness {
  return { ready: 'Unknown', reason, message };
}

function progressOf(
  { state, resourceVersion, node }: NodeOverview,
  { outer, entry }: { readonly outer: ListedOuterMap; readonly entry: OuterMapState },
  changes: Changes,
): Omit<Row, 'node' | 'outerMap'> {
  const watermark = versionOf(entry.programmedResourceVersion);
  const staleness = outerMapStaleness({ ...entry, watermark }, outer, versionOf(resourceVersion));
  if (staleness !== undefined) {
    const text = STALENESS[staleness].replace('{reported}', `${entry.generation ?? 0}`);
    return unknown('Progressing', text.replace('{declared}', `${outer.generation}`));
  }
  const ready = readyCondition(state.conditions);
  const since = ready && { since: ready.lastTransitionTime };
  const failure = nodeFailure(state, ready);
  if (failure !== undefined) return { ...since, ...failure };
  const { innerMaps, distinct = innerMaps, entries, failuresTotal: failed } = entry;
  const behind = behindOf(changes, watermark, node);
  return { ...since, innerMaps, distinct, entries, failed, behind, ...readinessOf(state, entry, behind) };
}

export function readyCondition(conditions: readonly Condition[] = []): Condition | undefined {
  return conditions.find(({ type }) => type === 'Ready');
}

/** A failure that no object explains: a failed turn, a source that was not read, a map that cannot be released. */
function nodeFailure(
  { failures, outerMaps }: NodeMapStateStatus,
  condition: Condition | undefined,
): Readiness | undefined {
  if (condition === undefined || condition.status === 'True') return undefined;
  const { status: ready, reason, message } = condition;
  const isHeld = reason === 'RemovalHeld' && outerMaps.some(({ heldRemoval }) => heldRemoval !== undefined);
  return isHeld || failures.some(failure => failure.reason === reason)
    ? undefined
    : { ready, reason, message };
}

function readinessOf({ failures }: NodeMapStateStatus, entry: OuterMapState, behind: number): Readiness {
  if (entry.heldRemoval !== undefined) return { ready: 'False', reason: 'RemovalHeld', message: '' };
  if (entry.failuresTotal > 0)
    return { ready: 'False', reason: mainReason(failures, entry.name), message: '' };
  return behind > 0 ? unknown('Progressing', '') : { ready: 'True', reason: 'Programmed', message: '' };
}

/** The outer map's own failure, else the first of its inner maps'. */
function mainReason(failures: readonly Failure[], outerMap: string): Reason {
  const own = failures.find(({ kind, name }) => kind === 'OuterMap' && name === outerMap);
  return (own ?? failures.find(failure => failure.outerMap === outerMap))?.reason ?? 'KernelError';
}
