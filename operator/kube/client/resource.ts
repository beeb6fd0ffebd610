/** A kind of objects as URLs name it. */
export interface Resource {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** Refers to objects of a kind: all, those of a namespace, or one. */
export interface ResourceRef {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: 'status' | undefined;
}

/** ObjectMeta, as far as it is read. */
export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/apis/innermap.io/v1alpha1/namespaces/team-a/innermaps/web?limit=500` */
export function urlPath(ref: ResourceRef, query: Query = {}): string {
  const { resource, namespace, name, subresource } = ref;
  const parts = resource.group === '' ? ['api'] : ['apis', resource.group];
  parts.push(resource.version);
  if (namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(resource.plural);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.map(encodeURIComponent).join('/')}${queryText(query)}`;
}

function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.append(name, String(value));
  return search.size === 0 ? '' : `?${search}`;
}

/** `innermaps team-a/web`: how messages name objects. */
export function resourceName({ resource, namespace, name, subresource }: ResourceRef): string {
  const object = [namespace, name].filter(part => part !== undefined).join('/');
  const kind = subresource === undefined ? resource.plural : `${subresource} of ${resource.plural}`;
  return object === '' ? kind : `${kind} ${object}`;
}

/** `innermaps.innermap.io`: how RBAC and CustomResourceDefinitions name a kind. */
export function fullName({ group, plural }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}
