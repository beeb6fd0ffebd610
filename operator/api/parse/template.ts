import { BOUNDS } from '../bounds.ts';
import { MAP_FLAGS, type MapFlag, REFUSED_FLAGS } from '../maps/flags.ts';
import { INNER_TYPES, type InnerType, MAP_RULES, REFUSED_TYPES } from '../maps/types.ts';
import type { Template } from '../outermap.ts';
import { below, refuse, type ValueReader } from './reader.ts';
import { integer, listOf, oneOf, text } from './scalars.ts';
import { isGiven, objectOf, optional, present, required, type Section } from './section.ts';

export const TEMPLATE_FIELDS = [
  'type',
  'maxEntries',
  'maxEntriesLimit',
  'key',
  'value',
  'flags',
  'programOwned',
] as const;

const FLAG_NAMES = Object.keys(MAP_FLAGS) as MapFlag[];
export const FLAGS = listOf(oneOf(FLAG_NAMES, refusedFlag), {
  least: 0,
  most: FLAG_NAMES.length,
  unique: true,
});

const PROGRAM_OWNED = listOf(
  text({ wanted: 'the path of a field of the value, such as packets', most: BOUNDS.fieldPath }),
  { least: 0, most: BOUNDS.programOwned, unique: true },
);

export function declaration(what: string): ValueReader<string> {
  return text({
    wanted: `the C declaration of ${what}, such as __u32, ipv4 or struct { ... }`,
    most: BOUNDS.declaration,
  });
}

export const TEMPLATE = objectOf<Template>(
  'the template, an object with type, maxEntries, key and value',
  TEMPLATE_FIELDS,
  section => {
    const type = required(section, 'type', oneOf(INNER_TYPES, refusedType));
    const flags = optional(section, 'flags', FLAGS) ?? [];
    const programOwned = optional(section, 'programOwned', PROGRAM_OWNED) ?? [];
    if (type === undefined) return undefined;
    const maxEntries = readMaxEntries(section, type);
    const maxEntriesLimit = readLimit(section, maxEntries);
    const key = readSide(section, type, 'key');
    const value = readSide(section, type, 'value');
    refuseUnwritten(section, type, programOwned.length);
    if (maxEntries === undefined) return undefined;
    return present({ type, maxEntries, maxEntriesLimit, key, value, flags, programOwned });
  },
);

function readMaxEntries(section: Section, type: InnerType): number | undefined {
  if (MAP_RULES[type].size !== 'nothing')
    return required(section, 'maxEntries', integer(1, BOUNDS.innerMaxEntries));
  const maxEntries = optional(section, 'maxEntries', integer(0, BOUNDS.innerMaxEntries)) ?? 0;
  if (maxEntries === 0) return 0;
  return refuse(below(section.place, 'maxEntries'), `Must be 0 or absent: a ${type} has no limit of its own`);
}

function readLimit(section: Section, maxEntries: number | undefined): number | undefined {
  const limit = optional(section, 'maxEntriesLimit', integer(1, BOUNDS.innerMaxEntries));
  if (limit === undefined || maxEntries === undefined || limit >= maxEntries) return limit;
  return refuse(
    below(section.place, 'maxEntriesLimit'),
    'Must be at least maxEntries, which an InnerMap has that says nothing',
  );
}

/** The declaration of the key or the value: required, needless or impossible, which depends on the type. */
function readSide(section: Section, type: InnerType, side: 'key' | 'value'): string | undefined {
  const { key, valueSizes } = MAP_RULES[type];
  const wanted = declaration(`the inner map's ${side}`);
  const has = side === 'key' ? key !== 'none' : valueSizes?.length !== 0;
  const mayLack = side === 'key' ? key === 'index' || key === 'object' : valueSizes !== undefined;
  if (has) return mayLack ? optional(section, side, wanted) : required(section, side, wanted);
  if (!isGiven(section, side)) return undefined;
  return refuse(below(section.place, side), `Not known here: a ${type} has no ${side}, take it out`);
}

/** programOwned excludes values from comparison, and the operator compares only values that it writes. */
function refuseUnwritten(section: Section, type: InnerType, count: number): void {
  if (count === 0 || MAP_RULES[type].contents === true) return;
  refuse(
    below(section.place, 'programOwned'),
    `Not known here: programs write all of a ${type}, take it out`,
  );
}

function refusedType(name: string): string | undefined {
  return Object.hasOwn(REFUSED_TYPES, name) ? REFUSED_TYPES[name]!.why : undefined;
}

function refusedFlag(name: string): string | undefined {
  return Object.hasOwn(REFUSED_FLAGS, name) ? REFUSED_FLAGS[name]!.why : undefined;
}
