import { decodeEntries } from '../../core/codec/entries.ts';
import { type Arrival, encodeInner } from '../../core/encodedinner.ts';
import type { Entries } from '../../core/entries.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import { isArray } from '../../core/mapspec.ts';
import { runToEnd } from '../../core/steps.ts';
import type { Type } from '../../core/types/type.ts';
import type { InnerReading } from '../../kernel/kernel.ts';
import { ordered } from '../terminal/order.ts';
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
  if (type?.kind !== 'struct') return [path];
  return type.fields.flatMap(field => columnsOf(field.type, [...path, field.name]));
}

/** Undefined where there is no scalar: a list, or a struct that was decoded in another form. */
function cellAt(entry: PlainEntry, path: readonly string[]): string | undefined {
  let at: Plain | undefined = entry;
  for (const part of path) {
    if (at === null || typeof at !== 'object' || Array.isArray(at)) return undefined;
    at = (at as { readonly [key: string]: Plain | undefined })[part];
  }
  if (at === undefined || at === null || typeof at === 'object') return undefined;
  const text = String(at);
  return PLAIN_CELL.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

const PLAIN_CELL = /^[A-Za-z0-9._:/+-]+$/;

/** The first key whose bytes a manifest would not give back; undefined where it gives back all of them. */
export function firstLoss(
  layout: OuterLayout,
  arrival: Arrival,
  reading: InnerReading,
  possibleCpus: number,
): Uint8Array | undefined {
  const { entries, spec } = reading;
  const { keySize } = spec;
  const encoded = runToEnd(encodeInner(arrival, { layout, possibleCpus }));
  if (encoded.kind !== 'encoded') return entries.keys.subarray(0, keySize);
  const again = valuesByKey(encoded.entries, keySize);
  const stride = entries.count === 0 ? 0 : entries.values.length / entries.count;
  const absent = Buffer.alloc(isArray(layout.template.type) ? stride : 0);
  for (let index = 0; index < entries.count; index++) {
    const key = entries.keys.subarray(index * keySize, (index + 1) * keySize);
    const value = entries.values.subarray(index * stride, (index + 1) * stride);
    const given = again.get(Buffer.from(key).toString('latin1')) ?? absent;
    if (!given.equals(value)) return key;
  }
  return undefined;
}

function valuesByKey({ count, keys, values }: Entries, keySize: number): Map<string, Buffer> {
  const all = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
  const stride = count === 0 ? 0 : values.length / count;
  const byKey = new Map<string, Buffer>();
  for (let index = 0; index < count; index++) {
    const value = Buffer.from(values.buffer, values.byteOffset + index * stride, stride);
    byKey.set(all.toString('latin1', index * keySize, (index + 1) * keySize), value);
  }
  return byKey;
}

function withoutZeros({ count, keys, values }: Entries): Entries {
  const keySize = count === 0 ? 0 : keys.length / count;
  const stride = count === 0 ? 0 : values.length / count;
  const kept: number[] = [];
  for (let index = 0; index < count; index++) {
    if (values.subarray(index * stride, (index + 1) * stride).some(byte => byte !== 0)) kept.push(index);
  }
  return { count: kept.length, keys: runs(keys, keySize, kept), values: runs(values, stride, kept) };
}

function runs(bytes: Uint8Array, size: number, places: readonly number[]): Uint8Array {
  const all = new Uint8Array(places.length * size);
  for (const [to, from] of places.entries())
    all.set(bytes.subarray(from * size, (from + 1) * size), to * size);
  return all;
}
