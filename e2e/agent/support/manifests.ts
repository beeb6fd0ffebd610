/** A manifest as written to a file. */
export type Manifest = Readonly<Record<string, unknown>>;

/** Inner entries by key: the objects' own order is that of the file. */
export type Pairs = Readonly<Record<string | number, unknown>>;

const API_VERSION = 'innermap.io/v1alpha1';

/** u32 → Hash of u32 → u32, everybody may declare every key. */
const OUTER = {
  type: 'HashOfMaps',
  maxEntries: 64,
  key: 'u32',
  inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32' },
  access: [{ namespaces: ['*'] }],
};

export function outerMap(name: string, spec: object = {}): Manifest {
  const pinned = { pin: name, ...spec };
  return { apiVersion: API_VERSION, kind: 'OuterMap', metadata: { name }, spec: { ...OUTER, ...pinned } };
}

/** `name` is `namespace/name`. */
export function innerMap(
  name: string,
  place: { readonly outerMap: string; readonly key: string | number },
  pairs: Pairs = {},
  spec: object = {},
): Manifest {
  const [namespace, own] = name.split('/');
  const entries = Object.entries(pairs).map(([key, value]) => ({
    key: /^\d+$/.test(key) ? Number(key) : key,
    value,
  }));
  const metadata = { name: own, namespace };
  return { apiVersion: API_VERSION, kind: 'InnerMap', metadata, spec: { ...place, entries, ...spec } };
}

/** JSON documents are YAML documents. */
export function fileText(manifests: readonly Manifest[]): string {
  return manifests.map(manifest => `${JSON.stringify(manifest, null, 1)}\n`).join('---\n');
}

/** The bytes of a u32 as a little-endian machine keeps them, as hex digits. */
export function u32(...numbers: readonly number[]): string {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => {
    bytes.writeUInt32LE(number, 4 * at);
  });
  return bytes.toString('hex');
}

/** What bpftool should find of `pairs` in a map of u32 → u32. */
export function u32Pairs(pairs: Readonly<Record<number, number>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(pairs).map(([key, value]) => [u32(Number(key)), u32(value)]));
}
