import type { InnerMapManifest, RawContent } from '../../api/innermap.ts';
import { parseInnerMap } from '../../api/parse/manifest.ts';
import { type FieldPath, fieldText, type Problem } from '../../api/problem.ts';
import type { Reason } from '../../api/reason.ts';
import { type EncodedContent, encodeContent, type encodingSteps } from '../../core/codec/content.ts';
import { innerSpec, type OuterLayout } from '../../core/layout/outer.ts';
import type { InnerFacts, ReportedFailure } from '../../core/status/facts.ts';
import type { Content, WantedInner } from '../../core/wanted.ts';
import type { KubeObject } from '../../kube/client.ts';
import { objectKey } from '../../kube/client.ts';
import { writtenIn } from './written.ts';

export interface Circumstances {
  /** What is known of the object: of the same generation it need not be read again. */
  readonly known: InnerFacts | undefined;
  readonly layoutOf: (outer: string) => OuterLayout | undefined;
}

/** An InnerMap whose contents take long to read: that is done apart. */
const MANY_ENTRIES = 4_096;
const LONG_TABLE = 128 * 1024;
const MOST_PROBLEMS = 10;
const NO_BYTES = new Uint8Array(0);
const NONE = Object.freeze({});

/** What is kept of an InnerMap: it is read once a generation, its contents' bytes are let go at once. */
export function innerFacts(object: KubeObject, { known, layoutOf }: Circumstances): InnerFacts {
  const written = writtenIn(object);
  const { metadata } = object;
  const isKnown = known?.uid === metadata.uid && known?.generation === metadata.generation;
  if (known !== undefined && isKnown && known.judgedBy === layoutOf(known.outer)?.digest)
    return { ...known, resourceVersion: metadata.resourceVersion ?? '', written };
  const common = identityOf(object, written);
  const parsed = parseInnerMap(object);
  if (!parsed.ok) return { ...common, problem: troubleOf(parsed.problems) };
  const { manifest, layout } = {
    manifest: parsed.value,
    layout: layoutOf(parsed.value.innerMap.spec.outerMap),
  };
  const read = layout === undefined || isLong(manifest.content) ? undefined : contentBy(manifest, layout);
  return factsOf(common, manifest, read);
}

/** The same with its contents read by `read`, however long that takes. */
export function* judging(
  object: KubeObject,
  layout: OuterLayout,
  steps: typeof encodingSteps,
): Generator<undefined, InnerFacts> {
  const common = identityOf(object, writtenIn(object));
  const parsed = parseInnerMap(object);
  if (!parsed.ok) return { ...common, problem: troubleOf(parsed.problems) };
  const maxEntries = maxEntriesOf(parsed.value, layout);
  const encoded = yield* steps(parsed.value.content, layout, { maxEntries });
  return factsOf(common, parsed.value, contentOf(encoded, layout));
}

type Identity = Pick<
  InnerFacts,
  'key' | 'name' | 'namespace' | 'uid' | 'generation' | 'resourceVersion' | 'written' | 'outer'
>;

function identityOf({ metadata, ['spec']: spec }: KubeObject, written: InnerFacts['written']): Identity {
  const { name, namespace = '', uid = '', generation = 0, resourceVersion = '' } = metadata;
  const outer = (spec as { readonly outerMap?: unknown } | null | undefined)?.outerMap;
  return {
    key: objectKey(metadata),
    name,
    namespace,
    uid,
    generation,
    resourceVersion,
    written,
    outer: typeof outer === 'string' ? outer : '',
  };
}

interface ReadContent {
  readonly content: Content;
  readonly judgedBy: string;
}

function factsOf(
  common: Identity,
  { innerMap }: InnerMapManifest,
  read: ReadContent | undefined,
): InnerFacts {
  const { name, namespace, uid, generation, creationTimestamp } = innerMap.metadata;
  const metadata = {
    ...{ name, namespace, labels: NONE, annotations: NONE },
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
  const wanted: WantedInner = {
    innerMap: { kind: 'InnerMap', metadata, spec: innerMap.spec },
    content: read?.content ?? { kind: 'pending' },
  };
  const { nodeSelector } = innerMap.spec;
  return {
    ...common,
    outer: innerMap.spec.outerMap,
    wanted,
    ...(read === undefined ? {} : { judgedBy: read.judgedBy }),
    ...(nodeSelector === undefined ? {} : { selector: nodeSelector }),
  };
}

function isLong({ entries, table = '' }: RawContent): boolean {
  return entries.length > MANY_ENTRIES || table.length > LONG_TABLE;
}

function contentBy(manifest: InnerMapManifest, layout: OuterLayout): ReadContent {
  const maxEntries = maxEntriesOf(manifest, layout);
  return contentOf(encodeContent(manifest.content, layout, { maxEntries }), layout);
}

/** One that the layout does not take is a matter of its own, told before the contents are. */
function maxEntriesOf({ innerMap }: InnerMapManifest, layout: OuterLayout): number {
  const spec = innerSpec(layout, innerMap);
  return spec.ok ? spec.value.maxEntries : layout.template.maxEntries;
}

function contentOf(encoded: EncodedContent, { digest }: OuterLayout): ReadContent {
  if (!encoded.ok) {
    const { reason, message } = encoded;
    return { content: { kind: 'invalid', reason, message }, judgedBy: digest };
  }
  const entries = { count: encoded.entries.count, keys: NO_BYTES, values: NO_BYTES };
  return { content: { kind: 'encoded', entries, layoutDigest: digest }, judgedBy: digest };
}

export function troubleOf(problems: readonly Problem[]): ReportedFailure {
  const shown = problems.slice(0, MOST_PROBLEMS);
  const more = problems.length - shown.length;
  const text = shown.map(({ path, message }) => `${fieldText(path)}: ${message}`).join('; ');
  return {
    reason: reasonOf(problems[0]?.path ?? []),
    message: more > 0 ? `${text}; and ${more} more` : text,
  };
}

function reasonOf([root, field]: FieldPath): Reason {
  if (root !== 'spec') return 'Unsupported';
  if (field === 'key') return 'InvalidKey';
  return field === 'entries' || field === 'table' ? 'InvalidEntries' : 'Unsupported';
}
