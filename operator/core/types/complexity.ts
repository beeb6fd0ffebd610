import { hasFields } from './path.ts';
import type { Type } from './type.ts';

/** Of a declaration that people write: the fields of all its structs, each where it stands, and how deep types lie in each other. */
export const MOST_FIELDS = 4096;
export const MOST_LEVELS = 64;

interface Complexity {
  readonly fields: number;
  readonly levels: number;
}

const known = new WeakMap<Type, Complexity>();

/** How much there is of a type. Each is measured once: a few typedefs of each other can stand for a million fields. */
export function complexityOf(type: Type): Complexity {
  const before = known.get(type);
  if (before !== undefined) return before;
  const parts = hasFields(type)
    ? type.fields.map(field => field.type)
    : type.kind === 'array'
      ? [type.element]
      : [];
  const within = parts.map(complexityOf);
  const complexity = {
    fields: within.reduce((sum, { fields }) => sum + fields, hasFields(type) ? type.fields.length : 0),
    levels: 1 + within.reduce((most, { levels }) => Math.max(most, levels), 0),
  };
  known.set(type, complexity);
  return complexity;
}
