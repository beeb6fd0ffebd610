import { versionOf } from '../../api/resourceversion.ts';
import type { Failure, NodeMapStateStatus, OuterMapState } from '../../api/status.ts';
import { groupBy } from '../../core/items.ts';
import type { NodeMapStateFacts, OuterReportFacts, ReportedFailure } from '../../core/status/facts.ts';
import type { KubeObject } from '../../kube/client.ts';

const NO_FAILURES: ReadonlyMap<string, ReportedFailure> = new Map();

/** Facts of a NodeMapState. Without a status it has an empty identity and no outer maps. */
export function stateFacts(object: KubeObject): NodeMapStateFacts {
  const { name, resourceVersion } = object.metadata;
  const status = (object['status'] ?? {}) as Partial<NodeMapStateStatus>;
  const failures = groupBy(status.failures ?? [], outerMapOf);
  const outers = new Map<string, OuterReportFacts>();
  for (const outer of status.outerMaps ?? [])
    outers.set(interned(outer.name), entryFacts(outer, failures.get(outer.name) ?? []));
  return {
    name,
    version: versionOf(resourceVersion),
    uid: status.node?.uid ?? '',
    bootID: status.node?.bootID ?? '',
    labelsHash: status.node?.labelsHash ?? '',
    selectorLabels: status.node?.selectorLabels?.map(interned),
    outers,
  };
}

function outerMapOf({ outerMap, kind, name }: Failure): string {
  return outerMap ?? (kind === 'OuterMap' ? name : '');
}

function entryFacts(outer: OuterMapState, failures: readonly Failure[]): OuterReportFacts {
  const own = failures.find(({ kind }) => kind === 'OuterMap');
  return {
    uid: interned(outer.uid ?? ''),
    generation: outer.generation ?? 0,
    watermark: versionOf(outer.programmedResourceVersion),
    failuresTotal: outer.failuresTotal,
    listed: failures.length,
    held: outer.heldRemoval,
    own: own && reported(own),
    inners: innerFailures(failures),
  };
}

function innerFailures(failures: readonly Failure[]): ReadonlyMap<string, ReportedFailure> {
  const inners = failures.filter(({ kind }) => kind === 'InnerMap');
  if (inners.length === 0) return NO_FAILURES;
  return new Map(inners.map(each => [interned(`${each.namespace ?? ''}/${each.name}`), reported(each)]));
}

function reported({ reason, message }: Failure): ReportedFailure {
  return { reason: interned(reason) as ReportedFailure['reason'], message: interned(message) };
}

const MAX_TEXTS = 20_000;
const texts = new Map<string, string>();

/** One shared string for all equal texts, because thousands of nodes report the same. A full cache is cleared. */
export function interned(text: string): string {
  const shared = texts.get(text);
  if (shared !== undefined) return shared;
  if (texts.size >= MAX_TEXTS) texts.clear();
  texts.set(text, text);
  return text;
}
