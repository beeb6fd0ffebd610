import { objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { sameItems } from '../../core/canonical.ts';
import { sameEntries } from '../../core/entries.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { ManifestProblem, Wanted, WantedInner } from '../../core/wanted.ts';
import type { DeclaredOuter, FileReading, RejectedObject } from './manifests.ts';
import { isSame } from './same.ts';
import type { Signature } from './scan.ts';

/** What is known of one file: what it declares, and what of it is older than the file. */
export interface FileState {
  readonly path: string;
  readonly signature: Signature;
  readonly outerMaps: readonly DeclaredOuter[];
  readonly innerMaps: readonly WantedInner[];
  readonly refused: readonly RejectedObject[];
  /** Identities that stay from an earlier reading, because the file says nothing readable about them now. */
  readonly kept: ReadonlySet<string>;
  /** Whether nothing of it was refused, once since the start. */
  readonly wasWhole: boolean;
  /** Whether it may declare something that nobody has read yet. */
  readonly hides: boolean;
  readonly encodedBy: Readonly<Record<string, string>>;
}

/** The state of a file after a reading: equal objects stay the same objects, refused ones stay what they were. */
export function stateAfter(
  previous: FileState | undefined,
  path: string,
  signature: Signature,
  reading: FileReading,
): FileState {
  const known = knownObjects(previous);
  const outerMaps = reading.outerMaps.map(outer =>
    sameOuter(known.outerMaps.get(objectText(outer.outerMap)), outer),
  );
  const innerMaps = reading.innerMaps.map(inner =>
    sameInner(known.innerMaps.get(objectText(inner.innerMap)), inner),
  );
  const declared = new Set(
    [...outerMaps.map(({ outerMap }) => outerMap), ...innerMaps.map(({ innerMap }) => innerMap)].map(
      objectText,
    ),
  );
  const ours = reading.refused.filter(({ foreign }) => !foreign);
  const unnamed = ours.some(({ identity }) => identity === undefined);
  const named = new Set(ours.map(({ identity }) => identity));
  const stays = (identity: string) => !declared.has(identity) && (unnamed || named.has(identity));
  const keptOuter = [...known.outerMaps].filter(([identity]) => stays(identity));
  const keptInner = [...known.innerMaps].filter(([identity]) => stays(identity));
  const kept = new Set([...keptOuter, ...keptInner].map(([identity]) => identity));
  const wasWhole = previous?.wasWhole === true || ours.length === 0;
  return {
    path,
    signature,
    outerMaps: [...outerMaps, ...keptOuter.map(([, outer]) => outer)],
    innerMaps: [...innerMaps, ...keptInner.map(([, inner]) => inner)],
    refused: reading.refused,
    kept,
    wasWhole,
    hides: !wasWhole && ours.some(({ identity }) => identity === undefined || !kept.has(identity)),
    encodedBy: reading.encodedBy,
  };
}

/** The state of a file that cannot be read at present: all that it declared stays. */
export function stateUnread(
  previous: FileState | undefined,
  path: string,
  signature: Signature,
  message: string,
): FileState {
  const refused = [{ origin: path, message, foreign: false }];
  return stateAfter(previous, path, signature, {
    outerMaps: [],
    innerMaps: [],
    refused,
    encodedBy: {},
    sizes: [],
  });
}

/** Whether a reading takes something away that the file declared: an object, entries, or readable contents. */
export function takesAway(previous: FileState | undefined, next: FileState): boolean {
  if (previous === undefined)
    return next.refused.length > 0 || next.outerMaps.length + next.innerMaps.length === 0;
  if (next.refused.length > previous.refused.length || next.outerMaps.length < previous.outerMaps.length)
    return true;
  const before = knownObjects(previous);
  const now = knownObjects(next);
  for (const identity of before.outerMaps.keys()) if (!now.outerMaps.has(identity)) return true;
  for (const [identity, inner] of before.innerMaps) {
    if (entriesOf(now.innerMaps.get(identity)) < entriesOf(inner)) return true;
  }
  return false;
}

function entriesOf(inner: WantedInner | undefined): number {
  if (inner === undefined) return -1;
  return inner.content.kind === 'encoded' ? inner.content.entries.count : 0;
}

function knownObjects(state: FileState | undefined): {
  readonly outerMaps: ReadonlyMap<string, DeclaredOuter>;
  readonly innerMaps: ReadonlyMap<string, WantedInner>;
} {
  return {
    outerMaps: new Map(state?.outerMaps.map(outer => [objectText(outer.outerMap), outer])),
    innerMaps: new Map(state?.innerMaps.map(inner => [objectText(inner.innerMap), inner])),
  };
}

/** Whoever compares by reference must see no change where there is none. */
function sameOuter(before: DeclaredOuter | undefined, now: DeclaredOuter): DeclaredOuter {
  if (
    before === undefined ||
    before.layout.digest !== now.layout.digest ||
    !isSame(before.outerMap, now.outerMap)
  )
    return now;
  return before.origin === now.origin ? before : { ...before, origin: now.origin };
}

function sameInner(before: WantedInner | undefined, now: WantedInner): WantedInner {
  if (before === undefined) return Object.freeze(now);
  const innerMap = isSame(before.innerMap, now.innerMap) ? before.innerMap : now.innerMap;
  const content = sameContent(before, now) ? before.content : now.content;
  const isUnchanged =
    innerMap === before.innerMap && content === before.content && before.origin === now.origin;
  return isUnchanged ? before : Object.freeze({ ...now, innerMap, content });
}

function sameContent({ content: before }: WantedInner, { content: now }: WantedInner): boolean {
  if (before.kind !== 'encoded' || now.kind !== 'encoded') return isSame(before, now);
  return before.layoutDigest === now.layoutDigest && sameEntries(before.entries, now.entries);
}

/** By reference where that tells all: equal objects were kept the same. */
export function saysTheSame(a: FileState, b: FileState): boolean {
  return (
    sameItems(a.outerMaps, b.outerMaps) &&
    sameItems(a.innerMaps, b.innerMaps) &&
    a.hides === b.hides &&
    JSON.stringify([a.refused, [...a.kept]]) === JSON.stringify([b.refused, [...b.kept]])
  );
}

/** Everything that files declare, put together; one object has one place. */
export interface Assembly {
  readonly wanted: Wanted;
  readonly layouts: ReadonlyMap<string, OuterLayout>;
  /** Where the InnerMaps of each file begin; absent where some of them are left out. */
  readonly starts?: ReadonlyMap<string, number>;
}

export interface Surroundings {
  /** Whether every file that is there has been read. */
  readonly complete: boolean;
  readonly refusals: readonly ManifestProblem[];
  readonly releases: readonly string[];
  /** Files that are about to be given up, or whose directory cannot be listed: they yield to the others. */
  readonly fading: ReadonlySet<string>;
}

/** Files in the order of their paths; an object that two of them declare belongs to the first. */
export function assembled(files: readonly FileState[], around: Surroundings): Assembly {
  const { complete, releases, fading } = around;
  const claims = new Claims(around.refusals);
  const outerMaps: OuterMap[] = [];
  const innerMaps: WantedInner[] = [];
  const layouts = new Map<string, OuterLayout>();
  const starts = new Map<string, number>();
  for (const { file, fades } of inClaimOrder(files, fading)) {
    const counts = (identity: string, origin: string) =>
      fades === isFading(file, identity, fading) && claims.claim(identity, origin, fades);
    for (const { outerMap, layout, origin } of file.outerMaps) {
      if (!counts(objectText(outerMap), origin)) continue;
      outerMaps.push(outerMap);
      layouts.set(outerMap.metadata.name, layout);
    }
    if (!fades) starts.set(file.path, innerMaps.length);
    for (const inner of file.innerMaps) {
      if (counts(objectText(inner.innerMap), inner.origin ?? file.path)) innerMaps.push(inner);
    }
    if (!fades) claims.refusals.push(...file.refused.map(({ origin, message }) => ({ origin, message })));
  }
  const isPlain = claims.refusals.length === 0 && fading.size === 0;
  const isComplete = complete && files.every(file => !file.hides);
  const wanted: Wanted = { outerMaps, innerMaps, complete: isComplete, refusals: claims.refusals, releases };
  return { wanted: Object.freeze(wanted), layouts, ...(isPlain ? { starts } : {}) };
}

/** Who declares what, first come first served. */
class Claims {
  readonly refusals: ManifestProblem[];
  readonly #places = new Map<string, string>();

  constructor(refusals: readonly ManifestProblem[]) {
    this.refusals = [...refusals];
  }

  /** Whether the object is this one's; a second one is told, unless it fades away anyway. */
  claim(identity: string, origin: string, fades: boolean): boolean {
    const first = this.#places.get(identity);
    if (first === undefined) this.#places.set(identity, origin);
    else if (!fades) {
      const message = `${identity}: is declared already at ${first}: remove one of them`;
      this.refusals.push({ origin, message });
    }
    return first === undefined;
  }
}

/**
 * The assembly with one file's new contents, where that is all that changed: an edit among 10,000 files must not wait until
 * all of them are put together anew. Answers undefined for any other change.
 */
export function patched(
  assembly: Assembly,
  previous: FileState | undefined,
  next: FileState,
): Assembly | undefined {
  const start = assembly.starts?.get(next.path);
  if (start === undefined || previous === undefined || !declaresTheSame(previous, next)) return undefined;
  if (staleFiles([next], assembly.layouts).length > 0) return undefined;
  const innerMaps = assembly.wanted.innerMaps.slice();
  next.innerMaps.forEach((inner, index) => {
    innerMaps[start + index] = inner;
  });
  return { ...assembly, wanted: Object.freeze({ ...assembly.wanted, innerMaps }) };
}

/** The same objects in the same order, none refused or left from before. */
function declaresTheSame(a: FileState, b: FileState): boolean {
  return (
    a.hides === b.hides &&
    a.refused.length + b.refused.length + a.kept.size + b.kept.size === 0 &&
    sameItems(a.outerMaps, b.outerMaps) &&
    sameItems(
      a.innerMaps,
      b.innerMaps,
      (inner, other) => objectText(inner.innerMap) === objectText(other.innerMap),
    )
  );
}

/** First what files say now, then what stays of what they said before. */
function* inClaimOrder(
  files: readonly FileState[],
  fading: ReadonlySet<string>,
): Generator<{ file: FileState; fades: boolean }> {
  for (const file of files) yield { file, fades: false };
  for (const file of files) if (file.kept.size > 0 || fading.has(file.path)) yield { file, fades: true };
}

function isFading(file: FileState, identity: string, fading: ReadonlySet<string>): boolean {
  return fading.has(file.path) || file.kept.has(identity);
}

/** Files whose contents were encoded by another layout than the one that counts. */
export function staleFiles(
  files: readonly FileState[],
  layouts: ReadonlyMap<string, OuterLayout>,
): readonly string[] {
  const isStale = ({ encodedBy }: FileState) =>
    Object.entries(encodedBy).some(([name, digest]) => (layouts.get(name)?.digest ?? digest) !== digest);
  return files.filter(isStale).map(({ path }) => path);
}
