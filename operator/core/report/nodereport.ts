import type { OuterMap } from '../../api/outermap.ts';
import {
  cutMessage,
  type Failure,
  type KernelState,
  type NodeMapStateStatus,
  type OuterMapState,
} from '../../api/status.ts';
import type { Desired, Node } from '../desired/desired.ts';
import type { RetainedLedger } from '../observed.ts';
import type { Plan } from '../plan/plan.ts';
import { counted, distinctText } from '../plan/print.ts';
import { sha256 } from '../sha256.ts';
import type { Steps } from '../steps.ts';
import type { Wanted } from '../wanted.ts';
import { nodeConditionsOf } from './conditions.ts';
import { type FailedStep, type ObjectFailure, objectFailures, type Proven } from './failures.ts';
import { asOnNode, type Bpffs } from './onnode.ts';
import { NO_SIZES, type OuterNow } from './outer/sizes.ts';
import type { InnerMapReport, OuterMapReport, Report, TurnSummary } from './report.ts';
import { retainedOuterMaps, retainedState } from './retained.ts';
import { selectorLabels } from './selectorlabels.ts';
import { fairShares } from './shares.ts';

/** The most failures that are listed: each outer map's share, its own first. The others are counted. */
const LISTED_FAILURES = 100;

/** The parts of a report: the decisions, their outcomes, the place and the time. */
export interface ReportInput {
  readonly wanted: Wanted;
  readonly desired: Desired;
  readonly plan: Plan;
  readonly failed: readonly FailedStep[];
  readonly outers: ReadonlyMap<string, OuterNow>;
  readonly node: Node & { readonly bootID: string; readonly uid?: string };
  readonly bpffs: Bpffs;
  /** Ledgers that nobody declares, and that stay. */
  readonly retained: readonly RetainedLedger[];
  readonly kernel: KernelState;
  readonly drift: { readonly lastCheck?: string; readonly found: number; readonly repaired: number };
  /** Differences that are not put right. */
  readonly driftNow: number;
  /** Where the last one was, and what was there; absent once everything was found as declared. */
  readonly lastDrift?: string;
  readonly turn: TurnSummary;
  /** RFC 3339. */
  readonly now: string;
  readonly previous?: Report;
}

const NOTHING_THERE: Pick<OuterNow, 'programmed' | 'sizes'> = { programmed: new Map(), sizes: NO_SIZES };

/** Pure: the report about this node, from the decisions and their outcomes. It can pause after each inner map. */
export function* reporting(turned: ReportInput): Steps<Report> {
  const { desired, wanted, turn, bpffs } = turned;
  const provenIn = (name: string): Proven => {
    const { programmed, sizes } = turned.outers.get(name) ?? NOTHING_THERE;
    return { programmed, asDeclared: sizes.asDeclared };
  };
  const failures = (yield* objectFailures(desired, turned, provenIn)).map(failure => ({
    ...failure,
    message: asOnNode(bpffs, failure.message),
  }));
  yield;
  const tallies = talliesOf(failures);
  const declared = [...desired.outers].map(([name, { outerMap }]) => {
    const tally = tallies.get(name) ?? NO_FAILURES;
    const state = outerState(outerMap, turned, tally);
    return { state, report: outerReport(outerMap, state, tally) };
  });
  const states = declared.map(({ state }) => state);
  return {
    bpffs: bpffs.onNode,
    state: stateOf(turned, states, failures),
    outerMaps: [...declared.map(({ report }) => report), ...rejectedOuters(failures, desired)],
    innerMaps: failures.flatMap(failure => innerReport(failure) ?? []),
    refusals: wanted.refusals,
    turn,
    ...(wanted.watermarks === undefined ? {} : { awaited: awaitedIn(wanted.watermarks) }),
    ...(wanted.epoch === undefined ? {} : { epoch: wanted.epoch }),
  };
}

function awaitedIn(watermarks: NonNullable<Wanted['watermarks']>): ReadonlyMap<string, string> {
  return new Map([...watermarks].map(([name, { awaited }]) => [name, awaited]));
}

/** The failures of one outer map: its own, and how many of its inner maps. */
interface Tally {
  own?: ObjectFailure;
  innerMaps: number;
}

const NO_FAILURES: Readonly<Tally> = { innerMaps: 0 };

function talliesOf(failures: readonly ObjectFailure[]): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const failure of failures) {
    const outer = outerOf(failure);
    const tally = tallies.get(outer) ?? { innerMaps: 0 };
    tallies.set(outer, tally);
    if (failure.object.kind === 'InnerMap') tally.innerMaps++;
    else tally.own ??= failure;
  }
  return tallies;
}

function outerOf({ object }: ObjectFailure): string {
  return object.kind === 'InnerMap' ? object.spec.outerMap : object.metadata.name;
}

