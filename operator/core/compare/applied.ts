import { type Metadata, objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { compileOuterMap } from '../desired/compile.ts';
import { NO_ENTRIES } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import type { Wanted, WantedInner } from '../wanted.ts';
import { type EntryChanges, entryChanges, type Side } from './entries.ts';
import { type FieldChange, fieldChanges } from './fields.ts';
import { type NamedRejection, rejectionsOn } from './verdicts.ts';

/** What becomes of one object of the files. */
export interface ObjectChange {
  readonly kind: 'created' | 'changed' | 'unchanged';
  readonly object: string;
  readonly origin: string;
  readonly fields: readonly FieldChange[];
  /** Absent where the contents say the same. */
  readonly entries?: EntryChanges;
}

/** What applying files would change. */
export interface Applied {
  readonly changes: readonly ObjectChange[];
  /** Objects of the files that would not do, and others that would no longer. */
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
  /** Labels of the nodes; for one without labels where they are not known. */
  readonly nodes: readonly Readonly<Record<string, string>>[];
  /** RFC 3339: how old a new object is. */
  readonly now: string;
}

/** Pure: the files laid over what the cluster has. The files are taken for all that is to be of their objects. */
export function appliedChanges(over: AppliedOver): Applied {
  const { cluster, files, nodes } = over;
  const outersBefore = byObject(cluster.outerMaps, outerMap => outerMap);
  const innersBefore = byObject(cluster.innerMaps, ({ innerMap }) => innerMap);
  const outersAfter = new Map(outersBefore);
  const innersAfter = new Map(innersBefore);
  const changes: ObjectChange[] = [];
  for (const { outerMap, origin } of files.outerMaps) {
    const before = outersBefore.get(objectText(outerMap));
    outersAfter.set(objectText(outerMap), aged(outerMap, before?.metadata, over.now));
    changes.push(outerChange(before, outerMap, origin));
  }
  for (const inner of files.innerMaps) {
    const before = innersBefore.get(objectText(inner.innerMap));
    const innerMap = aged(inner.innerMap, before?.innerMap.metadata, over.now);
    innersAfter.set(objectText(innerMap), { ...inner, innerMap });
    const layout = layoutOf(outersAfter.get(`OuterMap ${innerMap.spec.outerMap}`));
    changes.push(innerChange(before, inner, layout));
  }
  const known = new Set(rejectionsOn(wanted(outersBefore, innersBefore), nodes).map(textOf));
  const ours = new Set(changes.map(({ object }) => object));
  const found = rejectionsOn(wanted(outersAfter, innersAfter), nodes);
  return {
    changes,
    problems: [
      ...changes.flatMap(immutableProblems),
      ...found.filter(verdict => ours.has(verdict.object) || !known.has(textOf(verdict))),
    ],
  };
}

function byObject<T>(
  all: readonly T[],
  objectOf: (one: T) => Parameters<typeof objectText>[0],
): Map<string, T> {
  return new Map(all.map(one => [objectText(objectOf(one)), one]));
}

/** A new object is the youngest; one that is there stays as old as it is. */
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
  const ground = outerMap === undefined ? undefined : compileOuterMap(outerMap);
  return typeof ground === 'object' ? ground.layout : undefined;
}

function wanted(outers: ReadonlyMap<string, OuterMap>, inners: ReadonlyMap<string, WantedInner>): Wanted {
  const [outerMaps, innerMaps] = [[...outers.values()], [...inners.values()]];
  return { outerMaps, innerMaps, complete: true, refusals: [], releases: [] };
}

function textOf({ object, reason, message }: NamedRejection): string {
  return JSON.stringify([object, reason, message]);
}

function outerChange(before: OuterMap | undefined, after: OuterMap, origin: string): ObjectChange {
  const object = objectText(after);
  if (before === undefined) return { kind: 'created', object, origin, fields: [] };
  const fields = [
    ...metadataChanges(before.metadata, after.metadata),
    ...fieldChanges(outerText(before), outerText(after), ['spec']),
  ];
  return { kind: fields.length === 0 ? 'unchanged' : 'changed', object, origin, fields };
}

/** As its author writes it. */
function outerText({ spec }: OuterMap): object {
  const { pinMode, maxRemoval, ...rest } = spec;
  return {
    ...rest,
    pinMode: `0${pinMode.toString(8)}`,
    maxRemoval: 'percent' in maxRemoval ? `${maxRemoval.percent}%` : maxRemoval.keys,
  };
}

function innerChange(
  before: CountedInner | undefined,
  after: CountedInner,
  layout: OuterLayout | undefined,
): ObjectChange {
  const { innerMap, origin = '' } = after;
  const object = objectText(innerMap);
  const entries = contentChanges(before, after, layout);
  const told = entries === undefined ? {} : { entries };
  if (before === undefined) return { kind: 'created', object, origin, fields: [], ...told };
  const fields = [
    ...metadataChanges(before.innerMap.metadata, innerMap.metadata),
    ...fieldChanges(before.innerMap.spec, innerMap.spec, ['spec']),
  ];
  const kind = fields.length === 0 && entries === undefined ? 'unchanged' : 'changed';
  return { kind, object, origin, fields, ...told };
}

const NO_SIDE: Side = { entries: NO_ENTRIES, cpus: 1 };

/** Contents that cannot be read are as none: what is wrong with the file's is told as a problem. */
function contentChanges(
  before: CountedInner | undefined,
  after: CountedInner,
  layout: OuterLayout | undefined,
): EntryChanges | undefined {
  if (layout === undefined || after.content.kind !== 'encoded') return undefined;
  const isComparable =
    before?.content.kind === 'encoded' && before.content.layoutDigest === after.content.layoutDigest;
  const old = isComparable ? sideOf(before) : NO_SIDE;
  if (layout.innerKey === undefined || layout.innerValue === undefined) return undefined;
  return entryChanges(old, sideOf(after), layout);
}

function sideOf({ content, cpus }: CountedInner): Side {
  return content.kind === 'encoded' ? { entries: content.entries, cpus } : NO_SIDE;
}

/** Labels and annotations that a file does not name stay. */
function metadataChanges(before: Metadata, after: Metadata): readonly FieldChange[] {
  return (['labels', 'annotations'] as const).flatMap(field =>
    Object.entries(after[field]).flatMap(([name, value]) =>
      fieldChanges(before[field][name], value, ['metadata', field, name]),
    ),
  );
}

/** What the API server refuses to change, by the rules of crds/. */
const IMMUTABLE = /^spec\.(outerMap|type|maxEntries|key|flags|inner\.(?!programOwned\b).*)$/;

function immutableProblems({ object, fields }: ObjectChange): readonly NamedRejection[] {
  const isInner = object.startsWith('InnerMap ');
  const names = fields
    .map(({ field }) => field)
    .filter(field => IMMUTABLE.test(field) && !(isInner && field === 'spec.maxEntries'));
  if (names.length === 0) return [];
  const advice = isInner
    ? 'delete this InnerMap and make another'
    : 'the kernel cannot change the layout of a map, make another OuterMap';
  const message = `${names.join(', ')} cannot change: ${advice}`;
  return [{ object, reason: isInner ? 'InvalidKey' : 'LayoutMismatch', message }];
}
