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
  const part = /\s*([A-Za-z_[][\w.[\]]*)\s*=\s*(?:"([^"]*(?:""[^"]*)*)"\s*|([^\s",][^,]*|))(,|$)/y;
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
  if (typeof value !== 'object') return String(value);
  const parts: string[] = [];
  addParts(value, '', parts);
  return parts.join(',');
}

function addParts(value: Value, path: string, into: string[]): void {
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index += 1) addParts(value[index]!, `${path}[${index}]`, into);
  else if (typeof value === 'object')
    for (const [name, field] of Object.entries(value))
      addParts(field, path === '' ? name : `${path}.${name}`, into);
  else into.push(`${path}=${quoted(String(value))}`);
}

function quoted(value: string): string {
  return /[",]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function malformed(text: string, at: number): ValueProblem {
  const rest = at === 0 ? '' : ` at ${shown(text.slice(at))}`;
  return new ValueProblem(`${shown(text)} is no struct${rest}: write field=value,field=value`);
}
