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

/** Answers the same for the same: thousands that ask for one thing follow each other. */
export function remembered<K, T>(answer: (key: K) => T): (key: K) => T {
  let last: { readonly key: K; readonly answer: T } | undefined;
  return key => {
    if (last?.key !== key) last = { key, answer: answer(key) };
    return last.answer;
  };
}

/** Joined at once: so many are the arguments of one call. */
const MOST_JOINED = 1000;

/** The items of all lists. `concat` copies; a spread and `flatMap` take each item by itself, which is 2 ms for ten thousand. */
export function joined<T>(lists: readonly (readonly T[])[]): readonly T[] {
  let all: readonly T[] = [];
  for (let from = 0; from < lists.length; from += MOST_JOINED)
    all = all.concat(...lists.slice(from, from + MOST_JOINED));
  return all;
}

/** The first index at which something holds that holds from there on, of a sorted list; its length where it holds nowhere. */
export function firstIndex(length: number, holds: (at: number) => boolean): number {
  let from = 0;
  for (let to = length; from < to; ) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