function stateOf(
  turned: ReportInput,
  outerMaps: readonly OuterMapState[],
  failures: readonly ObjectFailure[],
): NodeMapStateStatus {
  const { node, kernel, drift, wanted, desired } = turned;
  const decidedWith = selectorLabels(wanted.outerMaps, desired.selectors, node.labels);
  const retained = retainedOuterMaps(wanted, turned.retained, turned.bpffs);
  return {
    node: {
      name: node.name,
      ...(node.uid === undefined ? {} : { uid: node.uid }),
      bootID: node.bootID,
      labelsHash: labelsHash(node.labels),
      ...(decidedWith === undefined ? {} : { selectorLabels: decidedWith }),
    },
    outerMaps,
    totals: {
      innerMaps: outerMaps.reduce((sum, outer) => sum + outer.innerMaps, 0),
      failures: failures.length,
      retained: retained.length,
    },
    ...retainedState(retained),
    failures: fairShares(failures, outerOf, LISTED_FAILURES).map(failureOf),
    kernel,
    drift,
    conditions: nodeConditionsOf(turned, failures),
  };
}

export function labelsHash(labels: Readonly<Record<string, string>>): string {
  const lines = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return sha256(lines.toSorted().join('\n')).slice(0, 16);
}

function failureOf(failure: ObjectFailure): Failure {
  const { object, reason, message } = failure;
  const { name, namespace, generation } = object.metadata;
  return {
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    outerMap: outerOf(failure),
    ...(generation === undefined ? {} : { generation }),
    reason,
    message: cutMessage(message),
  };
}

function outerState(outerMap: OuterMap, turned: ReportInput, { own, innerMaps }: Tally): OuterMapState {
  const { name, uid, generation } = outerMap.metadata;
  const { pin } = outerMap.spec;
  const now = turned.outers.get(name);
  const { asDeclared: _, ...sums } = now?.sizes ?? NO_SIZES;
  const held = turned.plan.held.find(({ outer }) => outer === name);
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(now?.map.kind === 'map' ? { id: now.map.id } : {}),
    ...(pin === undefined ? {} : { pin: `${turned.bpffs.onNode}/${pin}` }),
    ...sums,
    failuresTotal: innerMaps + (own === undefined ? 0 : 1),
    ...(held === undefined ? {} : { heldRemoval: { keys: held.keys, token: held.token } }),
    ...watermarkOf(outerMap, turned),
  };
}

/**
 * While nothing may be removed, deleted inner maps may still be in the kernel: the watermark published before stays,
 * unless it may be of another history.
 */
function watermarkOf(
  { metadata: { name, uid } }: OuterMap,
  { wanted, previous }: ReportInput,
): Pick<OuterMapState, 'programmedResourceVersion'> {
  const { complete, unsettled, unreadable } = wanted;
  const settled = complete && unsettled?.has(name) !== true && unreadable?.has(name) !== true;
  const published = previous?.epoch === wanted.epoch ? previous?.state.outerMaps : undefined;
  const before = published?.find(state => state.name === name && state.uid === uid);
  const version = settled ? wanted.watermarks?.get(name)?.seen : before?.programmedResourceVersion;
  return version === undefined ? {} : { programmedResourceVersion: version };
}

function outerReport(
  { metadata: { name }, spec }: OuterMap,
  {
    innerMaps,
    distinct = innerMaps,
    entries,
    pin = '',
  }: Pick<OuterMapState, 'innerMaps' | 'distinct' | 'entries' | 'pin'>,
  { own, innerMaps: behind }: Tally,
): OuterMapReport {
  const progressing = {
    reason: 'Progressing' as const,
    message: `${behind} of ${counted(innerMaps + behind, 'inner map')} ${behind === 1 ? 'is' : 'are'} not programmed`,
  };
  const programmed = {
    reason: 'Programmed' as const,
    message: `${counted(innerMaps, 'inner map')}${distinctText(innerMaps, distinct)} with ${counted(entries, 'entry', 'entries')}`,
  };
  const ready = own === undefined && behind === 0;
  const { reason, message } = own ?? (ready ? programmed : progressing);
  const declared = { name, type: spec.type, inner: spec.inner.type };
  return { ...declared, pin, innerMaps, distinct, entries, ready, reason, message };
}

/** OuterMaps that cannot be used on this node at all. */
function rejectedOuters(failures: readonly ObjectFailure[], desired: Desired): readonly OuterMapReport[] {
  return failures.flatMap(own => {
    const { object } = own;
    if (object.kind !== 'OuterMap' || desired.outers.has(object.metadata.name)) return [];
    return [outerReport(object, { innerMaps: 0, entries: 0 }, { own, innerMaps: 0 })];
  });
}

function innerReport(failure: ObjectFailure): InnerMapReport | undefined {
  const { object, keyText: key = '', entries, reason, message } = failure;
  if (object.kind !== 'InnerMap') return undefined;
  const { namespace, name, generation } = object.metadata;
  const named = { namespace, name, ...(generation === undefined ? {} : { generation }) };
  return { ...named, outerMap: object.spec.outerMap, key, entries, ready: false, reason, message };
}
