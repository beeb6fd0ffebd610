import type { OuterLayout } from '../layout.ts';
import { mapSpecText } from '../mapspec.ts';
import { typeText } from '../types/show.ts';

/** Layouts as people compare them, and a hash over the declarations, which may be long: a ledger's record holds 4,000 bytes. */
export function layoutDigest(layout: Omit<OuterLayout, 'digest'>): string {
  const { outer, template, outerKey, innerKey, innerValue, valueMask } = layout;
  const types = [outerKey, innerKey, innerValue].map(type => (type === undefined ? '' : typeText(type)));
  const owned = valueMask === undefined ? '' : runsOf(valueMask);
  return `${mapSpecText(outer)}; ${mapSpecText(template)}; types ${hashText([...types, owned].join('\n'))}`;
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

/** FNV-1a of 128 bits. */
function hashText(text: string): string {
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * 0x0000000001000000000000000000013bn);
  return hash.toString(16).padStart(32, '0');
}
