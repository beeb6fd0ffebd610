import { mapSpecText } from '../mapspec.ts';
import { sha256 } from '../sha256.ts';
import { typeText } from '../types/show.ts';
import type { OuterLayout } from './outer.ts';

/**
 * Layouts as people compare them, and a hash of the declarations, which may be longer than a ledger's record: 4,000 bytes.
 * The bytes that programs own are no part of it: a map is not made with them.
 */
export function layoutDigest(layout: Omit<OuterLayout, 'digest'>): string {
  return digestWith(layout, '');
}

/** The digest in records of releases that took the program-owned bytes for a part of the layout, and knew no maxEntriesLimit. */
export function digestWithOwned(layout: OuterLayout): string {
  const before = { ...layout, mostEntries: layout.template.maxEntries };
  return digestWith(before, layout.ownedMask === undefined ? '' : runsOf(layout.ownedMask));
}

function digestWith(layout: Omit<OuterLayout, 'digest'>, owned: string): string {
  const { outer, template, mostEntries, outerKey, innerKey, innerValue } = layout;
  const types = [outerKey, innerKey, innerValue].map(type => (type === undefined ? '' : typeText(type)));
  const limit = mostEntries === template.maxEntries ? '' : `; maxEntriesLimit ${mostEntries}`;
  return `${mapSpecText(outer)}; ${mapSpecText(template)}${limit}; types ${sha256([...types, owned].join('\n')).slice(0, 32)}`;
}

/** `4-11,16-19`: the program-owned bytes. */
function runsOf(mask: Uint8Array): string {
  const runs: string[] = [];
  for (let at = 0; at < mask.length; at += 1) {
    if (mask[at] !== 0) continue;
    const start = at;
    while (mask[at + 1] === 0) at += 1;
    runs.push(`${start}-${at}`);
  }
  return runs.join(',');
}
