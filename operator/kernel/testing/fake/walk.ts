import { NO_ENTRIES } from '../../../core/entries.ts';
import { hasContents, type MapSpec } from '../../../core/mapspec.ts';
import { difference } from '../../../core/plan/difference.ts';
import type { ExpectedContents, ExpectedInner, InnerAddress, InnerReading } from '../../kernel.ts';
import { ours } from './bpffs/pins.ts';
import type { FakeMap, OuterTable } from './map.ts';
import { runsOf } from './table.ts';

/** As in libbpf/walk: other types are not walked, nor are large maps. */
const WALKED: ReadonlySet<MapSpec['type']> = new Set<MapSpec['type']>(['Hash', 'LRUHash', 'Array']);
const MOST_ENTRIES = 8192;

export function isWalked({ type }: MapSpec): boolean {
  return WALKED.has(type);
}

/** 1 for each key whose inner map has exactly these entries. */
export function expectedIn(
  outer: OuterTable,
  keySize: number,
  { keys, inners, mask }: ExpectedContents,
): Uint8Array {
  const given = runsOf(keys, keySize, inners.length);
  return Uint8Array.from(inners, (expected, at) => {
    const found = outer.inner(given[at]!);
    return found !== undefined && isExpected(expected, found, mask) ? 1 : 0;
  });
}

function isExpected({ spec, entries }: ExpectedInner, found: FakeMap, mask: Uint8Array | undefined): boolean {
  if (!WALKED.has(spec.type) || spec.maxEntries > MOST_ENTRIES) return false;
  if (found.spec.keySize !== spec.keySize || found.spec.valueSize !== spec.valueSize) return false;
  const type = spec.type as Parameters<typeof difference>[2]['type'];
  const by = { type, keySize: spec.keySize, stride: spec.valueSize, exact: true };
  return difference(entries, found.table.entries(), { ...by, ...(mask && { mask }) }) === undefined;
}

/** What a walk finds at the place of an inner map; undefined where it cannot be told. */
export function entriesAt(
  { id, place }: Extract<InnerAddress, { id: number }>,
  walks: boolean,
): InnerReading | undefined {
  if (place === undefined) return undefined;
  const { outer, key, spec } = place;
  if (!hasContents(spec.type)) return { id, spec, frozen: false, entries: NO_ENTRIES, entriesAlone: true };
  if (!walks) return undefined;
  const found = ours(outer).map.outer?.inner(key);
  if (found === undefined || !WALKED.has(spec.type)) return undefined;
  if (found.spec.keySize !== spec.keySize || found.spec.valueSize !== spec.valueSize) return undefined;
  const entries = found.table.entries();
  if (entries.count > MOST_ENTRIES) return undefined;
  const maxEntries = spec.type === 'Array' ? entries.count : Math.max(spec.maxEntries, entries.count);
  return { id, spec: { ...spec, maxEntries }, frozen: false, entries, entriesAlone: true };
}
