import { BOUNDS } from '../bounds.ts';
import type { InnerMapSpec, RawEntry } from '../innermap.ts';
import { OUTER_MAP_NAME } from './metadata.ts';
import { below, type FieldReader, refuse, scalar, shown, type ValueReader } from './reader.ts';
import { BOOLEAN, integer, integerOrText, oneOf } from './scalars.ts';
import { isObject, objectOf, optional, present, required, type Section, sectionOf } from './section.ts';
import { NODE_SELECTOR } from './selector.ts';

export const INNER_MAP_FIELDS = [
  'outerMap',
  'key',
  'maxEntries',
  'entries',
  'table',
  'update',
  'content',
  'sealed',
  'replaceUnreadable',
  'nodeSelector',
] as const;
export const ENTRY_FIELDS = ['key', 'value'] as const;
export const UPDATES = ['Swap', 'InPlace'] as const;
export const CONTENTS = ['Exact', 'AtLeast'] as const;

const KEY = integerOrText({
  wanted: "the inner map's key in the outer map: an integer, or text such as 10.1.0.7 or port=443,proto=6",
  most: BOUNDS.keyText,
});

export const INNER_MAP_SPEC = objectOf(
  'what the inner map is: outerMap, key, and entries or a table',
  INNER_MAP_FIELDS,
  section => {
    const spec = readSpec(section);
    const entries = optional(section, 'entries', ENTRIES) ?? NO_ENTRIES;
    const table = optional(section, 'table', TABLE);
    return spec === undefined ? undefined : { spec, content: present({ entries, table }) };
  },
);

function readSpec(section: Section): InnerMapSpec | undefined {
  const outerMap = required(section, 'outerMap', OUTER_MAP_NAME);
  const key = required(section, 'key', KEY);
  const maxEntries = optional(section, 'maxEntries', integer(1, BOUNDS.innerMaxEntries));
  const update = optional(section, 'update', oneOf(UPDATES));
  const content = optional(section, 'content', oneOf(CONTENTS));
  const sealed = optional(section, 'sealed', BOOLEAN) ?? false;
  const replaceUnreadable = optional(section, 'replaceUnreadable', BOOLEAN);
  const nodeSelector = optional(section, 'nodeSelector', NODE_SELECTOR);
  refuseContradictions({ update, content, sealed }, section.place);
  if (outerMap === undefined || key === undefined) return undefined;
  return present({ outerMap, key, maxEntries, update, content, sealed, replaceUnreadable, nodeSelector });
}

type WrittenAs = { readonly [Field in 'update' | 'content' | 'sealed']: InnerMapSpec[Field] | undefined };

/** A frozen map cannot be written, and a new map holds no other entries that AtLeast could keep. */
function refuseContradictions({ update, content, sealed }: WrittenAs, place: FieldReader): void {
  if (sealed && update === 'InPlace')
    refuse(below(place, 'sealed'), 'Sealed needs update Swap: a sealed map cannot be written in place');
  if (content === 'AtLeast' && update === 'Swap')
    refuse(below(place, 'content'), 'AtLeast needs update InPlace: a swap starts with an empty map');
  if (content === 'AtLeast' && sealed)
    refuse(below(place, 'content'), 'AtLeast cannot be sealed: a sealed map cannot be written in place');
}

const NO_ENTRIES: readonly RawEntry[] = Object.freeze([]);

/** The list itself is the result: a million entries are checked and not copied. The outer map's types give them a meaning later. */
const ENTRIES: ValueReader<readonly RawEntry[]> = {
  wanted: 'a list of entries, each an object with key and value',
  read: (value, place) => {
    if (!Array.isArray(value)) return refuse(place, `Must be ${ENTRIES.wanted}, not ${shown(value)}`);
    let wrong = 0;
    for (let index = 0; index < value.length; index++) {
      if (isEntry(value[index])) continue;
      wrong++;
      if (wrong <= MOST_WRONG) refuseEntry(value[index], below(place, index));
    }
    if (wrong > MOST_WRONG)
      refuse(place, `Has ${wrong - MOST_WRONG} more wrong entries: mend the first ${MOST_WRONG}`);
    return wrong === 0 ? (value as readonly RawEntry[]) : undefined;
  },
};

/** An author repairs the first ones, then validates again. */
const MOST_WRONG = 10;

function isEntry(entry: unknown): boolean {
  if (!isObject(entry)) return false;
  let known = 0;
  for (const name in entry) {
    if (name !== 'key' && name !== 'value') return false;
    if (entry[name] !== null && entry[name] !== undefined) known++;
  }
  return known === 2;
}

/** Reports every problem of an entry that isEntry refused; too slow for each entry of a list. */
function refuseEntry(entry: unknown, place: FieldReader): void {
  const section = sectionOf(entry, place, ENTRY_FIELDS);
  if (section === undefined) return;
  required(section, 'key', ANY_KEY);
  required(section, 'value', ANY_VALUE);
}

const ANY_KEY: ValueReader<unknown> = { wanted: "the entry's key", read: value => value };
const ANY_VALUE: ValueReader<unknown> = { wanted: "the entry's value", read: value => value };

/** Of any length: a folder has no limit, and the API server applies its own. */
const TABLE = scalar(
  'CSV text with a header, such as key,value',
  value => (typeof value === 'string' ? value : undefined),
  () => ': write table: |',
);
