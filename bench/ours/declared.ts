import type { OuterMap, OuterType } from '../../operator/api/outermap.ts';
import { parseManifest } from '../../operator/api/parse/manifest.ts';
import type { Entries } from '../../operator/core/entries.ts';
import { outerLayout } from '../../operator/core/layout/outer.ts';
import type { Wanted, WantedInner } from '../../operator/core/wanted.ts';

/** What the C programs make too: HashOfMaps u32 → Hash u32 → u32. */
export interface Shape {
  readonly maps: number;
  readonly entries: number;
  /** HashOfMaps where absent. */
  readonly outer?: OuterType;
  /** All of the same contents. */
  readonly equal?: true;
}

export const OUTER_NAME = 'bench';

export function declaredOuter({ maps, entries, outer = 'HashOfMaps' }: Shape): OuterMap {
  const parsed = parseManifest({
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'OuterMap',
    metadata: { name: OUTER_NAME },
    spec: {
      type: outer,
      maxEntries: maps,
      key: 'u32',
      inner: { type: 'Hash', maxEntries: entries, key: 'u32', value: 'u32' },
      pin: OUTER_NAME,
      maxRemoval: '100%',
      access: [{ namespaces: ['*'] }],
    },
  });
  if (!parsed.ok || parsed.value.kind !== 'OuterMap')
    throw new Error(`Cannot declare the outer map: ${JSON.stringify(parsed)}`);
  return parsed.value.outerMap;
}

/** InnerMaps with their entries encoded, as a source holds them: no two have equal contents, in one version or in two, unless it is asked for. */
export function declaredInners(outer: OuterMap, shape: Shape, version = 0): readonly WantedInner[] {
  const layout = outerLayout(outer);
  if (!layout.ok) throw new Error(`Cannot lay out the outer map: ${JSON.stringify(layout.problems)}`);
  const layoutDigest = layout.value.digest;
  return Array.from({ length: shape.maps }, (_, key) => ({
    innerMap: {
      kind: 'InnerMap',
      metadata: { name: `map-${key}`, namespace: 'default', labels: {}, annotations: {} },
      spec: { outerMap: OUTER_NAME, key, sealed: false },
    },
    content: {
      kind: 'encoded',
      entries: declaredEntries(shape.entries, firstValue(shape, key, version)),
      layoutDigest,
    },
  }));
}

export function wantedOf(outerMaps: readonly OuterMap[], innerMaps: readonly WantedInner[]): Wanted {
  return Object.freeze({ outerMaps, innerMaps, complete: true, refusals: [], releases: [] });
}

/** Values go on from one inner map to the next, as those of the C programs do; versions are half of all values apart. */
function firstValue({ entries, equal }: Shape, key: number, version: number): number {
  return (equal === true ? 0 : key * entries) + version * 2 ** 31;
}

function declaredEntries(count: number, first: number): Entries {
  const keys = Uint32Array.from({ length: count }, (_, at) => at);
  const values = Uint32Array.from({ length: count }, (_, at) => at + first);
  return { count, keys: new Uint8Array(keys.buffer), values: new Uint8Array(values.buffer) };
}
