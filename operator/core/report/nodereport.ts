import type { InnerMap } from '../../api/innermap.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Failure, KernelState, NodeMapStateStatus, OuterMapState } from '../../api/status.ts';
import type { Desired, DesiredOuter, Node } from '../desired/desired.ts';
import type { ObservedPin, Programmed } from '../observed.ts';
import type { Plan } from '../plan/plan.ts';
import { counted } from '../plan/print.ts';
import { sha256 } from '../sha256.ts';
import type { Wanted } from '../wanted.ts';
import { conditionsOf } from './conditions.ts';
import { type ObjectFailure, objectFailures, type StepOutcome } from './failures.ts';
import { asOnNode, type Bpffs } from './onnode.ts';
import type { InnerMapReport, OuterMapReport, Report, TurnSummary } from './report.ts';
import { fairShares } from './shares.ts';

/** At most so many failures are listed, each outer map's share, its own first; the rest is counted. */
const LISTED_FAILURES = 100;
/** What the CRD takes, and a screen holds. */
const LONGEST_MESSAGE = 1024;

/** What a report is made from: the decisions, what became of them, and where and when. */
export interface ReportInput {
  readonly wanted: Wanted;
  readonly desired: Desired;
  readonly plan: Plan;
  readonly steps: readonly StepOutcome[];
  readonly outers: ReadonlyMap<string, OuterNow>;
  readonly node: Node & { readonly bootID: string; readonly uid?: string };
  readonly bpffs: Bpffs;
  readonly kernel: KernelState;
  readonly drift: { readonly lastCheck?: string; readonly found: number; readonly repaired: number };
  readonly driftNow: number;
  readonly turn: TurnSummary;
  /** RFC 3339. */
  readonly now: string;
  readonly previous?: Report;
}

/** One outer map after the turn. */
export interface OuterNow {
  readonly map: ObservedPin;
  readonly programmed: ReadonlyMap<string, Programmed>;
}

const NOTHING_PROGRAMMED: ReadonlyMap<string, Programmed> = new Map();

/** Pure: the truth about this node, from what was decided and what was done. */
export function reportOf(turned: ReportInput): Report {
  const { desired, plan, steps, outers, wanted, turn } = turned;
  const all = objectFailures(
    desired,
    plan,
    steps,
    name => outers.get(name)?.programmed ?? NOTHING_PROGRAMMED,
  );
  const fates = all.map(fate => ({ ...fate, message: asOnNode(turned.bpffs, fate.message) }));
  const tallies = talliesOf(fates);
  const declared = [...desired.outers.values()];
  const states = declared.map(outer => outerState(outer, turned, tallies));
  const reports = declared.map((outer, at) => outerReport(outer, states[at]!, tallies));
  return {
    state: stateOf(turned, states, fates),
    outerMaps: reports.concat(rejectedOuters(fates, desired)),
    innerMaps: fates.filter(isInner).map(innerReport),
    refusals: wanted.refusals,
    turn,
    ...(wanted.watermarks === undefined ? {} : { awaited: awaitedIn(wanted.watermarks) }),
    ...(wanted.epoch === undefined ? {} : { epoch: wanted.epoch }),
  };
}

function awaitedIn(watermarks: NonNullable<Wanted['watermarks']>): ReadonlyMap<string, string> {
  return new Map([...watermarks].map(([name, { awaited }]) => [name, awaited]));
}

/** What is not as declared of one outer map: the map itself, and how many of its inner maps. */
interface Tally {
  own?: ObjectFailure;
  innerMaps: number;
}

function talliesOf(fates: readonly ObjectFailure[]): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const fate of fates) {
    const { object } = fate;
    const outer = outerOf(fate);
    const tally = tallies.get(outer) ?? { innerMaps: 0 };
    tallies.set(outer, tally);
    if (object.kind === 'InnerMap') tally.innerMaps++;
    else tally.own ??= fate;
  }
  return tallies;
}

function outerOf({ object }: ObjectFailure): string {
  return object.kind === 'InnerMap' ? object.spec.outerMap : object.metadata.name;
}

function stateOf(
  turned: ReportInput,
  outerMaps: readonly OuterMapState[],
  fates: readonly ObjectFailure[],
): NodeMapStateStatus {
  const { node, kernel, drift } = turned;
  return {
    node: {
      name: node.name,
      ...(node.uid === undefined ? {} : { uid: node.uid }),
      bootID: node.bootID,
      labelsHash: labelsHash(node.labels),
    },
    outerMaps,
    totals: { innerMaps: outerMaps.reduce((sum, outer) => sum + outer.innerMaps, 0), failures: fates.length },
    failures: fairShares(fates, outerOf, LISTED_FAILURES).map(failureOf),
    kernel,
    drift,
    conditions: conditionsOf(turned, fates),
  };
}

