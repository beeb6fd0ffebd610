/**
 * Pure. The first `most` items in their order, the first ones of each group: a large group does not crowd out a small one.
 * Groups smaller than their share leave the rest to the others.
 */
export function fairShares<T>(all: readonly T[], groupOf: (item: T) => string, most: number): readonly T[] {
  if (all.length <= most) return all;
  const shares = sharesOf(sizesOf(all.map(groupOf)), most);
  return all.filter(item => {
    const share = shares.get(groupOf(item))!;
    shares.set(groupOf(item), share - 1);
    return share > 0;
  });
}

function sizesOf(groups: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return sizes;
}

/** The smallest groups first: the rest of their shares goes to the others. */
function sharesOf(sizes: ReadonlyMap<string, number>, most: number): Map<string, number> {
  const shares = new Map<string, number>();
  let left = most;
  for (const [group, size] of [...sizes].toSorted(([, a], [, b]) => a - b)) {
    const share = Math.min(size, Math.ceil(left / (sizes.size - shares.size)));
    shares.set(group, share);
    left -= share;
  }
  return shares;
}
