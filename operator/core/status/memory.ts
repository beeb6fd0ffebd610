import { goalOf, versionOf } from '../../api/resourceversion.ts';
import { every, type Steps } from '../steps.ts';
import type { Acceptance } from './conditions.ts';
import type { InnerFacts, OuterFacts, Written } from './facts.ts';
import type { NodeRollup } from './rollup.ts';

/** What the status of an object is made of, as of one turn. */
export interface StatusInput {
  readonly uid: string;
  readonly generation: number;
  readonly acceptance: Acceptance;
  readonly rollup: NodeRollup;
  /** Text of the status that it was compared with. */
  readonly written: string;
  /** Of an OuterMap: its accepted InnerMaps, and which InnerMaps there are. */
  readonly inners?: { readonly accepted: number; readonly digest: string };
  readonly deletion?: Deletion;
}

/** What is remembered of an object from turn to turn. */
export interface ObjectMemory {
  /** The newest status that is known: of the stream, or of the answer to a write. */
  written: Written;
  /** As of the last turn. */
  input?: StatusInput;
}

export interface InnerMemory extends ObjectMemory {
  facts: InnerFacts;
  /** What a watermark must reach, as text and as number. */
  readonly specResourceVersion: string;
  readonly goal: number;
  readonly seenAt: number;
}

export interface Deletion {
  readonly resourceVersion: string;
  readonly goal: number;
  readonly seenAt: number;
}

/** The InnerMaps of an outer map: the same object while they are the same facts. */
export interface InnerMemories {
  readonly facts: readonly InnerFacts[];
  readonly byKey: ReadonlyMap<string, InnerMemory>;
  readonly digest: string;
}

const SEEDS = [0x2545f491, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

export const NO_INNERS: InnerMemories = { facts: [], byKey: new Map(), digest: setDigest([]) };

/** What is known of each InnerMap from now on. A new generation, and an object made again, begin anew. */
export function* rememberInners(
  facts: readonly InnerFacts[],
  before: InnerMemories,
  now: number,
): Steps<InnerMemories> {
  if (facts === before.facts) return before;
  const byKey = new Map<string, InnerMemory>();
  let sameUids = facts.length === before.facts.length;
  const due = every();
  for (const inner of facts) {
    if (due()) yield;
    const known = before.byKey.get(inner.key);
    sameUids &&= known?.facts.uid === inner.uid;
    byKey.set(inner.key, rememberInner(inner, known, now));
  }
  return { facts, byKey, digest: sameUids ? before.digest : setDigest(facts.map(({ uid }) => uid)) };
}

function rememberInner(facts: InnerFacts, known: InnerMemory | undefined, now: number): InnerMemory {
  if (known?.facts === facts) return known;
  const isSameObject = known?.facts.uid === facts.uid;
  const written = isSameObject ? newest(facts.written, known.written) : facts.written;
  if (isSameObject && known.facts.generation === facts.generation) {
    known.facts = facts;
    known.written = written;
    return known;
  }
  const specResourceVersion = specVersion(facts);
  const input = isSameObject && known.input !== undefined ? { input: known.input } : {};
  return { facts, written, specResourceVersion, goal: goalOf(specResourceVersion), seenAt: now, ...input };
}

/** A status of an older version than the one that is known is of the past. */
export function newest(read: Written, known: Written): Written {
  return read.version < known.version ? known : read;
}

/**
 * The version at which this generation was first seen: as written down when it came, else the object's own, which may be
 * later. A version of a future that a restored etcd has undone does not count.
 */
export function specVersion({
  generation,
  resourceVersion,
  written: { observedGeneration, specResourceVersion },
}: {
  readonly generation: number;
  readonly resourceVersion: string;
  readonly written: Pick<Written, 'observedGeneration' | 'specResourceVersion'>;
}): string {
  const isOfThis = observedGeneration === generation && specResourceVersion !== undefined;
  return isOfThis && versionOf(specResourceVersion) <= versionOf(resourceVersion)
    ? specResourceVersion
    : resourceVersion;
}

/**
 * A digest of a set of uids that does not depend on their order: `<count>-<four sums of 32 bits in hex>`. The server
 * gives uids and they are random: nobody chooses them so that sums meet.
 */
export function setDigest(uids: readonly string[]): string {
  const sums = SEEDS.map(seed => uids.reduce((sum, uid) => (sum + hashOf(uid, seed)) >>> 0, 0));
  return `${uids.length}-${sums.map(sum => sum.toString(16).padStart(8, '0')).join('')}`;
}

/** FNV-1a with a seed, and a last mix. */
function hashOf(uid: string, seed: number): number {
  let mixed = seed;
  for (let at = 0; at < uid.length; at++) mixed = Math.imul(mixed ^ uid.charCodeAt(at), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

export interface DeletionSeen {
  readonly outer: OuterFacts | undefined;
  /** resourceVersion of the last deletion of an InnerMap that named it, as seen by this process. */
  readonly deleted: string | undefined;
  /** As of which InnerMaps were listed. */
  readonly listed: string;
  readonly digest: string;
}

/** The deletion that nodes must have passed before an OuterMap is ready; nothing where the OuterMap is gone. */
export interface DeletionMemory {
  readonly uid: string | undefined;
  readonly deleted: string | undefined;
  readonly deletion: Deletion | undefined;
}

export function rememberDeletion(
  { outer, deleted, listed, digest }: DeletionSeen,
  before: DeletionMemory,
  now: number,
): DeletionMemory {
  const isSame = before.uid === outer?.uid;
  let deletion = isSame || before.uid === undefined ? before.deletion : undefined;
  const isNew = deleted !== undefined && deleted !== before.deleted;
  if (isNew && !(versionOf(deleted) <= versionOf(deletion?.resourceVersion)))
    deletion = deletionAt(deleted, now);
  if (outer !== undefined) deletion ??= deletionAt(deletionAtStart(outer, digest, listed), now);
  return { uid: outer?.uid, deleted, deletion };
}

export const NO_DELETION: DeletionMemory = { uid: undefined, deleted: undefined, deletion: undefined };

/**
 * At the start: as written down, where the same InnerMaps are there; where they are not, some may have been deleted up
 * to the list that shows it.
 */
function deletionAtStart({ written, resourceVersion }: OuterFacts, digest: string, listed: string): string {
  const { innerMapsDigest, deletionResourceVersion } = written;
  const isKnown =
    innerMapsDigest === digest &&
    (deletionResourceVersion === undefined ||
      versionOf(deletionResourceVersion) <= versionOf(resourceVersion));
  return (isKnown ? deletionResourceVersion : listed) ?? '0';
}

function deletionAt(resourceVersion: string, now: number): Deletion {
  return { resourceVersion, goal: goalOf(resourceVersion), seenAt: now };
}