export function labelsHash(labels: Readonly<Record<string, string>>): string {
  const lines = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return sha256(lines.toSorted().join('\n')).slice(0, 16);
}

function failureOf(fate: ObjectFailure): Failure {
  const { object, reason, message } = fate;
  const { name, namespace, generation } = object.metadata;
  return {
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    outerMap: outerOf(fate),
    ...(generation === undefined ? {} : { generation }),
    reason,
    message: message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message,
  };
}

function outerState(
  { outerMap }: DesiredOuter,
  turned: ReportInput,
  tallies: ReadonlyMap<string, Tally>,
): OuterMapState {
  const tally = tallies.get(outerMap.metadata.name);
  const { name, uid, generation } = outerMap.metadata;
  const { pin } = outerMap.spec;
  const now = turned.outers.get(name);
  const held = turned.plan.held.find(({ outer }) => outer === name);
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(now?.map.kind === 'map' ? { id: now.map.id } : {}),
    ...(pin === undefined ? {} : { pin: `${turned.bpffs.onNode}/${pin}` }),
    ...sizesOf(now?.programmed ?? NOTHING_PROGRAMMED),
    failuresTotal: (tally?.innerMaps ?? 0) + (tally?.own === undefined ? 0 : 1),
    ...(held === undefined ? {} : { heldRemoval: { keys: held.keys, token: held.token } }),
    ...watermarkOf(outerMap, turned),
  };
}

/**
 * While nothing may be removed, what was deleted may still be in the kernel: what was told before stands, unless it may be
 * of another history.
 */
function watermarkOf(
  { metadata: { name, uid } }: OuterMap,
  { wanted, previous }: ReportInput,
): Pick<OuterMapState, 'programmedResourceVersion'> {
  const { complete, unsettled, unreadable } = wanted;
  const settled = complete && unsettled?.has(name) !== true && unreadable?.has(name) !== true;
  const told = previous?.epoch === wanted.epoch ? previous?.state.outerMaps : undefined;
  const before = told?.find(state => state.name === name && state.uid === uid);
  const version = settled ? wanted.watermarks?.get(name)?.seen : before?.programmedResourceVersion;
  return version === undefined ? {} : { programmedResourceVersion: version };
}

function sizesOf(
  programmed: ReadonlyMap<string, Programmed>,
): Pick<OuterMapState, 'innerMaps' | 'entries' | 'bytes'> {
  let entries = 0;
  let bytes = 0;
  for (const { inner } of programmed.values()) {
    entries += inner.entries.count;
    bytes += inner.entries.keys.length + inner.entries.values.length;
  }
  return { innerMaps: programmed.size, entries, bytes };
}

function outerReport(
  { outerMap }: DesiredOuter,
  { innerMaps, entries, pin = '' }: OuterMapState,
  tallies: ReadonlyMap<string, Tally>,
): OuterMapReport {
  const { name } = outerMap.metadata;
  const tally = tallies.get(name);
  const behind = tally?.innerMaps ?? 0;
  const progressing = {
    reason: 'Progressing' as const,
    message: `${behind} of ${counted(innerMaps + behind, 'inner map')} ${behind === 1 ? 'is' : 'are'} not programmed`,
  };
  const lot = tally?.own ?? (behind > 0 ? progressing : undefined);
  return {
    name,
    ...shortOf(outerMap),
    pin,
    innerMaps,
    entries,
    ready: lot === undefined,
    reason: lot?.reason ?? 'Programmed',
    message:
      lot?.message ?? `${counted(innerMaps, 'inner map')} with ${counted(entries, 'entry', 'entries')}`,
  };
}

function shortOf({ spec }: OuterMap): Pick<OuterMapReport, 'type' | 'inner'> {
  return { type: spec.type, inner: spec.inner.type };
}

/** OuterMaps whose declarations cannot be used on this node at all. */
function rejectedOuters(fates: readonly ObjectFailure[], desired: Desired): OuterMapReport[] {
  const reports: OuterMapReport[] = [];
  for (const { object, reason, message } of fates) {
    if (object.kind !== 'OuterMap' || desired.outers.has(object.metadata.name)) continue;
    reports.push({
      name: object.metadata.name,
      ...shortOf(object),
      pin: '',
      innerMaps: 0,
      entries: 0,
      ready: false,
      reason,
      message,
    });
  }
  return reports;
}

function isInner(fate: ObjectFailure): fate is ObjectFailure & { object: InnerMap } {
  return fate.object.kind === 'InnerMap';
}

function innerReport({
  object,
  keyText,
  entries,
  reason,
  message,
}: ObjectFailure & { object: InnerMap }): InnerMapReport {
  const { namespace, name, generation } = object.metadata;
  const numbered = generation === undefined ? {} : { generation };
  return {
    namespace,
    name,
    ...numbered,
    outerMap: object.spec.outerMap,
    key: keyText ?? '',
    entries,
    ready: false,
    reason,
    message,
  };
}
