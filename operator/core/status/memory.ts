import { goalOf, versionOf } from '../../api/resourceversion.ts';
import { every, type Steps } from '../steps.ts';
import type { Acceptance } from './conditions.ts';
import type { InnerFacts, OuterFacts, WrittenStatus } from './facts.ts';
import type { NodeRollup } from './rollup.ts';

/** The input from which one turn makes an object's status. */
export interface StatusInput {
  readonly uid: string;
  readonly generation: number;
  readonly acceptance: Acceptance;
  readonly rollup: NodeRollup;
  /** Text of the written status that it is compared with. */
  readonly written: string;
  /** For an OuterMap: the number of accepted InnerMaps, and a digest of the uids of all its InnerMaps. */
  readonly inners?: { readonly accepted: number; readonly digest: string };
  readonly deletion?: Deletion;
}

/** State that is kept of an object between turns. */
export interface ObjectMemory {
  /** The newest written status, from the stream or from the response to a write. */
  written: WrittenStatus;
  /** The input of the last turn. */
  input?: StatusInput;
}

export interface InnerMemory extends ObjectMemory {
  facts: InnerFacts;
  /** The version that a watermark must reach, as text and as number. */
  readonly specResourceVersion: string;
  readonly goal: number;
  readonly seenAt: number;
}

export interface Deletion {
  readonly resourceVersion: string;
  readonly goal: number;
  readonly seenAt: number;
}

/** Memory of the InnerMaps of one outer map. It keeps its identity while `facts` does. */
export interface InnerMemories {
  readonly facts: readonly InnerFacts[];
  readonly byKey: ReadonlyMap<string, InnerMemory>;
  readonly digest: string;
}

const SEEDS = [0x2545f491, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

export const NO_INNERS: InnerMemories = { facts: [], byKey: new Map(), digest: setDigest([]) };

/** Updates the memory of each InnerMap. A new generation or a new uid starts a new one. */
export function* rememberInners(
  facts: readonly InnerFacts[],
  before: InnerMemories,
  now: number,
): Steps<InnerMemories> {
  if (facts === before.facts) return before;
  const memories: InnerMemory[] = [];
  let sameUids = facts.length === before.facts.length;
  let sameMemories = sameUids;
  const due = every();
  for (const inner of facts) {
    if (due()) yield;
    const previous = before.byKey.get(inner.key);
    sameUids &&= previous?.facts.uid === inner.uid;
    const memory = rememberInner(inner, previous, now);
    sameMemories &&= memory === previous;
    memories.push(memory);
  }
  const byKey = sameMemories ? before.byKey : new Map(memories.map(memory => [memory.facts.key, memory]));
  return { facts, byKey, digest: sameUids ? before.digest : setDigest(facts.map(({ uid }) => uid)) };
}

function rememberInner(facts: InnerFacts, previous: InnerMemory | undefined, now: number): InnerMemory {
  if (previous?.facts === facts) return previous;
  const isSameObject = previous?.facts.uid === facts.uid;
  const written = isSameObject ? newerStatus(facts.written, previous.written) : facts.written;
  if (isSameObject && previous.facts.generation === facts.generation) {
    previous.facts = facts;
    previous.written = written;
    return previous;
  }
  const specResourceVersion = specVersion(facts);
  const input = isSameObject && previous.input !== undefined ? { input: previous.input } : {};
  return { facts, written, specResourceVersion, goal: goalOf(specResourceVersion), seenAt: now, ...input };
}

/** The newer of two statuses: the stream may lag behind the response to a write. */
export function newerStatus(read: WrittenStatus, previous: WrittenStatus): WrittenStatus {
  return read.version < previous.version ? previous : read;
}

/**
 * The resourceVersion at which this generation was first seen. The written status has it; without one the object's own
 * is taken, which may be later. A version above the object's own is ignored: it was written before etcd was restored.
 */
export function specVersion({
  generation,
  resourceVersion,
  written: { observedGeneration, specResourceVersion },
}: {
  readonly generation: number;
  readonly resourceVersion: string;
  readonly written: Pick<WrittenStatus, 'observedGeneration' | 'specResourceVersion'>;
}): string {
  const isCurrent = observedGeneration === generation && specResourceVersion !== undefined;
  return isCurrent && versionOf(specResourceVersion) <= versionOf(resourceVersion)
    ? specResourceVersion
    : resourceVersion;
}

/**
 * An order-independent digest of a set of uids: `<count>-<four sums of 32 bits in hex>`. Sums suffice: the server draws
 * uids at random, so nobody can construct a collision.
 */
export function setDigest(uids: readonly string[]): string {
  const sums = SEEDS.map(seed => uids.reduce((sum, uid) => (sum + hashOf(uid, seed)) >>> 0, 0));
  return `${uids.length}-${sums.map(sum => sum.toString(16).padStart(8, '0')).join('')}`;
}

/** FNV-1a with a seed and a final mix. */
function hashOf(uid: string, seed: number): number {
  let mixed = seed;
  for (let at = 0; at < uid.length; at++) mixed = Math.imul(mixed ^ uid.charCodeAt(at), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

export interface DeletionInput {
  readonly outer: OuterFacts | undefined;
  /** resourceVersion of the last deletion of an InnerMap that named it; undefined if this process saw none. */
  readonly deleted: string | undefined;
  /** resourceVersion of the last list of InnerMaps. */
  readonly listed: string;
  readonly digest: string;
}

/** The deletion that nodes must pass before an OuterMap is ready; undefined without an OuterMap. */
export interface DeletionMemory {
  readonly uid: string | undefined;
  readonly deleted: string | undefined;
  readonly deletion: Deletion | undefined;
}

export function rememberDeletion(
  { outer, deleted, listed, digest }: DeletionInput,
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
 * The last deletion before this process watched. If the InnerMaps are those of the written status, its deletion still
 * holds. Otherwise InnerMaps may have been deleted at any version up to that of the list.
 */
function deletionAtStart({ written, resourceVersion }: OuterFacts, digest: string, listed: string): string {
  const { innerMapsDigest, deletionResourceVersion } = written;
  const isSameSet =
    innerMapsDigest === digest &&
    (deletionResourceVersion === undefined ||
      versionOf(deletionResourceVersion) <= versionOf(resourceVersion));
  return (isSameSet ? deletionResourceVersion : listed) ?? '0';
}

function deletionAt(resourceVersion: string, now: number): Deletion {
  return { resourceVersion, goal: goalOf(resourceVersion), seenAt: now };
}
