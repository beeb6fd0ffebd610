import { cpuStride, isPerCpu } from '../codec/entries.ts';
import { chosenEntries, type Entries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { isArray } from '../mapspec.ts';
import type { Write } from '../plan/step.ts';
import { type EntryChange, type EntryChanges, entryChanges, type Side } from './entries.ts';

/** The entries that a write changes; undefined where none differs, or where what was there was not read. */
export function writtenChanges({ found, inner }: Write): EntryChanges | undefined {
  if (found?.entries === undefined) return undefined;
  const { layout } = found;
  const [before, after] = [found.entries, inner.entries].map(entries => sideOf(entries, layout)) as [
    Side,
    Side,
  ];
  const changes = entryChanges(before, { ...after, mask: layout.valueMask }, layout);
  if (changes === undefined || inner.exact) return changes;
  const first = changes.first.filter(({ kind }) => kind !== 'removed');
  return first.length === 0 ? undefined : { ...changes, removed: 0, first };
}

/** An array has all its entries, and zero is what the absent ones are. */
function sideOf(entries: Entries, layout: OuterLayout): Side {
  const { template } = layout;
  const stride = entries.count === 0 ? 0 : entries.values.length / entries.count;
  const cpus = isPerCpu(template) ? Math.max(1, stride / cpuStride(template)) : 1;
  if (!isArray(template.type)) return { entries, cpus };
  const isZero = (at: number) =>
    entries.values.subarray(at * stride, (at + 1) * stride).every(byte => byte === 0);
  return { entries: chosenEntries(entries, template.keySize, at => !isZero(at)), cpus };
}

/** Entries that a message tells. */
const TOLD = 3;

/** What was found at the key instead of what is declared: `another inner map (id 57): 80 is 7 instead of 1`. */
export function foundInstead(write: Write): string {
  const { found, verb } = write;
  if (found === undefined) return 'no entry';
  const changes = writtenChanges(write);
  const map = verb === 'edit' ? '' : `inner map ${found.id}`;
  if (found.entries === undefined) return `inner map ${found.id}, which nothing proves ours`;
  if (changes === undefined) return `inner map ${found.id}, which is sealed otherwise, or of another layout`;
  const all = changes.added + changes.changed + changes.removed;
  const told = changes.first.slice(0, TOLD).map(entryInstead);
  const more = all - told.length;
  const entries = [...told, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  return map === '' ? entries : `${map} with ${entries}`;
}

function entryInstead({ key, before, after }: EntryChange): string {
  if (before === undefined) return `no ${key} (${after})`;
  return after === undefined ? `${key} = ${before}, not declared` : `${key} = ${before} instead of ${after}`;
}
