import { objectText } from '../api/metadata.ts';
import type { OuterMap } from '../api/outermap.ts';
import { parseOuterMap } from '../api/parse/manifest.ts';
import { problemsText, SHOWN_PROBLEMS } from '../api/problem.ts';
import { isPerCpu } from '../core/codec/entries.ts';
import type { CountedInner } from '../core/compare/applied.ts';
import { compileOuterMap } from '../core/desired/compile.ts';
import { type Arrival, arrivalOf, encodeInner } from '../core/encodedinner.ts';
import type { OuterLayout } from '../core/layout/outer.ts';
import { runToEnd } from '../core/steps.ts';
import type { ManifestProblem } from '../core/wanted.ts';
import type { Cluster, KubeObject } from '../kube/client.ts';
import { INNER_MAPS, OUTER_MAPS } from '../kube/resources.ts';
import { all } from './reading.ts';

export interface Declared {
  readonly outerMaps: readonly OuterMap[];
  readonly innerMaps: readonly CountedInner[];
  /** Objects that this version cannot read. */
  readonly refusals: readonly ManifestProblem[];
}

interface DeclaredRequest {
  /** The node's; absent where the bytes are for none. */
  readonly possibleCpus?: number;
  /** Whether an InnerMap is wanted; absent: all. */
  readonly concerns?: (innerMap: KubeObject) => boolean;
  /** Absent: of all namespaces. */
  readonly namespaces?: readonly (string | undefined)[];
  readonly seen?: () => void;
}

/** The cluster's OuterMaps, and its InnerMaps encoded by them, one after the other: their JSON is released at once. */
export async function declaredIn(
  cluster: Cluster,
  { possibleCpus, concerns, namespaces = [undefined], ...reading }: DeclaredRequest,
): Promise<Declared> {
  const refusals: ManifestProblem[] = [];
  const refuse = (object: KubeObject, message: string): undefined => {
    refusals.push({ origin: objectText({ kind: '', ...object }), message });
  };
  const outerMaps = await all<OuterMap>(cluster, {
    ref: { resource: OUTER_MAPS },
    keep: object => {
      const parsed = parseOuterMap(object);
      return parsed.ok ? parsed.value : refuse(object, problemsText(parsed.problems));
    },
  });
  const layouts = layoutsOf(outerMaps);
  const keep = (object: KubeObject): CountedInner | undefined => {
    if (concerns?.(object) === false) return undefined;
    const read = arrivalOf(object);
    if (!read.ok) return refuse(object, problemsText(read.problems, SHOWN_PROBLEMS));
    return encoded(read.value, layouts, possibleCpus);
  };
  const innerMaps: CountedInner[] = [];
  for (const namespace of namespaces) {
    const ref = { resource: INNER_MAPS, namespace };
    for (const inner of await all(cluster, { ref, keep, ...reading })) innerMaps.push(inner);
  }
  return { outerMaps, innerMaps, refusals };
}

/** By name; an OuterMap whose declarations cannot be used has none. */
export function layoutsOf(outerMaps: readonly OuterMap[]): ReadonlyMap<string, OuterLayout> {
  const layouts = new Map<string, OuterLayout>();
  for (const outerMap of outerMaps) {
    const compiled = compileOuterMap(outerMap);
    if (typeof compiled === 'object') layouts.set(outerMap.metadata.name, compiled.layout);
  }
  return layouts;
}

/** An InnerMap with its contents in bytes. Where no node is meant, with as many CPUs as its author gave values for. */
export function encoded(
  arrival: Arrival,
  layouts: ReadonlyMap<string, OuterLayout>,
  possibleCpus?: number,
): CountedInner {
  const { innerMap } = arrival;
  const layout = layouts.get(innerMap.spec.outerMap);
  const cpus = possibleCpus ?? (layout !== undefined && isPerCpu(layout.template) ? cpusGiven(arrival) : 1);
  return { innerMap, content: runToEnd(encodeInner(arrival, { layout, possibleCpus: cpus })), cpus };
}

/** The longest list that is a value. */
function cpusGiven({ content }: Arrival): number {
  let most = 1;
  for (const { value } of content.entries) if (Array.isArray(value)) most = Math.max(most, value.length);
  return most;
}
