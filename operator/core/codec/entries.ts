import { type Entries, NO_ENTRIES } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import type { MapSpec } from '../mapspec.ts';
import { fieldMask } from '../types/padding.ts';
import type { Type } from '../types/type.ts';
import { decode } from './decode.ts';
import { decodeKey } from './keytext.ts';
import type { Value } from './value.ts';

/** An entry decoded by its types, as `get` and `export` show it and `encode` reads it. */
export interface DecodedEntry {
  readonly key: Value;
  readonly value: Value;
}

/** Whether every CPU has a value of its own. */
export function isPerCpu(template: Pick<MapSpec, 'type'>): boolean {
  return template.type.includes('PerCPU');
}

/** Bytes of one value in the kernel's batch format: per-CPU values follow each other, each rounded up to 8 bytes. */
export function valueStride(template: Pick<MapSpec, 'type' | 'valueSize'>, possibleCpus: number): number {
  return isPerCpu(template) ? cpuStride(template) * possibleCpus : template.valueSize;
}

/** Bytes from one CPU's value to the next. */
export function cpuStride(template: Pick<MapSpec, 'valueSize'>): number {
  return Math.ceil(template.valueSize / 8) * 8;
}

/** Entries decoded by their types. A per-CPU value is a list, or one value where it is the same on all CPUs. */
export function decodeEntries(
  layout: OuterLayout,
  entries: Entries = NO_ENTRIES,
  possibleCpus = 1,
): readonly DecodedEntry[] {
  const { innerKey, innerValue, template } = layout;
  if (innerKey === undefined || innerValue === undefined) return [];
  const stride = valueStride(template, possibleCpus);
  return Array.from({ length: entries.count }, (_, index) => {
    const values = entries.values.subarray(index * stride, (index + 1) * stride);
    const key = decodeKey(innerKey, entries.keys, index * innerKey.size);
    if (!isPerCpu(template)) return { key, value: decode(innerValue, values, 0) };
    const step = cpuStride(template);
    if (isSame(values, step, innerValue)) return { key, value: decode(innerValue, values, 0) };
    return {
      key,
      value: Array.from({ length: possibleCpus }, (_, cpu) => decode(innerValue, values, cpu * step)),
    };
  });
}

/** Whether every value equals the first, but for padding. */
function isSame(values: Uint8Array, step: number, type: Type): boolean {
  const mask = fieldMask(type);
  for (let at = step; at < values.length; at += step)
    for (let byte = 0; byte < type.size; byte += 1)
      if (((values[at + byte]! ^ values[byte]!) & (mask?.[byte] ?? 0xff)) !== 0) return false;
  return true;
}
