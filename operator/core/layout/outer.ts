import type { InnerMap } from '../../api/innermap.ts';
import { MAP_FLAGS, type MapFlag, type OuterMap, type OuterType } from '../../api/outermap.ts';
import type { Parsed, Problem } from '../../api/problem.ts';
import type { MapSpec } from '../mapspec.ts';
import type { Type } from '../types/type.ts';
import { layoutDigest } from './digest.ts';
import { templateLayout } from './inner.ts';
import { readType } from './read.ts';
import { entriesProblem } from './rules.ts';

/** An OuterMap with its declarations read: what contents are encoded by. */
export interface OuterLayout {
  readonly outer: MapSpec;
  readonly outerKey: Type;
  readonly template: MapSpec;
  /** Absent where the inner type has no key or no contents. */
  readonly innerKey?: Type;
  readonly innerValue?: Type;
  /**
   * Bytes of a value that are compared and written: 0xff declared, 0x00 program-owned; valueSize long.
   * Absent: all of it.
   */
  readonly valueMask?: Uint8Array;
  /** Stable text of everything above: two OuterMaps with equal digests encode alike. */
  readonly digest: string;
}

const OUTER_FLAGS: Readonly<Record<OuterType, readonly MapFlag[]>> = {
  ArrayOfMaps: ['NumaNode'],
  HashOfMaps: ['NoPrealloc', 'NumaNode', 'ReadOnlyProg', 'WriteOnlyProg'],
};

/** Reads the declarations of an OuterMap by the kernel's rules, or says everything that is wrong with them. */
export function outerLayout(outerMap: OuterMap): Parsed<OuterLayout> {
  const problems: Problem[] = [];
  const { spec } = outerMap;
  const outerKey = readType(spec.key, ['spec', 'key'], problems);
  if (spec.type === 'ArrayOfMaps' && outerKey !== undefined && !isIndex(outerKey))
    problems.push({ path: ['spec', 'key'], message: 'Keys of an ArrayOfMaps are indexes: write u32' });
  checkFlags(spec.flags, spec.type, problems);
  const inner = templateLayout(spec.inner, problems);
  if (outerKey === undefined || inner === undefined || problems.length > 0) return { ok: false, problems };
  const outer: MapSpec = {
    type: spec.type,
    keySize: outerKey.size,
    valueSize: 4,
    maxEntries: spec.maxEntries,
    flags: spec.flags.reduce((word, flag) => word | MAP_FLAGS[flag], 0),
  };
  const layout = { outer, outerKey, ...inner };
  return { ok: true, value: { ...layout, digest: layoutDigest(layout) } };
}

/** What one inner map is created with: the template, and its own maxEntries where the kernel lets that differ. */
export function innerSpec(layout: OuterLayout, innerMap: InnerMap): Parsed<MapSpec> {
  const { template } = layout;
  const maxEntries = innerMap.spec.maxEntries ?? template.maxEntries;
  const message =
    maxEntries === template.maxEntries
      ? undefined
      : (difference(template, maxEntries) ?? entriesProblem(template.type, maxEntries));
  if (message !== undefined) return { ok: false, problems: [{ path: ['spec', 'maxEntries'], message }] };
  return { ok: true, value: { ...template, maxEntries } };
}

/** Why the kernel, or a program compiled with the template's bound, does not take another maxEntries. */
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

function isIndex(type: Type): boolean {
  return type.kind === 'integer' && type.size === 4 && !type.signed && type.byteOrder === 'host';
}

function checkFlags(flags: readonly MapFlag[], type: OuterType, problems: Problem[]): void {
  for (const [index, flag] of flags.entries()) {
    if (OUTER_FLAGS[type].includes(flag)) continue;
    const message = `The kernel takes no ${flag} for ${type}: leave it out, it takes ${OUTER_FLAGS[type].join(', ')}`;
    problems.push({ path: ['spec', 'flags', index], message });
  }
}
