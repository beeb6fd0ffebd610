import type { InnerMap } from '../../api/innermap.ts';
import { type Metadata, objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { compileOuterMap } from '../desired/compile.ts';
import { NO_ENTRIES } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import type { Wanted, WantedInner } from '../wanted.ts';
import { type EntryChanges, entryChanges, type Side } from './entries.ts';
import { type FieldChange, fieldChanges } from './fields.ts';
import { immutableProblem } from './immutable.ts';
import { type NamedRejection, rejectionsOn } from './rejections.ts';

/** The change of one object of the files. */
export interface ObjectChange {
  readonly kind: 'created' | 'changed' | 'unchanged';
  readonly object: string;
  readonly origin: string;
  readonly fields: readonly FieldChange[];
  /** Absent where the contents are equal. */
  readonly entries?: EntryChanges;
}

/** The changes that applying files would make. */
export interface Applied {
  readonly changes: readonly ObjectChange[];
  /** Objects of the files that would be rejected, and others that would be rejected because of them. */
  readonly problems: readonly NamedRejection[];
}

/** An InnerMap with as many CPUs' values as its author gave. */
export interface CountedInner extends WantedInner {
  readonly cpus: number;
}

export interface AppliedOver {
  readonly cluster: { readonly outerMaps: readonly OuterMap[]; readonly innerMaps: readonly CountedInner[] };
  readonly files: {
    readonly outerMaps: readonly { readonly outerMap: OuterMap; readonly origin: string }[];
    readonly innerMaps: readonly CountedInner[];
  };
  /** Labels of the nodes; those of one node without labels where they are not known. */
  readonly nodes: readonly Readonly<Record<string, string>>[];
  /** RFC 3339: the creation time of a new object. */
  readonly now: string;
}

/** Pure: the files laid over the cluster's objects. A file has all fields of its objects. */
export function appliedChanges(over: AppliedOver): Applied {
  const { cluster, files, nodes } = over;
  const outersBefore = new Map(cluster.outerMaps.map(outerMap => [objectText(outerMap), outerMap]));
  const innersBefore = new Map(cluster.innerMaps.map(inner => [objectText(inner.innerMap), inner]));
  const outersAfter = new Map(outersBefore);
  const innersAfter = new Map(innersBefore);
  const changes: ObjectChange[] = [];
  const immutable: (NamedRejection | undefined)[] = [];
  for (const { outerMap, origin } of files.outerMaps) {
    const before = outersBefore.get(objectText(outerMap));
    outersAfter.set(objectText(outerMap), aged(outerMap, before?.metadata, over.now));
    const change = objectChange(before, outerMap, { origin });
    changes.push(change);
    if (before !== undefined) immutable.push(immutableProblem(change, [before, outerMap]));
  }
  for (const inner of files.innerMaps) {
    const before = innersBefore.get(objectText(inner.innerMap));
    const innerMap = aged(inner.innerMap, before?.innerMap.metadata, over.now);
    innersAfter.set(objectText(innerMap), { ...inner, innerMap });
    const layout = layoutOf(outersAfter.get(`OuterMap ${innerMap.spec.outerMap}`));
    const entries = contentChanges(before, inner, layout);
    const change = objectChange(before?.innerMap, inner.innerMap, { origin: inner.origin ?? '', entries });
    changes.push(change);
    immutable.push(immutableProblem(change));
  }
  const known = new Set(rejectionsOn(wanted(outersBefore, innersBefore), nodes).map(textOf));
  const ours = new Set(changes.map(({ object }) => object));
  const found = rejectionsOn(wanted(outersAfter, innersAfter), nodes);
  return {
    changes,
    problems: [
      ...immutable.filter(problem => problem !== undefined),
      ...found.filter(verdict => ours.has(verdict.object) || !known.has(textOf(verdict))),
    ],
  };
}

/** A new object is the youngest. An existing one keeps its age. */
function aged<T extends { readonly metadata: Metadata }>(
  object: T,
  before: Metadata | undefined,
  now: string,
): T {
  const { uid, creationTimestamp = now } = before ?? {};
  const metadata = { ...object.metadata, creationTimestamp, ...(uid === undefined ? {} : { uid }) };
  return { ...object, metadata };
}

function layoutOf(outerMap: OuterMap | undefined): OuterLayout | undefined {
  const compiled = outerMap === undefined ? undefined : compileOuterMap(outerMap);
  return typeof compiled === 'object' ? compiled.layout : undefined;
}

function wanted(outers: ReadonlyMap<string, OuterMap>, inners: ReadonlyMap<string, WantedInner>): Wanted {
  const [outerMaps, innerMaps] = [[...outers.values()], [...inners.values()]];
  return { outerMaps, innerMaps, complete: true, refusals: [], releases: [] };
}

function textOf({ object, reason, message }: NamedRejection): string {
  return JSON.stringify([object, reason, message]);
}

function objectChange(
  before: OuterMap | InnerMap | undefined,
  after: OuterMap | InnerMap,
  { origin, entries }: { readonly origin: string; readonly entries?: EntryChanges | undefined },
): ObjectChange {
  const fields =
    before === undefined
      ? []
      : [
          ...metadataChanges(before.metadata, after.metadata),
          ...fieldChanges(specText(before), specText(after), ['spec']),
        ];
  const changed = fields.length > 0 || entries !== undefined ? 'changed' : 'unchanged';
  return {
    kind: before === undefined ? 'created' : changed,
    object: objectText(after),
    origin,
    fields,
    ...(entries === undefined ? {} : { entries }),
  };
}

/** The spec as its author writes it. */
function specText(object: OuterMap | InnerMap): object {
  if (object.kind === 'InnerMap') return object.spec;
  const { pinMode, maxRemoval, ...rest } = object.spec;
  return {
    ...rest,
    pinMode: `0${pinMode.toString(8)}`,
    maxRemoval: 'percent' in maxRemoval ? `${maxRemoval.percent}%` : maxRemoval.keys,
  };
}

const NO_SIDE: Side = { entries: NO_ENTRIES, cpus: 1 };

/** Contents that cannot be encoded count as none. Those of a file are reported as a problem. */
function contentChanges(
  before: CountedInner | undefined,
  after: CountedInner,
  layout: OuterLayout | undefined,
): EntryChanges | undefined {
  if (layout === undefined || after.content.kind !== 'encoded') return undefined;
  const isComparable =
    before?.content.kind === 'encoded' && before.content.layoutDigest === after.content.layoutDigest;
  return entryChanges(isComparable ? sideOf(before) : NO_SIDE, sideOf(after), layout);
}

function sideOf({ content, cpus }: CountedInner): Side {
  return content.kind === 'encoded' ? { entries: content.entries, cpus } : NO_SIDE;
}

/** Labels and annotations that a file does not have stay. */
function metadataChanges(before: Metadata, after: Metadata): readonly FieldChange[] {
  return (['labels', 'annotations'] as const).flatMap(field =>
    Object.entries(after[field]).flatMap(([name, value]) =>
      fieldChanges(before[field][name], value, ['metadata', field, name]),
    ),
  );
}
