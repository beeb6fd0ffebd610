import type { InnerMap } from '../../api/innermap.ts';
import { MAP_RULES } from '../../api/maps/types.ts';
import { MAP_FLAGS, type OuterMap } from '../../api/outermap.ts';
import type { Parsed, Problem } from '../../api/problem.ts';
import type { Reason } from '../../api/reason.ts';
import type { MapSpec } from '../mapspec.ts';
import type { Type } from '../types/type.ts';
import { layoutDigest } from './digest.ts';
import { isU32, templateLayout } from './inner.ts';
import { refuseProgramFields } from './kernelfields.ts';
import { readType } from './read.ts';
import { entriesProblem, flagWord } from './rules.ts';

/** An OuterMap with its declarations read. Contents are encoded by it. */
export interface OuterLayout {
  readonly outer: MapSpec;
  readonly outerKey: Type;
  readonly template: MapSpec;
  /** The largest maxEntries of an InnerMap. */
  readonly mostEntries: number;
  /** Absent where the inner type has no key or no contents. */
  readonly innerKey?: Type;
  readonly innerValue?: Type;
  /** Bytes of a value that are compared: 0x00 for those that the program owns, and for padding; valueSize long. Absent: all. */
  readonly valueMask?: Uint8Array;
  /** 0x00 for the bytes that the program owns: written in place, an entry keeps them. Absent where it owns none. */
  readonly ownedMask?: Uint8Array;
  /** Stable text of the maps and the types: two OuterMaps with equal digests encode alike. */
  readonly digest: string;
}

/** Reads the declarations of an OuterMap by the kernel's rules, or returns all their problems. */
export function outerLayout(outerMap: OuterMap): Parsed<OuterLayout> {
  const problems: Problem[] = [];
  const { spec } = outerMap;
  const outerKey = readType(spec.key, ['spec', 'key'], problems);
  if (spec.type === 'ArrayOfMaps' && outerKey !== undefined && !isU32(outerKey))
    problems.push({ path: ['spec', 'key'], message: 'Keys of an ArrayOfMaps are indexes: write u32' });
  const rule = { type: spec.type, flags: MAP_RULES[spec.type].flags };
  const flags = flagWord(spec.flags, rule, (index, message) =>
    problems.push({ path: ['spec', 'flags', index], message }),
  );
  const inner = templateLayout(spec.inner, problems);
  if (spec.provision === 'Create') refuseProgramFields(inner?.template.types, problems);
  if (outerKey === undefined || inner === undefined || problems.length > 0) return { ok: false, problems };
  const outer: MapSpec = {
    type: spec.type,
    keySize: outerKey.size,
    valueSize: 4,
    maxEntries: spec.maxEntries,
    flags,
  };
  const mostEntries = spec.inner.maxEntriesLimit ?? spec.inner.maxEntries;
  const layout = { outer, outerKey, mostEntries, ...inner };
  return { ok: true, value: { ...layout, digest: layoutDigest(layout) } };
}

export type ParsedInnerSpec =
  | { readonly ok: true; readonly value: MapSpec }
  | { readonly ok: false; readonly reason: Reason; readonly problems: readonly Problem[] };

/** The spec of one inner map: the template, shared by all without a maxEntries of their own, or the template with it. */
export function innerSpec({ template, mostEntries }: OuterLayout, innerMap: InnerMap): ParsedInnerSpec {
  const { outerMap, maxEntries = template.maxEntries } = innerMap.spec;
  if (maxEntries === template.maxEntries) return { ok: true, value: template };
  const message = difference(template, maxEntries) ?? entriesProblem(template.type, maxEntries);
  if (message !== undefined) return unlike('LayoutMismatch', message);
  if (maxEntries <= mostEntries) return { ok: true, value: { ...template, maxEntries } };
  return unlike(
    'TooManyEntries',
    `maxEntries ${maxEntries} is above the ${mostEntries} of OuterMap ${outerMap}: write ${mostEntries} or less, or let its owner raise spec.inner.maxEntriesLimit`,
  );
}

function unlike(reason: Reason, message: string): ParsedInnerSpec {
  return { ok: false, reason, problems: [{ path: ['spec', 'maxEntries'], message }] };
}

/** The problem of the kernel, or of a program compiled with the template's bound, with another maxEntries. */
function difference(template: MapSpec, maxEntries: number): string | undefined {
  const { type, flags } = template;
  const same = `leave it out, all of them have the template's ${template.maxEntries}`;
  if (type === 'XSKMap') return `An inner XSKMap cannot differ in maxEntries: ${same}`;
  if (type === 'PerCPUArray')
    return `An inner PerCPUArray must not differ in maxEntries, programs are compiled with the template's: ${same}`;
  if (type !== 'Array') return undefined;
  if ((flags & MAP_FLAGS.InnerMap) === 0)
    return `An inner Array differs in maxEntries only where the template has the flag InnerMap: ${same}, or add the flag`;
  if (maxEntries >= template.maxEntries) return undefined;
  return `An inner Array of ${maxEntries} is smaller than the template's ${template.maxEntries}, the bound that programs know: write ${template.maxEntries} or more`;
}
