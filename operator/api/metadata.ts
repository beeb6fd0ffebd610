export const GROUP = 'innermap.io';
export const API_VERSION = 'innermap.io/v1alpha1';

/** The annotation whose value releases a held removal. */
export const RELEASE_ANNOTATION = 'innermap.io/release-removal';

/** The parts of Kubernetes' ObjectMeta that decisions rest on. */
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

export interface SelectorExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** metav1.LabelSelector. An absent selector selects every node; an empty one too. */
export interface NodeSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly SelectorExpression[];
}
