import { goalOf, versionOf } from '../../../api/resourceversion.ts';
import { compileOuterMap } from '../../desired/compile.ts';
import type { InnerFacts, OuterFacts, Written } from '../facts.ts';
import { SetDigest } from '../setdigest.ts';
import { claimIn } from './accepted.ts';
import type { Deletion, InnerRecord, OuterRecord } from './memory.ts';

export const UNWRITTEN: Written = { version: 0, text: '' };

export function newOuter(name: string): OuterRecord {
  return {
    name,
    written: UNWRITTEN,
    touched: true,
    fresh: true,
    inners: new Map(),
    digest: new SetDigest(),
    acceptedInners: 0,
    claims: new Map(),
    cohorts: new Map(),
    failing: new Map(),
    absentSince: new Map(),
    deleted: false,
    standings: new Map(),
    looks: 0,
    stale: true,
    unsettled: 0,
    awaited: true,
    crowdsMade: 0,
    recheckAt: Number.POSITIVE_INFINITY,
  };
}

/** A generation that was not seen before: from here on its age counts. */
export function newInner(facts: InnerFacts, outer: OuterRecord, now: number): InnerRecord {
  const specResourceVersion = specVersion(facts);
  return {
    facts,
    outer,
    specResourceVersion,
    goal: goalOf(specResourceVersion),
    seenAt: now,
    written: facts.written,
    touched: true,
    fresh: true,
  };
}

/** What was written down when this generation came; else the version at which it is seen first. */
function specVersion({ generation, resourceVersion, written }: InnerFacts): string {
  const { observedGeneration, specResourceVersion } = written;
  const isOfThis = observedGeneration === generation && specResourceVersion !== undefined;
  return isOfThis && versionOf(specResourceVersion) <= versionOf(resourceVersion)
    ? specResourceVersion
    : resourceVersion;
}

/** A status of an older version than the one that is known tells the past. */
export function takeWritten(record: { written: Written; touched: boolean }, written: Written): void {
  if (written.version < record.written.version) return;
  if (written.text !== record.written.text) record.touched = true;
  record.written = written;
}

export function enlist(inner: InnerRecord): void {
  inner.outer.inners.set(inner.facts.key, inner);
  inner.outer.digest.add(inner.facts.uid);
  reclaim(inner);
}

/** Answers those that may now have its key. */
export function delist(inner: InnerRecord): readonly InnerRecord[] {
  const { outer, facts, verdict, lot } = inner;
  outer.inners.delete(facts.key);
  outer.digest.delete(facts.uid);
  if (verdict?.accepted === 'True') outer.acceptedInners--;
  if (lot !== undefined && lot.behind > 0) outer.unsettled--;
  return leave(inner);
}

/** Its key may have become another's, or readable: with its OuterMap, or with its contents. */
export function reclaim(inner: InnerRecord): readonly InnerRecord[] {
  const claim = claimIn(inner);
  const keyHex =
    claim?.kind === 'claim' ? claim.desired.keyHex : claim?.kind === 'unusable' ? claim.keyHex : undefined;
  if (keyHex === inner.claimed) return [];
  const left = leave(inner);
  if (keyHex === undefined) return left;
  inner.claimed = keyHex;
  const { claims } = inner.outer;
  const group = claims.get(keyHex) ?? { members: new Set(), nodesVersion: -1, generation: -1 };
  claims.set(keyHex, group);
  group.members.add(inner);
  delete group.rivals;
  return group.members.size === 1 ? left : [...left, ...group.members];
}

function leave(inner: InnerRecord): readonly InnerRecord[] {
  const { claimed, outer } = inner;
  const group = claimed === undefined ? undefined : outer.claims.get(claimed);
  delete inner.claimed;
  if (claimed === undefined || group === undefined) return [];
  group.members.delete(inner);
  delete group.rivals;
  if (group.members.size === 0) outer.claims.delete(claimed);
  return [...group.members];
}

export function setGround(outer: OuterRecord, { outerMap }: OuterFacts): void {
  if (outerMap === undefined) delete outer.compiled;
  else outer.compiled = compileOuterMap(outerMap);
}

/**
 * The last deletion of an InnerMap that named it. After a start: as written down, where the same InnerMaps are there;
 * where they are not, some may have been deleted up to the list that shows it.
 */
export function deletionAtStart(outer: OuterRecord, listed: string, now: number): Deletion {
  const { facts, digest } = outer;
  const { innerMapsDigest, deletionResourceVersion } = facts?.written ?? UNWRITTEN;
  const isKnown =
    innerMapsDigest === digest.text &&
    (deletionResourceVersion === undefined ||
      versionOf(deletionResourceVersion) <= versionOf(facts?.resourceVersion));
  const version = isKnown ? deletionResourceVersion : listed;
  return deletionAt(version ?? '0', now);
}

export function deletionAt(resourceVersion: string, now: number): Deletion {
  return { resourceVersion, goal: goalOf(resourceVersion), seenAt: now };
}

/** What was written since is told again by an event that is under way. */
export function latest(told: Written, known: Written | undefined): Written {
  return known !== undefined && known.version > told.version ? known : told;
}
