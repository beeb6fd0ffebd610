import { innerMap, type Manifest, outerMap, u32, u32Pairs } from '../../../agent/support/manifests.ts';
import type { Contents } from '../../../agent/support/witness.ts';
import type { ControlPlaneFixture } from '../../controlplanefixture.ts';

/**
 * How `team-a/m1`, `team-a/m2`… are: each has its number as key, an entry with this value, and one with its number: equal ones would
 * be one inner map.
 */
export function tenants(count: number, value: number, first = 1): readonly Manifest[] {
  return numbers(count, first).map(key =>
    innerMap(`team-a/m${key}`, { outerMap: 'tenants', key }, { 1: value, 2: key }),
  );
}

/** What a kernel holds then. */
export function tenantsIn(count: number, value: number, first = 1): Contents {
  return Object.fromEntries(numbers(count, first).map(key => [u32(key), u32Pairs({ 1: value, 2: key })]));
}

export const TENANTS = outerMap('tenants', { maxEntries: 4096 });

/** All of them with one call of kubectl. */
export async function putAll(fixture: ControlPlaneFixture, manifests: readonly Manifest[]): Promise<void> {
  await fixture.put({ apiVersion: 'v1', kind: 'List', items: manifests });
}

function numbers(count: number, first: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}
