export const GROUP = 'innermap.io';
export const API_VERSION = 'innermap.io/v1alpha1';

/**
 * The annotation that releases held removals by their tokens, separated by commas. On an OuterMap it counts on all nodes,
 * for that one; on a NodeMapState for all outer maps of that node, those of deleted OuterMaps included.
 */
export const RELEASE_ANNOTATION = 'innermap.io/release-removal';

/** The annotation by which an OuterMap's author has its map made anew with another layout; its token is in the refusal. */
export const RECREATE_ANNOTATION = 'innermap.io/recreate';

/** The tokens in an object's annotation. */
export function releasesIn(annotations: Annotations | undefined): readonly string[] {
  return tokensIn(annotations?.[RELEASE_ANNOTATION]);
}

export function recreationsIn(annotations: Annotations | undefined): readonly string[] {
  return tokensIn(annotations?.[RECREATE_ANNOTATION]);
}

type Annotations = Readonly<Record<string, string>>;

function tokensIn(given = ''): readonly string[] {
  return given.split(',').flatMap(token => token.trim() || []);
}

/** The fields of Kubernetes' ObjectMeta that decisions depend on. */
export interface Metadata {
  readonly name: string;
  /** Absent on cluster-scoped objects; `default` where a folder's manifest names none. */
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  /** RFC 3339, as the API server writes it. */
  readonly creationTimestamp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Named {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `team-a/web`, or the name alone where there is no namespace. */
export function objectKey({ namespace, name }: Named): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/**
 * `InnerMap team-a/web`, `OuterMap tenants`: the identity of an object. Many are kept: joined it is one text in memory, where
 * a template would keep all of its parts (V8's ropes).
 */
export function objectText({ kind, metadata }: { readonly kind: string; readonly metadata: Named }): string {
  const { namespace, name } = metadata;
  const words =
    namespace === undefined || namespace === '' ? [kind, ' ', name] : [kind, ' ', namespace, '/', name];
  return words.join('');
}

export interface SelectorExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** metav1.LabelSelector. An absent selector selects every node, and so does an empty one. */
export interface NodeSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly SelectorExpression[];
}
