import { equalRun } from '../bytes/bytes.ts';
import { KeyIndex } from '../bytes/keyindex.ts';
import { cpuStride, decodeEntries, isPerCpu, valueStride } from '../codec/entries.ts';
import { keyText, valueText as textOf } from '../codec/keytext.ts';
import type { Entries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';

/** One entry that is added or removed, or gets another value. */
export interface EntryChange {
  readonly kind: 'added' | 'changed' | 'removed';
  readonly key: string;
  /** Absent where it is added. */
  readonly before?: string;
  /** Absent where it is removed. */
  readonly after?: string;
}

export interface EntryChanges {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** The first ten: changed and added ones in the order of the new contents, then removed ones. */
  readonly first: readonly EntryChange[];
}

/** Entries in one layout, with as many CPUs' values as their author gave. */
export interface Side {
  readonly entries: Entries;
  readonly cpus: number;
  /** Of the second contents: 0 for bytes of a value that are not compared. Absent: all are. */
  readonly mask?: Uint8Array | undefined;
}

const SHOWN = 10;

/** The changes from the first contents to the second; undefined where there are none. */
export function entryChanges(before: Side, after: Side, layout: OuterLayout): EntryChanges | undefined {
  const { keySize } = layout.template;
  const old = KeyIndex.of(before.entries.keys, keySize, before.entries.count);
  const kept = new Uint8Array(before.entries.count);
  const counts = { added: 0, changed: 0, removed: 0 };
  const first: EntryChange[] = [];
  const add = (kind: EntryChange['kind'], from: number, to: number): void => {
    counts[kind]++;
    if (first.length < SHOWN) first.push(changeOf(kind, { before, from, after, to }, layout));
  };
  for (let at = 0; at < after.entries.count; at++) {
    const found = old.find(after.entries.keys, at);
    if (found === -1) add('added', -1, at);
    else {
      kept[found] = 1;
      if (!sameValue({ before, from: found, after, to: at }, layout)) add('changed', found, at);
    }
  }
  for (const [at, is] of kept.entries()) if (is === 0) add('removed', at, -1);
  return first.length === 0 ? undefined : { ...counts, first };
}

/** The changes as lines of a diff, which end with how many more there are. */
export function entryChangeLines({ added, changed, removed, first }: EntryChanges): readonly string[] {
  const rest = added + changed + removed - first.length;
  return [
    `~ entries: ${added} added, ${changed} changed, ${removed} removed`,
    ...first.map(({ key, before, after }) => `  ${changeLine(key, before, after)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

/** `~ 443: 1 → 2` */
export function changeLine(name: string, before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `+ ${name}: ${after}`;
  return after === undefined ? `- ${name}: ${before}` : `~ ${name}: ${before} → ${after}`;
}

/** An entry of each side, -1 where there is none. */
interface Pair {
  readonly before: Side;
  readonly from: number;
  readonly after: Side;
  readonly to: number;
}

function sameValue({ before, from, after, to }: Pair, layout: OuterLayout): boolean {
  const stride = valueStride(layout.template, before.cpus);
  if (stride === valueStride(layout.template, after.cpus))
    return (
      equalRun(before.entries.values, from * stride, after.entries.values, to * stride, stride) ||
      equalBehind({ before, from, after, to }, stride, layout)
    );
  return valueText(before, from, layout) === valueText(after, to, layout);
}

/** Whether they are equal but for bytes that are not compared, those of each CPU among them. */
function equalBehind({ before, from, after, to }: Pair, stride: number, { template }: OuterLayout): boolean {
  const { mask } = after;
  if (mask === undefined) return false;
  const step = isPerCpu(template) ? cpuStride(template) : stride;
  for (let byte = 0; byte < stride; byte++) {
    const differs = before.entries.values[from * stride + byte] !== after.entries.values[to * stride + byte];
    if (differs && (mask[byte % step] ?? 0) !== 0) return false;
  }
  return true;
}

function changeOf(kind: EntryChange['kind'], pair: Pair, layout: OuterLayout): EntryChange {
  const { before, from, after, to } = pair;
  const { keys } = to === -1 ? before.entries : after.entries;
  const type = layout.innerKey!;
  return {
    kind,
    key: keyText(type, keys, (to === -1 ? from : to) * type.size),
    ...(kind === 'added' ? {} : { before: valueText(before, from, layout) }),
    ...(kind === 'removed' ? {} : { after: valueText(after, to, layout) }),
  };
}

function valueText(side: Side, at: number, layout: OuterLayout): string {
  const { keySize, valueSize } = layout.template;
  const { keys, values } = side.entries;
  if (!isPerCpu(layout.template)) return textOf(layout.innerValue!, values, at * valueSize);
  const stride = valueStride(layout.template, side.cpus);
  const entry = {
    count: 1,
    keys: keys.subarray(at * keySize, (at + 1) * keySize),
    values: values.subarray(at * stride, (at + 1) * stride),
  };
  return JSON.stringify(decodeEntries(layout, entry, side.cpus)[0]?.value);
}
