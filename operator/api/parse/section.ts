import { nearest } from '../nearest.ts';
import { COUNTED_PROBLEMS } from '../problem.ts';
import { below, type FieldReader, refuse, shown, type ValueReader } from './reader.ts';

/** An object whose fields are being read. */
export interface Section {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly place: FieldReader;
}

/** Reads an object of these fields. */
export function objectOf<T>(
  wanted: string,
  known: readonly string[],
  read: (section: Section) => T | undefined,
): ValueReader<T> {
  return {
    wanted,
    read: (value, place) => {
      const section = sectionOf(value, place, known);
      return section === undefined ? undefined : read(section);
    },
  };
}

/** The object as fields. A field outside `known` is a problem: a typing error must not go unnoticed. */
export function sectionOf(value: unknown, place: FieldReader, known: readonly string[]): Section | undefined {
  if (!isObject(value))
    return refuse(place, `Must be an object with ${known.join(', ')}, not ${shown(value)}`);
  const unknown = Object.keys(value).filter(name => !known.includes(name));
  // Each costs a search for what was meant, and a text can have a million
  for (const name of unknown.slice(0, COUNTED_PROBLEMS))
    refuse(below(place, name), unknownField(name, known));
  return { fields: value, place };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownField(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined
    ? `Unknown field: here are known ${known.join(', ')}`
    : `Unknown field: did you mean ${meant}`;
}

/** A field without a value (`pin:` and no more) is absent: the API server prunes a null too. */
export function optional<T>(section: Section, name: string, reader: ValueReader<T>): T | undefined {
  const value = given(section, name);
  return value === undefined ? undefined : reader.read(value, below(section.place, name));
}

export function required<T>(section: Section, name: string, reader: ValueReader<T>): T | undefined {
  const value = given(section, name);
  const place = below(section.place, name);
  return value === undefined ? refuse(place, `Missing: ${reader.wanted}`) : reader.read(value, place);
}

/** Whether the author gave the field a value, right or wrong. */
export function isGiven(section: Section, name: string): boolean {
  return given(section, name) !== undefined;
}

/** Own fields only: every object inherits `constructor`, which its author did not write. */
function given(section: Section, name: string): unknown {
  return Object.hasOwn(section.fields, name) ? (section.fields[name] ?? undefined) : undefined;
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without the fields that are undefined: an absent field has no name in it either. */
export function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Present<T>;
}
