import { problemText } from '../../problem.ts';
import { parseInnerMap, parseManifest, parseOuterMap } from '../manifest.ts';

/** Manifests as authors write them, for tests: valid but for the fields that a test gives. */
export type Fields = Record<string, unknown>;

export function outerMap(spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'OuterMap',
    metadata: { name: 'tenants', ...metadata },
    spec: {
      type: 'HashOfMaps',
      maxEntries: 16,
      key: 'ipv4',
      inner: { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32' },
      access: [{ namespaces: ['team-*'] }],
      ...spec,
    },
  };
}

export function innerMap(spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'InnerMap',
    metadata: { name: 'web', namespace: 'team-a', ...metadata },
    spec: { outerMap: 'tenants', key: '10.1.0.7', ...spec },
  };
}

export function problems(value: unknown): string[] {
  const result = parseManifest(value);
  return result.ok ? [] : result.problems.map(problemText);
}

export function outerSpec(spec: Fields = {}) {
  const result = parseOuterMap(outerMap(spec));
  if (!result.ok) throw new Error(problems(outerMap(spec)).join('\n'));
  return result.value.spec;
}

export function parsedInner(spec: Fields = {}, metadata: Fields = {}) {
  const result = parseInnerMap(innerMap(spec, metadata));
  if (!result.ok) throw new Error(problems(innerMap(spec, metadata)).join('\n'));
  return result.value;
}
