import { isObject } from '../../api/parse/section.ts';
import { decodeEntries, valueStride } from '../../core/codec/entries.ts';
import { type Arrival, encodeInner } from '../../core/encodedinner.ts';
import type { Entries } from '../../core/entries.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import { isArray } from '../../core/mapspec.ts';
import { comparedMask } from '../../core/plan/compared.ts';
import { difference } from '../../core/plan/difference.ts';
import { runToEnd } from '../../core/steps.ts';
import { hasFields } from '../../core/types/path.ts';
import { shownMembers } from '../../core/types/struct.ts';
import type { Type } from '../../core/types/type.ts';
import type { InnerReading } from '../../kernel/kernel.ts';
import { entriesAt, ordered } from '../terminal/order.ts';
import type { Plain } from '../terminal/yaml.ts';

export interface PlainEntry {
  readonly [part: string]: Plain;
  readonly key: Plain;
  readonly value: Plain;
}

/** Entries as an InnerMap's manifest has them. An Array's zero entries are left out: absent is zero. */
export function listedEntries(
  layout: OuterLayout,
  entries: Entries,
  possibleCpus: number,
): readonly PlainEntry[] {
  if (layout.innerKey === undefined || layout.innerValue === undefined) return [];
  const kept = isArray(layout.template.type) ? withoutZeros(entries) : entries;
  return decodeEntries(layout, ordered(kept, layout.innerKey), possibleCpus) as readonly PlainEntry[];
}

/** The same as CSV, with a header of field paths; undefined where a cell would have to hold a list. */
export function tableOf(layout: OuterLayout, entries: readonly PlainEntry[]): string | undefined {
  const columns = [...columnsOf(layout.innerKey, ['key']), ...columnsOf(layout.innerValue, ['value'])];
  const rows = [columns.map(column => column.join('.')).join(',')];
  for (const entry of entries) {
    const cells = columns.map(column => cellAt(entry, column));
    if (cells.includes(undefined)) return undefined;
    rows.push(cells.join(','));
  }
  return `${rows.join('\n')}\n`;
}

function columnsOf(type: Type | undefined, path: readonly string[]): readonly (readonly string[])[] {
  if (type === undefined || !hasFields(type)) return [path];
  const fields = type.kind === 'union' ? shownMembers(type).slice(0, 1) : type.fields;
  return fields.flatMap(field => {
    if (field.name !== '') return columnsOf(field.type, [...path, field.name]);
    return hasFields(field.type) ? columnsOf(field.type, path) : [];
  });
}

/** Undefined where there is no scalar: a list, or a struct that was decoded in another form. */
function cellAt(entry: PlainEntry, path: readonly string[]): string | undefined {
  let at: unknown = entry;
  for (const part of path) at = isObject(at) ? at[part] : undefined;
  if (at === undefined || at === null || typeof at === 'object') return undefined;
  const text = String(at);
  return PLAIN_CELL.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

const PLAIN_CELL = /^[A-Za-z0-9._:/+-]+$/;

/** The first key whose bytes a manifest would not give back; undefined where it gives back all of them. */
export function firstLoss(
  layout: OuterLayout,
  arrival: Arrival,
  { entries }: InnerReading,
  possibleCpus: number,
): Uint8Array | undefined {
  const { type, keySize } = layout.template;
  const encoded = runToEnd(encodeInner(arrival, { layout, possibleCpus }));
  if (encoded.kind !== 'encoded') return entries.keys.subarray(0, keySize);
  const stride = valueStride(layout.template, possibleCpus);
  const mask = comparedMask(layout, stride);
  const lost = difference(encoded.entries, entries, {
    // Agents compare the keys of an LPM trie without the bits after their prefixes; here each byte counts
    type: isArray(type) ? 'Array' : 'Hash',
    keySize,
    stride,
    ...(mask === undefined ? {} : { mask }),
    exact: true,
  });
  return lost && (lost.upserts.count > 0 ? lost.upserts.keys : lost.deletes).subarray(0, keySize);
}

function withoutZeros(entries: Entries): Entries {
  const { count, values } = entries;
  const stride = count === 0 ? 0 : values.length / count;
  const places = Array.from({ length: count }, (_, place) => place);
  return entriesAt(
    entries,
    places.filter(place => values.subarray(place * stride, (place + 1) * stride).some(byte => byte !== 0)),
  );
}
