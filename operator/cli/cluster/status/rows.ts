import type { Reason } from '../../../api/reason.ts';
import { versionOf } from '../../../api/resourceversion.ts';
import { selects } from '../../../api/selector.ts';
import type { Failure, NodeMapStateStatus, OuterMapState } from '../../../api/status.ts';
import { outerMapStaleness } from '../../../core/status/nodes/staleness.ts';
import type { ListedOuterMap } from '../ports.ts';
import { behindOf, type Changes } from './behind.ts';
import { outOfDate, type Present, STALENESS } from './outofdate.ts';

/** One outer map on one node. */
export interface Row {
  readonly node: string;
  readonly outerMap: string;
  /** Absent where the node has not told, or told of a past that is no more. */
  readonly innerMaps?: number;
  readonly entries?: number;
  readonly failed?: number;
  /** InnerMaps whose last change the node has not programmed yet. */
  readonly behind?: number;
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  /** Why nothing is known; else empty. */
  readonly message: string;
  /** When the node's Ready condition last changed. */
  readonly since?: string;
}

export interface NodeOverview {
  readonly name: string;
  readonly state: NodeMapStateStatus;
  /** Of the NodeMapState. */
  readonly resourceVersion: string;
  readonly present: Present;
}

export interface DeclaredMaps {
  readonly outerMaps: readonly ListedOuterMap[];
  readonly changes: ReadonlyMap<string, Changes>;
}

/** The rows of one node: each outer map that selects it, and those that its agent still has. */
export function rowsOf(standing: NodeOverview, declared: DeclaredMaps): readonly Row[] {
  const { state, present } = standing;
  const old = outOfDate(state, present);
  const told = new Map(state.outerMaps.map(outer => [outer.name, outer]));
  return declared.outerMaps.flatMap(outer => {
    const entry = told.get(outer.name);
    const wanted = present.node === undefined || selects(outer.nodeSelector, present.node.labels);
    if (entry === undefined && (!wanted || present.node === undefined)) return [];
    return [rowOf(standing, { outer, entry, old: old ?? (wanted ? undefined : LEAVING) }, declared)];
  });
}

const LEAVING = 'the OuterMap no longer selects the node: its agent has not let it go yet';

interface Judged {
  readonly outer: ListedOuterMap;
  readonly entry: OuterMapState | undefined;
  readonly old: string | undefined;
}

function rowOf(overview: NodeOverview, judged: Judged, { changes }: DeclaredMaps): Row {
  const { name, state, present } = overview;
  const { outer, entry, old } = judged;
  const base = { node: name, outerMap: outer.name };
  if (old !== undefined) return { ...base, ready: 'Unknown', reason: 'NodesNotReporting', message: old };
  if (entry === undefined)
    return { ...base, ready: 'Unknown', reason: 'Progressing', message: 'its agent has not taken it up yet' };
  const watermark = versionOf(entry.programmedResourceVersion);
  const staleness = outerMapStaleness({ ...entry, watermark }, outer, versionOf(overview.resourceVersion));
  if (staleness !== undefined) {
    const message = STALENESS[staleness]
      .replace('{reported}', `${entry.generation ?? 0}`)
      .replace('{declared}', `${outer.generation}`);
    return { ...base, ready: 'Unknown', reason: 'Progressing', message };
  }
  const trouble = nodeTrouble(state);
  if (trouble !== undefined) return { ...base, ...sinceOf(state), ...trouble };
  const behind = behindOf(changes.get(outer.name) ?? [], watermark, present.node?.labels);
  return { ...base, ...sinceOf(state), ...numbersOf(entry), behind, ...lotOf(state, entry, behind) };
}

type Lot = Pick<Row, 'ready' | 'reason' | 'message'>;

function sinceOf({ conditions }: NodeMapStateStatus): Pick<Row, 'since'> {
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined ? {} : { since: ready.lastTransitionTime };
}

function numbersOf(entry: OuterMapState): Pick<Row, 'innerMaps' | 'entries' | 'failed'> {
  return { innerMaps: entry.innerMaps, entries: entry.entries, failed: entry.failuresTotal };
}

/** What no object of it explains: a turn that broke off, a source that was not read, a map that cannot be let go. */
function nodeTrouble({ conditions, failures, outerMaps }: NodeMapStateStatus): Lot | undefined {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True') return undefined;
  const { reason, message } = ready;
  const isHeld = reason === 'RemovalHeld' && outerMaps.some(({ heldRemoval }) => heldRemoval !== undefined);
  if (isHeld || failures.some(failure => failure.reason === reason)) return undefined;
  return { ready: ready.status, reason, message };
}

function lotOf(state: NodeMapStateStatus, entry: OuterMapState, behind: number): Lot {
  if (entry.heldRemoval !== undefined) return { ready: 'False', reason: 'RemovalHeld', message: '' };
  if (entry.failuresTotal > 0)
    return { ready: 'False', reason: mainReason(state.failures, entry.name), message: '' };
  if (behind > 0) return { ready: 'Unknown', reason: 'Progressing', message: '' };
  return { ready: 'True', reason: 'Programmed', message: '' };
}

/** The outer map's own trouble, else the first of its inner maps'. */
function mainReason(failures: readonly Failure[], outerMap: string): Reason {
  const of = failures.filter(failure => failure.outerMap === outerMap || isItself(failure, outerMap));
  return (of.find(failure => isItself(failure, outerMap)) ?? of[0])?.reason ?? 'KernelError';
}

function isItself({ kind, name }: Failure, outerMap: string): boolean {
  return kind === 'OuterMap' && name === outerMap;
}
