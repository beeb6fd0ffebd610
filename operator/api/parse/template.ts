import { BOUNDS } from '../bounds.ts';
import {
  CONTENT_TYPES,
  INNER_TYPES,
  type InnerType,
  MAP_FLAGS,
  type MapFlag,
  type Template,
} from '../outermap.ts';
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

/** The kernel requires a key size of 0 for these types. */
const KEYLESS_TYPES: readonly InnerType[] = ['RingBuf', 'Queue', 'Stack', 'BloomFilter'];
const VALUELESS_TYPES: readonly InnerType[] = ['RingBuf'];
/** These types grow with the sockets, tasks and inodes that they belong to: the kernel requires maxEntries 0. */
const UNSIZED_TYPES: readonly InnerType[] = ['SkStorage', 'TaskStorage', 'InodeStorage'];

const FLAG_NAMES = Object.keys(MAP_FLAGS) as MapFlag[];
export const FLAGS = listOf(oneOf(FLAG_NAMES), { least: 0, most: FLAG_NAMES.length, unique: true });

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
    const type = required(section, 'type', oneOf(INNER_TYPES));
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
  if (!UNSIZED_TYPES.includes(type))
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

/** The declaration of the key or the value: required or impossible, which depends on the type. */
function readSide(section: Section, type: InnerType, side: 'key' | 'value'): string | undefined {
  const without = side === 'key' ? KEYLESS_TYPES : VALUELESS_TYPES;
  if (!without.includes(type)) return required(section, side, declaration(`the inner map's ${side}`));
  if (!isGiven(section, side)) return undefined;
  return refuse(below(section.place, side), `Not known here: a ${type} has no ${side}, take it out`);
}

/** programOwned excludes values from comparison, and the operator compares only values that it writes. */
function refuseUnwritten(section: Section, type: InnerType, count: number): void {
  if (count === 0 || (CONTENT_TYPES as readonly string[]).includes(type)) return;
  refuse(
    below(section.place, 'programOwned'),
    `Not known here: programs write all of a ${type}, take it out`,
  );
}
