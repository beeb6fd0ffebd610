import type { DesiredInner } from '../../core/desired/compile.ts';
import { sameContents } from '../../core/desired/sharing.ts';
import { forEachSliced } from '../../timing/sliced.ts';

/** An inner map to read, and for whom. */
export interface ReadShare {
  readonly id: number;
  readonly inner: DesiredInner;
  /** Have the same inner map, and declare the same of it: what is found is theirs too. */
  readonly others: readonly DesiredInner[];
}

interface Growing extends ReadShare {
  readonly others: DesiredInner[];
}

const NONE: readonly DesiredInner[] = [];

/** An inner map that stands at many keys is read once for all that declare the same of it. */
export async function readShares(
  inners: readonly DesiredInner[],
  idOf: (inner: DesiredInner) => number,
  isShared: boolean,
): Promise<readonly ReadShare[]> {
  if (!isShared) return inners.map(inner => ({ id: idOf(inner), inner, others: NONE }));
  const shares: ReadShare[] = [];
  const byId = new Map<number, Growing>();
  await forEachSliced(inners, inner => {
    const id = idOf(inner);
    const first = byId.get(id);
    if (first !== undefined && declaresAlike(first.inner, inner)) first.others.push(inner);
    else {
      const share: Growing = { id, inner, others: [] };
      if (first === undefined) byId.set(id, share);
      shares.push(share);
    }
  });
  return shares;
}

/** Each of those that share it by itself: the pin of one tells nothing of another's. */
export function apart({ id, others }: ReadShare): readonly ReadShare[] {
  return others.map(inner => ({ id, inner, others: NONE }));
}

/** Layouts are those of one outer map. */
export function declaresAlike(a: DesiredInner, b: DesiredInner): boolean {
  return a.exact === b.exact && sameContents(a, b);
}
