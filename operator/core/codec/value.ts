import type { FieldPath } from '../../api/problem.ts';

/** What JSON can carry of a decoded value. */
export type Value = number | string | boolean | readonly Value[] | { readonly [field: string]: Value };

/**
 * A value that its type cannot take. `path` leads from the value that was given to the part that is wrong;
 * the message says what is wrong and what would be right.
 */
export class ValueProblem extends Error {
  path: FieldPath = [];

  constructor(message: string) {
    super(message);
    this.name = 'ValueProblem';
  }
}

/** The problem itself, seen from one level further out. Anything else that was thrown is thrown on. */
export function under(part: string | number, problem: unknown): ValueProblem {
  if (!(problem instanceof ValueProblem)) throw problem;
  problem.path = [part, ...problem.path];
  return problem;
}

/** How messages show what somebody wrote: on one line, and never long. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value).slice(0, 60);
    case 'undefined':
      return 'nothing';
    case 'object':
      return value === null ? 'nothing (null)' : Array.isArray(value) ? 'a list' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}

/**
 * A scalar that is no text where only text will do. Most come from YAML, which takes unquoted words and digits for
 * booleans and numbers.
 */
export function notText(value: unknown, wanted: string): ValueProblem {
  if (value === null || value === undefined) return new ValueProblem(`Value is missing: write ${wanted}`);
  if (typeof value === 'boolean' || typeof value === 'number')
    return new ValueProblem(`${shown(value)} is a ${typeof value}: write ${wanted} in quotes`);
  return new ValueProblem(`Value is ${shown(value)}: write ${wanted}`);
}
