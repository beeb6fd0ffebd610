import type { InnerMap } from '../../api/innermap.ts';
import { objectKey } from '../../api/metadata.ts';
import { type Parsed, type Problem, problemsText, SHOWN_PROBLEMS } from '../../api/problem.ts';
import type { ContentRoom } from '../../core/bytes/contentroom.ts';
import {
  type Arrival,
  arrivalOf,
  type EncodedInner,
  type EncodingOptions,
  encodeInner,
  weightOf,
} from '../../core/encodedinner.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { InnerFacts, ReportedFailure } from '../../core/status/facts.ts';
import { runToEnd, type Steps } from '../../core/steps.ts';
import type { KubeObject } from '../../kube/client.ts';
import { withStatusOf, writtenIn } from './written.ts';

export interface InnerContext {
  /** The object's last facts; an object of the same generation is not read again. */
  readonly previous: InnerFacts | undefined;
  readonly layoutOf: (outer: string) => OuterLayout | undefined;
  readonly room?: ContentRoom | undefined;
}

/** Contents above this size in bytes take long to read, so the ContentLoader reads them. */
const LARGE = 128 * 1024;
const NO_BYTES = new Uint8Array(0);
const NONE = Object.freeze({});

/** Facts of an InnerMap. It is read once per generation and layout, and the bytes of its contents are dropped. */
export function innerFacts(object: KubeObject, { previous, layoutOf, room }: InnerContext): InnerFacts {
  const { metadata } = object;
  const isSame = previous?.uid === metadata.uid && previous?.generation === metadata.generation;
  if (previous !== undefined && isSame && previous.layoutDigest === layoutOf(previous.outer)?.digest)
    return withStatusOf(object, previous);
  const identity = identityOf(object);
  const read = arrivalOf(object);
  const isLarge = read.ok && weightOf(read.value) > LARGE;
  const layout = isLarge ? undefined : layoutOf(identity.outer);
  return runToEnd(factsOf(identity, read, { layout, room }));
}

/** Facts of an InnerMap with contents read by `layout`, in steps because that may take long. */
export function innerFactsWithLayout(object: KubeObject, options: EncodingOptions): Steps<InnerFacts> {
  return factsOf(identityOf(object), arrivalOf(object), options);
}

type Identity = Pick<
  InnerFacts,
  'key' | 'name' | 'namespace' | 'uid' | 'generation' | 'resourceVersion' | 'written' | 'outer'
>;

function identityOf(object: KubeObject): Identity {
  const { metadata, ['spec']: spec } = object;
  const { name, namespace = '', uid = '', generation = 0, resourceVersion = '' } = metadata;
  const outer = (spec as { readonly outerMap?: unknown } | null | undefined)?.outerMap;
  return {
    key: objectKey(metadata),
    name,
    namespace,
    uid,
    generation,
    resourceVersion,
    written: writtenIn(object),
    outer: typeof outer === 'string' ? outer : '',
  };
}

/** Contents are read only with a layout. */
function* factsOf(identity: Identity, read: Parsed<Arrival>, options: EncodingOptions): Steps<InnerFacts> {
  if (!read.ok) return { ...identity, problem: problemOf(read.problems) };
  const { metadata, spec } = read.value.innerMap;
  const content = withoutBytes(yield* encodeInner(read.value, options));
  return {
    ...identity,
    wanted: { innerMap: { kind: 'InnerMap', metadata: keptMetadata(metadata), spec }, content },
    layoutDigest: options.layout?.digest,
    selector: spec.nodeSelector,
  };
}

function keptMetadata({ name, namespace, uid, generation, creationTimestamp }: InnerMap['metadata']) {
  return {
    ...{ name, namespace, labels: NONE, annotations: NONE },
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
}

function withoutBytes(content: EncodedInner): EncodedInner {
  if (content.kind !== 'encoded') return content;
  return { ...content, entries: { count: content.entries.count, keys: NO_BYTES, values: NO_BYTES } };
}

/** The failure of an object that cannot be parsed. */
function problemOf(problems: readonly Problem[]): ReportedFailure {
  const [root, field] = problems[0]?.path ?? [];
  const reason = root === 'spec' && field === 'key' ? 'InvalidKey' : 'Unsupported';
  return { reason, message: problemsText(problems, SHOWN_PROBLEMS) };
}
