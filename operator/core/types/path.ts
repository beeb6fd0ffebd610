import { nearest } from '../../api/nearest.ts';
import type { FieldPath } from '../../api/problem.ts';
import type { Type } from './type.ts';

/** A part of a type. `offset` counts bytes from the start. */
export interface FieldLocation {
  readonly ok: true;
  readonly path: FieldPath;
  readonly type: Type;
  readonly offset: number;
}

/** The part that `stats.packets` or `counters[2].hits` names; the empty path is the whole. */
export function fieldLocation(
  type: Type,
  path: string,
): FieldLocation | { readonly ok: false; readonly message: string } {
  let place: FieldLocation = { ok: true, path: [], type, offset: 0 };
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

/** Every scalar part, in the order of declaration. What is the kernel's has no value and is left out. */
export function* leavesOf(type: Type, offset = 0, path: FieldPath = []): Generator<FieldLocation> {
  if (type.kind === 'struct')
    for (const field of type.fields)
      yield* leavesOf(field.type, offset + field.offset, [...path, field.name]);
  else if (type.kind === 'array')
    for (let index = 0; index < type.length; index += 1)
      yield* leavesOf(type.element, offset + index * type.element.size, [...path, index]);
  else if (type.kind !== 'kernel') yield { ok: true, path, type, offset };
}

/** The message about a field that a struct does not have: `Unknown field prot: did you mean proto? Fields are port, proto`. */
export function unknownField(name: string, names: readonly string[]): string {
  const near = nearest(name, names.slice(0, 500));
  const list = names.length > 20 ? `${names.slice(0, 20).join(', ')} …` : names.join(', ');
  return `Unknown field ${JSON.stringify(name.slice(0, 60))}: ${near === undefined ? '' : `did you mean ${near}? `}Fields are ${list}`;
}

function fieldPlace(place: FieldLocation, name: string): FieldLocation | string {
  if (place.type.kind !== 'struct') return `No field ${name}: it is of kind ${place.type.kind}`;
  const field = place.type.fields.find(each => each.name === name);
  if (field === undefined)
    return unknownField(
      name,
      place.type.fields.map(each => each.name),
    );
  return { ok: true, path: [...place.path, name], type: field.type, offset: place.offset + field.offset };
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
  };
}
