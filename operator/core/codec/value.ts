import type { FieldPath } from '../../api/problem.ts';

/** A decoded value, as JSON can have it. */
export type Value = number | string | boolean | readonly Value[] | { readonly [field: string]: Value };

/**
 * A value that its type does not take. `path` leads from the given value to the wrong part;
 * the message has the problem and the advice.
 */
export class ValueProblem extends Error {
  path: FieldPath = [];

  constructor(message: string) {
    super(message);
    this.name = 'ValueProblem';
  }
}

/** The problem with its path extended by one level. Throws anything that is no ValueProblem. */
export function under(part: string | number, problem: unknown): ValueProblem {
  if (!(problem instanceof ValueProblem)) throw problem;
  problem.path = [part, ...problem.path];
  return problem;
}

/** A value in a message: on one line, and short. */
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
 * The problem of a scalar that must be text. Most come from YAML, which reads unquoted words and digits as booleans and
 * numbers.
 */
export function notText(value: unknown, wanted: string): ValueProblem {
  if (value === null || value === undefined) return new ValueProblem(`Value is missing: write ${wanted}`);
  if (typeof value === 'boolean' || typeof value === 'number')
    return new ValueProblem(`${shown(value)} is a ${typeof value}: write ${wanted} in quotes`);
  return new ValueProblem(`Value is ${shown(value)}: write ${wanted}`);
}
