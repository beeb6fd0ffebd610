import { isObject } from '../api/parse/section.ts';

/**
 * JSON with sorted fields, and without those that are null or absent: equal meaning gives equal text, in whatever order a
 * server has the fields.
 */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isObject(inner) ? sorted(inner) : inner));
}

function sorted(object: object): object {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
