import { type FieldPath, fieldText } from '../../api/problem.ts';
import type { Type } from '../types/type.ts';
import { decode } from './decode.ts';
import { shown, type Value, ValueProblem } from './value.ts';

/** One part of a struct as text: its path and its value. */
export interface Assignment {
  readonly path: string;
  readonly value: string;
}

/** Reads `port=443,name="a,b"`: blanks around parts are ignored; a value with a comma or quotes is quoted, its quotes doubled. */
export function assignmentsIn(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  const part = /\s*([A-Za-z_[][\w.[\]]*)\s*=\s*(?:"([^"]*(?:""[^"]*)*)"\s*|([^",][^,]*|))(,|$)/y;
  let at = 0;
  for (;;) {
    part.lastIndex = at;
    const match = part.exec(text);
    if (match === null) throw malformed(text, at);
    const value = match[2] === undefined ? match[3]!.trimEnd() : match[2].replaceAll('""', '"');
    assignments.push({ path: match[1]!, value });
    at = part.lastIndex;
    if (match[4] === '') return assignments;
  }
}

/** Every part of a struct or an array as one line, in the order of declaration. */
export function structText(type: Type, bytes: Uint8Array, at: number): string {
  const value = decode(type, bytes, at);
  return typeof value === 'object' ? [...partTexts(value, [])].join(',') : String(value);
}

function* partTexts(value: Value, path: FieldPath): Generator<string> {
  if (Array.isArray(value))
    for (const [index, element] of value.entries()) yield* partTexts(element, [...path, index]);
  else if (typeof value === 'object')
    for (const [name, field] of Object.entries(value)) yield* partTexts(field, [...path, name]);
  else yield `${fieldText(path)}=${quoted(String(value))}`;
}

function quoted(value: string): string {
  return /[",]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function malformed(text: string, at: number): ValueProblem {
  const rest = at === 0 ? '' : ` at ${shown(text.slice(at))}`;
  return new ValueProblem(`${shown(text)} is no struct${rest}: write field=value,field=value`);
}
