import { COUNTED_PROBLEMS, type FieldPath, type Problem, SHOWN_PROBLEMS } from '../../api/problem.ts';
import type { MapSpec } from '../mapspec.ts';
import type { Type } from '../types/type.ts';
import { cpuStride, isPerCpu, valueStride } from './entries.ts';

/** The bytes of consecutive entries, and the problems found. */
export interface EntryBuffer {
  readonly keyType: Type;
  readonly valueType: Type;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  /** Bytes of a value, all CPUs together. */
  readonly stride: number;
  /** Undefined where all CPUs share a value. `possible` is undefined where the machine is not known. */
  readonly cpus?: { readonly count: number; readonly possible: number | undefined; readonly step: number };
  count: number;
  /** Whether some key, some value was not given, which the parser has told: the bytes are of no use. */
  readonly absent: { key: boolean; value: boolean };
  /** The number of entries from the list. Those after them come from the table. */
  readonly listed: number;
  /** The line of the table that each entry from it began on. */
  readonly lines: Uint32Array;
  /** The first ten. */
  readonly problems: Problem[];
  total: number;
}

export interface EntryBufferSize {
  readonly listed: number;
  readonly rows: number;
  readonly possibleCpus: number | undefined;
}

export function newEntryBuffer(
  template: MapSpec,
  types: { key: Type; value: Type },
  size: EntryBufferSize,
): EntryBuffer {
  const capacity = size.listed + size.rows;
  const count = size.possibleCpus ?? 1;
  const stride = valueStride(template, count);
  return {
    keyType: types.key,
    valueType: types.value,
    keys: new Uint8Array(capacity * types.key.size),
    values: new Uint8Array(capacity * stride),
    stride,
    ...(isPerCpu(template)
      ? { cpus: { count, possible: size.possibleCpus, step: cpuStride(template) } }
      : {}),
    count: 0,
    absent: { key: false, value: false },
    listed: size.listed,
    lines: new Uint32Array(size.rows),
    problems: [],
    total: 0,
  };
}

export function addProblem(sheet: EntryBuffer, path: FieldPath, message: string): void {
  sheet.total += 1;
  if (sheet.problems.length < SHOWN_PROBLEMS) sheet.problems.push({ path, message });
}

/** Whether there are so many problems that the rest need not be read. */
export function isHopeless(sheet: EntryBuffer): boolean {
  return sheet.total >= COUNTED_PROBLEMS;
}

/** Gives all CPUs the value that the first has, and moves on to the next entry. */
export function nextEntry(sheet: EntryBuffer, sameOnAllCpus: boolean): void {
  const { cpus, stride, values } = sheet;
  if (cpus !== undefined && sameOnAllCpus) {
    const at = sheet.count * stride;
    for (let cpu = 1; cpu < cpus.count; cpu += 1) values.copyWithin(at + cpu * cpus.step, at, at + cpus.step);
  }
  sheet.count += 1;
}

/** The place of an entry in the manifest: its index in the list, or its line of the table. */
export function originPath(sheet: EntryBuffer, index: number): FieldPath {
  if (index < sheet.listed) return ['spec', 'entries', index];
  return ['spec', 'table', sheet.lines[index - sheet.listed] ?? 0];
}
