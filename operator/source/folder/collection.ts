import { objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { sameItems } from '../../core/items.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { ManifestProblem, Wanted, WantedInner } from '../../core/wanted.ts';
import type { DeclaredOuter, FileReading, RejectedObject } from './manifests.ts';
import { isSame } from './same.ts';
import type { Signature } from './scan.ts';

/** One reading of one file. */
export interface ReadFile {
  readonly path: string;
  readonly signature: Signature;
  readonly reading: FileReading;
}

/** The declarations of one file: those of its last reading, and those that stay from an earlier one. */
export interface FileState extends FileReading {
  readonly path: string;
  readonly signature: Signature;
  /** Identities that stay from an earlier reading, because the file says nothing readable about them now. */
  readonly kept: ReadonlySet<string>;
  /** Whether a reading since the start had no rejected object. */
  readonly wasWhole: boolean;
  /** Whether the file may declare an object that no reading has found yet. */
  readonly hides: boolean;
}

/** The state of a file after a reading: an equal object stays the same object, a rejected one keeps its last good version. */
export function stateAfter(
  previous: FileState | undefined,
  { path, signature, reading }: ReadFile,
): FileState {
  const [outers, inners] = [byIdentity(previous?.outerMaps), byIdentity(previous?.innerMaps)];
  const outerMaps = reading.outerMaps.map(outer => sameOuter(outers.get(identityOf(outer)), outer));
  const innerMaps = reading.innerMaps.map(inner => sameInner(inners.get(identityOf(inner)), inner));
  const declared = new Set([...outerMaps, ...innerMaps].map(identityOf));
  const ours = reading.rejected.filter(({ foreign }) => !foreign);
  const rejected = new Set(ours.map(({ identity }) => identity));
  const stays = (identity: string) =>
    !declared.has(identity) && (rejected.has(undefined) || rejected.has(identity));
  const kept = new Set([...outers.keys(), ...inners.keys()].filter(stays));
  const isKept = (item: Declared) => kept.has(identityOf(item));
  const wasWhole = previous?.wasWhole === true || ours.length === 0;
  return {
    ...{ ...reading, path, signature, kept, wasWhole },
    outerMaps: [...outerMaps, ...[...outers.values()].filter(isKept)],
    innerMaps: [...innerMaps, ...[...inners.values()].filter(isKept)],
    hides: !wasWhole && ours.some(({ identity }) => identity === undefined || !kept.has(identity)),
  };
}

/** The reading of a file that cannot be read at present: all its earlier declarations stay. */
export function unreadReading(path: string, message: string): FileReading {
  const rejected: readonly RejectedObject[] = [{ origin: path, message, foreign: false }];
  return { outerMaps: [], innerMaps: [], rejected, encodedBy: {}, sizes: [] };
}

/** Whether a reading takes something away that the file declared: an object, entries, or readable contents. */
export function takesAway(previous: FileState | undefined, next: FileState): boolean {
  if (previous === undefined)
    return next.rejected.length > 0 || next.outerMaps.length + next.innerMaps.length === 0;
  if (next.rejected.length > previous.rejected.length || next.outerMaps.length < previous.outerMaps.length)
    return true;
  const [outers, inners] = [byIdentity(next.outerMaps), byIdentity(next.innerMaps)];
  return (
    previous.outerMaps.some(outer => !outers.has(identityOf(outer))) ||
    [...byIdentity(previous.innerMaps)].some(
      ([name, inner]) => entriesOf(inners.get(name)) < entriesOf(inner),
    )
  );
}

function entriesOf(inner: WantedInner | undefined): number {
  if (inner === undefined) return -1;
  return inner.content.kind === 'encoded' ? inner.content.entries.count : 0;
}

type Declared = DeclaredOuter | WantedInner;

function identityOf(item: Declared): string {
  return objectText('outerMap' in item ? item.outerMap : item.innerMap);
}

function byIdentity<T extends Declared>(items: readonly T[] = []): ReadonlyMap<string, T> {
  return new Map(items.map(item => [identityOf(item), item]));
}

/** Keeps the earlier object where it is equal: a comparison by reference finds no change then. */
function sameOuter(before: DeclaredOuter | undefined, now: DeclaredOuter): DeclaredOuter {
  if (before === undefined || !isSame(before.outerMap, now.outerMap)) return now;
  return before.origin === now.origin ? before : { ...before, origin: now.origin };
}

function sameInner(before: WantedInner | undefined, now: WantedInner): WantedInner {
  if (before === undefined) return Object.freeze(now);
  const innerMap = isSame(before.innerMap, now.innerMap) ? before.innerMap : now.innerMap;
  const content = isSame(before.content, now.content) ? before.content : now.content;
  const isUnchanged =
    innerMap === before.innerMap && content === before.content && before.origin === now.origin;
  return isUnchanged ? before : Object.freeze({ ...now, innerMap, content });
}

/** Whether two states of a file declare the same. Equal objects are the same objects here. */
export function isSameState(a: FileState, b: FileState): boolean {
  return (
    sameItems(a.outerMaps, b.outerMaps) &&
    sameItems(a.innerMaps, b.innerMaps) &&
    a.hides === b.hides &&
    isSame([a.rejected, [...a.kept]], [b.rejected, [...b.kept]])
  );
}

/** The assembly of all files' declarations; one object has one place. */
export interface Assembly {
  readonly wanted: Wanted;
  readonly layouts: ReadonlyMap<string, OuterLayout>;
  /** The index of the first InnerMap of each file; absent where some InnerMaps are left out. */
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
  const refusals = [...around.refusals];
  const places = new Map<string, string>();
  const outerMaps: OuterMap[] = [];
  const innerMaps: WantedInner[] = [];
  const layouts = new Map<string, OuterLayout>();
  const starts = new Map<string, number>();
  for (const { file, fades } of inClaimOrder(files, fading)) {
    const claims = (item: Declared): boolean => {
      const identity = identityOf(item);
      if (fades !== (fading.has(file.path) || file.kept.has(identity))) return false;
      const { origin = file.path } = item;
      const first = places.get(identity);
      if (first === undefined) places.set(identity, origin);
      else if (!fades)
        refusals.push({
          origin,
          message: `${identity}: is declared already at ${first}: remove one of them`,
        });
      return first === undefined;
    };
    for (const { outerMap, layout } of file.outerMaps.filter(claims)) {
      outerMaps.push(outerMap);
      layouts.set(outerMap.metadata.name, layout);
    }
    if (!fades) starts.set(file.path, innerMaps.length);
    for (const inner of file.innerMaps) if (claims(inner)) innerMaps.push(inner);
    if (!fades) refusals.push(...file.rejected.map(({ origin, message }) => ({ origin, message })));
  }
  const isPlain = refusals.length === 0 && fading.size === 0;
  const isComplete = complete && files.every(file => !file.hides);
  const wanted: Wanted = { outerMaps, innerMaps, complete: isComplete, refusals, releases };
  return { wanted: Object.freeze(wanted), layouts, ...(isPlain ? { starts } : {}) };
}

/** First the declarations of the files as they are now, then those that stay from before. */
function* inClaimOrder(
  files: readonly FileState[],
  fading: ReadonlySet<string>,
): Generator<{ file: FileState; fades: boolean }> {
  for (const file of files) yield { file, fades: false };
  for (const file of files) if (file.kept.size > 0 || fading.has(file.path)) yield { file, fades: true };
}

/**
 * The assembly with one file's new contents, where nothing else changed: an edit among 10,000 files must not wait until all of
 * them are assembled anew. The result is undefined for any other change.
 */
export function patched(
  assembly: Assembly,
  previous: FileState | undefined,
  next: FileState,
): Assembly | undefined {
  const start = assembly.starts?.get(next.path);
  if (start === undefined || previous === undefined || !isPatchable(previous, next)) return undefined;
  if (staleFiles([next], assembly.layouts).length > 0) return undefined;
  const innerMaps = assembly.wanted.innerMaps.slice();
  next.innerMaps.forEach((inner, index) => {
    innerMaps[start + index] = inner;
  });
  return { ...assembly, wanted: Object.freeze({ ...assembly.wanted, innerMaps }) };
}

/** Whether both have the same objects in the same order, none of them rejected or kept from before. */
function isPatchable(a: FileState, b: FileState): boolean {
  return (
    a.hides === b.hides &&
    a.rejected.length + b.rejected.length + a.kept.size + b.kept.size === 0 &&
    sameItems(a.outerMaps, b.outerMaps) &&
    sameItems(a.innerMaps, b.innerMaps, (inner, other) => identityOf(inner) === identityOf(other))
  );
}

/** Files with contents that were encoded by another layout than the one that counts. */
export function staleFiles(
  files: readonly FileState[],
  layouts: ReadonlyMap<string, OuterLayout>,
): readonly string[] {
  const isStale = ({ encodedBy }: FileState) =>
    Object.entries(encodedBy).some(([name, digest]) => (layouts.get(name)?.digest ?? digest) !== digest);
  return files.filter(isStale).map(({ path }) => path);
}
