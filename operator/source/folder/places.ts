import { innerMapName } from '../../api/innermap.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { claimOf, compileOuterMap } from '../../core/desired/compile.ts';
import { outerMapNotFound } from '../../core/desired/desired.ts';
import { bySeniority } from '../../core/desired/seniority.ts';
import type { WantedInner } from '../../core/wanted.ts';

/** Why an InnerMap can be nowhere. */
export interface Misplaced {
  readonly why: string;
  /** A conflict and a denial are made by other objects: they can be in a file in which nothing is wrong. */
  readonly by: 'itself' | 'conflict' | 'denial';
}

/** Where InnerMaps are in the outer maps, and which can be nowhere. */
export interface Places {
  readonly misplaced: ReadonlyMap<WantedInner, Misplaced>;
  /** Whether an InnerMap could be there too. */
  hasRoom(inner: WantedInner): boolean;
}

/**
 * Places InnerMaps by the functions that the agent decides with. Those of `first` have their keys before the others: of two
 * that want one key, the one that was changed is the one that is misplaced. Node selectors are known to the agent alone: an
 * InnerMap that has one is in nobody's way.
 */
export function placesOf(
  outerMaps: readonly OuterMap[],
  innerMaps: readonly WantedInner[],
  first: ReadonlySet<WantedInner> = new Set(),
): Places {
  const outers = new Map(outerMaps.map(outer => [outer.metadata.name, compileOuterMap(outer)]));
  const owners = new Map<string, WantedInner>();
  const misplaced = new Map<WantedInner, Misplaced>();
  const unknown = new Map<string, string>();
  const whyUnknown = (name: string) => {
    const why = unknown.get(name) ?? outerMapNotFound(name, [...outers.keys()]);
    unknown.set(name, why);
    return why;
  };
  const placeOf = (inner: WantedInner): Place => {
    const { outerMap } = inner.innerMap.spec;
    const outer = outers.get(outerMap);
    if (outer === undefined) return { kind: 'nowhere', why: whyUnknown(outerMap), by: 'itself' };
    if (typeof outer === 'string') return { kind: 'unknown' };
    const claim = claimOf(inner, outer);
    if (claim.kind === 'rejected')
      return {
        kind: 'nowhere',
        why: claim.message,
        by: claim.reason === 'KeyNotAllowed' ? 'denial' : 'itself',
      };
    return { kind: 'key', at: `${outerMap}\n${claim.keyHex}`, keyText: claim.keyText };
  };
  for (const inner of innerMaps) {
    const place = placeOf(inner);
    if (place.kind === 'nowhere') misplaced.set(inner, place);
    if (place.kind !== 'key' || isElsewhere(inner)) continue;
    const owner = owners.get(place.at);
    const [has, lacks] =
      owner === undefined || goesBefore(inner, owner, first) ? [inner, owner] : [owner, inner];
    owners.set(place.at, has);
    const why = `Key ${place.keyText} belongs to InnerMap ${innerMapName(has.innerMap)}`;
    if (lacks !== undefined) misplaced.set(lacks, { why, by: 'conflict' });
  }
  const hasRoom = (inner: WantedInner) => {
    const place = placeOf(inner);
    return place.kind === 'unknown' || (place.kind === 'key' && !owners.has(place.at));
  };
  return { misplaced, hasRoom };
}

type Place =
  | { readonly kind: 'key'; readonly at: string; readonly keyText: string }
  | ({ readonly kind: 'nowhere' } & Misplaced)
  /** Its OuterMap cannot be used, which that one's problem says. */
  | { readonly kind: 'unknown' };

function isElsewhere({ innerMap }: WantedInner): boolean {
  return innerMap.spec.nodeSelector !== undefined;
}

function goesBefore(inner: WantedInner, owner: WantedInner, first: ReadonlySet<WantedInner>): boolean {
  const ranks = Number(first.has(owner)) - Number(first.has(inner));
  return (ranks || bySeniority(inner.innerMap.metadata, owner.innerMap.metadata)) < 0;
}
