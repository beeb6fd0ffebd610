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

/** Whether two lists have the same items in the same order: the very same, or as `same` says. */
export function sameItems<T>(
  a: readonly T[],
  b: readonly T[],
  same: (a: T, b: T) => boolean = Object.is,
): boolean {
  return a.length === b.length && a.every((item, at) => same(item, b[at]!));
}

/** The items of each key, in their order; keys in the order in which they first come. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
