import { nearest } from '../../api/nearest.ts';
import type { FieldPath } from '../../api/problem.ts';
import type { Field, StructType, Type } from './type.ts';

/** A part of a type. `offset` counts bytes from the start. */
export interface FieldLocation {
  readonly ok: true;
  readonly path: FieldPath;
  readonly type: Type;
  readonly offset: number;
  /** The way to it: the number of a field or an element in each type that it is part of. */
  readonly steps: readonly Step[];
}

interface Step {
  readonly of: Type;
  readonly part: number;
}

/** The part that `stats.packets` or `counters[2].hits` names; the empty path is the whole. */
export function fieldLocation(
  type: Type,
  path: string,
): FieldLocation | { readonly ok: false; readonly message: string } {
  let place: FieldLocation = { ok: true, path: [], type, offset: 0, steps: [] };
  const step = /(?:^|(?!^)\.)([A-Za-z_]\w*)|\[(\d{1,7})\]/y;
  while (step.lastIndex < path.length) {
    const from = step.lastIndex;
    const match = step.exec(path);
    if (match === null)
      return { ok: false, message: `${JSON.stringify(path)} is no field path: write field.part or field[0]` };
    const next = match[1] === undefined ? elementPlace(place, Number(match[2])) : fieldPlace(place, match[1]);
    if (typeof next === 'string')
      return { ok: false, message: `${next}${from === 0 ? '' : ` (in ${path.slice(0, from)})`}` };
    place = next;
  }
  return place;
}

/** Whether a field is written by no name of its own: an anonymous struct or union, or bits that only fill. */
export function isAnonymous({ name }: Field): boolean {
  return name === '';
}

/** The names by which a value gives the fields of a type: those of its anonymous structs and unions are its own. */
export function fieldNames(type: Type): readonly string[] {
  if (!hasFields(type)) return [];
  return type.fields.flatMap(field => (isAnonymous(field) ? fieldNames(field.type) : [field.name]));
}

/** Whether a type is a struct or a union. */
export function hasFields(type: Type): type is StructType {
  return type.kind === 'struct' || type.kind === 'union';
}

/** What YAML 1.1 makes of names without quotes. */
const YAML_BOOLEANS: ReadonlyMap<string, RegExp> = new Map([
  ['true', /^(y|yes|on|true)$/i],
  ['false', /^(n|no|off|false)$/i],
]);

/** The message about a field that a struct does not have: `Unknown field prot: did you mean proto? Fields are port, proto`. */
export function unknownField(name: string, names: readonly string[]): string {
  const word = names.find(each => each !== name && YAML_BOOLEANS.get(name)?.test(each));
  if (word !== undefined)
    return `Unknown field "${name}": YAML reads ${word} without quotes as ${name}, write "${word}"`;
  const near = nearest(name, names.slice(0, 500));
  const list = names.length > 20 ? `${names.slice(0, 20).join(', ')} …` : names.join(', ');
  return `Unknown field ${JSON.stringify(name.slice(0, 60))}: ${near === undefined ? '' : `did you mean ${near}? `}Fields are ${list}`;
}

function fieldPlace(place: FieldLocation, name: string): FieldLocation | string {
  if (!hasFields(place.type)) return `No field ${name}: it is of kind ${place.type.kind}`;
  const found = memberNamed(place.type, name);
  if (found === undefined) return unknownField(name, fieldNames(place.type));
  const [offset, steps] = [place.offset + found.offset, [...place.steps, ...found.steps]];
  return { ok: true, path: [...place.path, name], type: found.type, offset, steps };
}

type Member = Omit<FieldLocation, 'ok' | 'path'>;

const membersByName = new WeakMap<StructType, ReadonlyMap<string, Member>>();

/** A field by its name, which may be one of an anonymous struct or union. Each entry asks for each field that it gives. */
function memberNamed(of: StructType, name: string): Member | undefined {
  const known = membersByName.get(of);
  if (known !== undefined) return known.get(name);
  const members = namedMembers(of);
  membersByName.set(of, members);
  return members.get(name);
}

/** The first of each name. */
function namedMembers(of: StructType): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  const add = (name: string, member: Member) => members.has(name) || members.set(name, member);
  for (const [part, { name, type, offset }] of of.fields.entries()) {
    if (name !== '') add(name, { type, offset, steps: [{ of, part }] });
    else if (hasFields(type))
      for (const [inner, within] of namedMembers(type))
        add(inner, { ...within, offset: offset + within.offset, steps: [{ of, part }, ...within.steps] });
  }
  return members;
}

function elementPlace(place: FieldLocation, index: number): FieldLocation | string {
  if (place.type.kind !== 'array') return `No element [${index}]: it is of kind ${place.type.kind}`;
  const { element, length } = place.type;
  if (index >= length) return `Element [${index}] is outside: the array has [0] to [${length - 1}]`;
  return {
    ok: true,
    path: [...place.path, index],
    type: element,
    offset: place.offset + index * element.size,
    steps: [...place.steps, { of: place.type, part: index }],
  };
}
