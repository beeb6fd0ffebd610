import { flagNames, flagsWord, refusedFlagText } from '../../api/maps/flags.ts';
import { API_VERSION } from '../../api/metadata.ts';
import { MAP_FLAGS, type MapFlag } from '../../api/outermap.ts';
import { present } from '../../api/parse/section.ts';
import { keyText } from '../../core/codec/keytext.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import { addedFlags, type MapSpec, mapSpecText } from '../../core/mapspec.ts';
import type { InnerReading, Kernel, OpenMap } from '../../kernel/kernel.ts';
import type { Plain } from '../terminal/yaml.ts';
import { listedEntries, type PlainEntry, tableOf } from './content.ts';
import type { Declarations } from './types.ts';

/** More entries than these are written as a table: half the bytes, and read fifty times faster. */
const LONGEST_LIST = 100;

/** The outer map to export, and the names to give it. */
export interface ExportTarget {
  readonly kernel: Kernel;
  readonly outer: OpenMap;
  /** Relative to the bpffs. */
  readonly pin: string;
  readonly name: string;
  readonly namespace: string;
}

/** One inner map, read whole. */
export interface WholeInnerMap {
  readonly key: Uint8Array;
  readonly reading: InnerReading;
}

type PlainObject = { readonly [key: string]: Plain | undefined };

/** An OuterMap that adopts the map at `pin` and leaves undeclared keys alone. */
export function outerMapManifest(
  { name, namespace, pin, outer }: ExportTarget,
  template: MapSpec & { readonly mostEntries: number },
  { key, innerKey, innerValue }: Declarations,
) {
  const { type, maxEntries, mostEntries } = template;
  const limit = mostEntries > maxEntries ? { maxEntriesLimit: mostEntries } : {};
  const inner = { type, maxEntries, ...limit, key: innerKey, value: innerValue };
  const spec = {
    type: outer.spec.type,
    maxEntries: outer.spec.maxEntries,
    key,
    ...flagsOf(outer.spec),
    inner: { ...inner, ...flagsOf(template) },
    pin,
    provision: 'Adopt',
    undeclaredKeys: 'Keep',
    access: [{ namespaces: [namespace] }],
  };
  return { apiVersion: API_VERSION, kind: 'OuterMap', metadata: { name }, spec } satisfies PlainObject;
}

function flagsOf(spec: MapSpec): { readonly flags?: readonly MapFlag[] } {
  const declared = spec.flags & ~addedFlags(spec.type);
  const names = (Object.keys(MAP_FLAGS) as MapFlag[]).filter(flag => (declared & MAP_FLAGS[flag]) !== 0);
  const [unknown] = flagNames(declared & ~flagsWord(names));
  if (unknown !== undefined)
    throw new Error(`Cannot export a map of layout ${mapSpecText(spec)}: ${refusedFlagText(unknown)}`);
  return names.length === 0 ? {} : { flags: names };
}

interface ExportedInner extends WholeInnerMap {
  readonly name: string;
  readonly namespace?: string;
  readonly outerMap: string;
  readonly layout: OuterLayout;
  readonly possibleCpus: number;
}

/** An InnerMap that declares what the kernel holds at `key`. */
export function innerMapManifest(inner: ExportedInner) {
  const { name, namespace, outerMap, layout, key, reading } = inner;
  const { maxEntries } = reading.spec;
  const spec = {
    outerMap,
    key: plainKey(layout, key),
    ...(maxEntries === layout.template.maxEntries ? {} : { maxEntries }),
    ...contentOf(layout, listedEntries(layout, reading.entries, inner.possibleCpus)),
    ...(reading.frozen ? { sealed: true } : {}),
  };
  const metadata = present({ name, namespace });
  return { apiVersion: API_VERSION, kind: 'InnerMap', metadata, spec } satisfies PlainObject;
}

/** Text as columns and logs show it; a number where that is one that JSON can hold. */
function plainKey({ outerKey }: OuterLayout, key: Uint8Array): string | number {
  const text = keyText(outerKey, key);
  const number = Number(text);
  return outerKey.kind === 'integer' && Number.isSafeInteger(number) ? number : text;
}

function contentOf(layout: OuterLayout, entries: readonly PlainEntry[]) {
  const table = entries.length > LONGEST_LIST ? tableOf(layout, entries) : undefined;
  if (table !== undefined) return { table };
  return entries.length === 0 ? {} : { entries };
}
