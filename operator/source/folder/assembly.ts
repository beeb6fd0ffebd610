import type { OuterMap } from '../../api/outermap.ts';
import { listText } from '../../api/problem.ts';
import { sameItems } from '../../core/items.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { ManifestProblem, Wanted, WantedInner } from '../../core/wanted.ts';
import {
  type DeclaredObject,
  declarationsOf,
  type FileDeclarations,
  type FileState,
  identityOf,
  isSamePlace,
  staleFiles,
} from './filestate.ts';
import type { DeclaredOuter } from './manifests.ts';
import { type Places, placesOf } from './places.ts';

/** What counts of a file: its good declarations, and those that stay from before while something in it is wrong. */
export interface Standing {
  readonly declarations: FileDeclarations;
  /** Whether everything in it was good once since the start. */
  readonly wasWhole: boolean;
}

/** The assembly of all files' declarations; one object has one place. */
export interface Assembly {
  readonly wanted: Wanted;
  readonly layouts: ReadonlyMap<string, OuterLayout>;
  readonly standing: ReadonlyMap<string, Standing>;
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
  /** Of the assembly before. */
  readonly standing: ReadonlyMap<string, Standing>;
}

/** A file's part of an assembly while it grows. */
interface Part {
  readonly file: FileState;
  readonly fades: boolean;
  readonly before: Standing;
  /** Its own InnerMaps, or what stays in their stead. */
  readonly inners: WantedInner[];
  readonly misplaced: Map<WantedInner, string>;
  readonly problems: ManifestProblem[];
  readonly kept: DeclaredObject[];
  isWrong: boolean;
}

/** Objects by identity, with the place of each. */
interface Claims {
  readonly places: Map<string, string>;
  readonly outerMaps: OuterMap[];
  readonly layouts: Map<string, OuterLayout>;
}

/**
 * Files in the order of their paths; an object that two of them declare belongs to the first.
 * - While something of a file is wrong (an object is refused, or an InnerMap can have no key), everything stays that it
 *   declared before and does not declare now: whether that was taken out, or the mistake hides it, nobody can know.
 * - What others make so (they have the key, access does not allow it) is a mistake of the file where the InnerMap moved
 *   there or may be another under a wrong name, and no mistake where it stands: a stranger's declaration holds no removals.
 * - A file that was never good since the start hides what an earlier run may have programmed: the set is incomplete.
 */
export function assembled(files: readonly FileState[], around: Surroundings): Assembly {
  const claims: Claims = { places: new Map(), outerMaps: [], layouts: new Map() };
  const parts = files.map(file => partOf(file, around));
  const live = parts.filter(({ fades }) => !fades);
  for (const part of live) claimAll(part, claims);
  for (const part of parts) if (part.fades || part.isWrong) keepOuterMaps(part, claims);
  const places = placed(live, claims);
  for (const part of parts) if (part.fades || part.isWrong) keepInnerMaps(part, claims, places);
  return assemblyOf(parts, claims, around);
}

const NOTHING: Standing = { declarations: new Map(), wasWhole: false };

function partOf(file: FileState, { fading, standing }: Surroundings): Part {
  const fades = fading.has(file.path);
  const before =
    standing.get(file.path) ?? (fades ? { ...NOTHING, declarations: declarationsOf(file) } : NOTHING);
  const isWrong = file.rejected.some(({ foreign }) => !foreign);
  const problems = file.rejected.map(({ origin, message }) => ({ origin, message }));
  return { file, fades, before, inners: [], misplaced: new Map(), problems, kept: [], isWrong };
}

function claimAll(part: Part, claims: Claims): void {
  const { file, inners } = part;
  for (const item of file.outerMaps) if (claim(item, part, claims)) addOuterMap(item, claims);
  for (const item of file.innerMaps) if (claim(item, part, claims)) inners.push(item);
}

function claim(item: DeclaredObject, part: Part, { places }: Claims): boolean {
  const identity = identityOf(item);
  const { origin = part.file.path } = item;
  const first = places.get(identity);
  if (first === undefined) {
    places.set(identity, origin);
    return true;
  }
  part.isWrong = true;
  const message = `${identity}: is declared already at ${first}: remove one of them`;
  part.problems.push({ origin, message });
  return false;
}

function addOuterMap({ outerMap, layout }: DeclaredOuter, { outerMaps, layouts }: Claims): void {
  outerMaps.push(outerMap);
  layouts.set(outerMap.metadata.name, layout);
}

function keepOuterMaps(part: Part, claims: Claims): void {
  for (const [identity, item] of part.before.declarations) {
    if (!('outerMap' in item) || claims.places.has(identity)) continue;
    claims.places.set(identity, item.origin);
    addOuterMap(item, claims);
    part.kept.push(item);
  }
}

/** Finds the InnerMaps that can have no key, or not yet another one: a move takes a key away. */
function placed(live: readonly Part[], claims: Claims): Places {
  const unmoved = new Set(
    live.flatMap(part => part.inners.filter(inner => isSamePlace(inner, earlier(inner, part)))),
  );
  const places = placesOf(
    claims.outerMaps,
    live.flatMap(part => part.inners),
    unmoved,
  );
  for (const part of live) {
    const isMoved = (inner: WantedInner) => !unmoved.has(inner) && earlier(inner, part) !== undefined;
    const isMistake = (inner: WantedInner) => {
      const by = places.misplaced.get(inner)?.by;
      if (by === 'denial') return !unmoved.has(inner) && mayBeAnother(inner, part);
      return by === 'itself' || (by === 'conflict' && isMoved(inner));
    };
    part.isWrong ||= part.inners.some(isMistake);
    if (!part.isWrong) continue;
    keepOuterMaps(part, claims);
    for (const inner of part.inners) {
      const why = places.misplaced.get(inner)?.why ?? (isMoved(inner) ? UNMOVED : undefined);
      if (why !== undefined) part.misplaced.set(inner, why);
    }
  }
  if (!live.some(({ isWrong }) => isWrong)) return places;
  const good = live.flatMap(({ inners, misplaced }) => inners.filter(inner => !misplaced.has(inner)));
  return placesOf(claims.outerMaps, good, unmoved);
}

/** Whether its name or namespace may be a typo: an InnerMap that had this place is missing, or nobody knows what had it. */
function mayBeAnother(inner: WantedInner, { before, file }: Part): boolean {
  if (!before.wasWhole || before.declarations.has(identityOf(inner))) return true;
  const own = declarationsOf(file);
  return [...before.declarations].some(
    ([identity, item]) => 'innerMap' in item && !own.has(identity) && isSamePlace(item, inner),
  );
}

const UNMOVED = 'Keeps its key until everything in the file is taken';

function earlier(inner: WantedInner, { before }: Part): WantedInner | undefined {
  const known = before.declarations.get(identityOf(inner));
  return known !== undefined && 'innerMap' in known ? known : undefined;
}

/** What the file declared before, where nobody else declares it or has its key: in the stead of an object that can have none. */
function keepInnerMaps(part: Part, claims: Claims, places: Places): void {
  const { before, inners, misplaced, kept } = part;
  const lost = new Map(
    inners.flatMap((inner, at) => (misplaced.has(inner) ? [[identityOf(inner), at]] : [])),
  );
  for (const [identity, item] of before.declarations) {
    if ('outerMap' in item || !places.hasRoom(item)) continue;
    const at = lost.get(identity);
    if (at !== undefined) {
      const { origin = part.file.path } = inners[at]!;
      part.problems.push({ origin, message: `${identity}: ${misplaced.get(inners[at]!)}` });
      inners[at] = item;
    } else if (!claims.places.has(identity)) {
      claims.places.set(identity, part.file.path);
      kept.push(item);
    }
  }
}

function assemblyOf(parts: readonly Part[], { outerMaps, layouts }: Claims, around: Surroundings): Assembly {
  const { complete, releases } = around;
  const starts = new Map<string, number>();
  const innerMaps: WantedInner[] = [];
  for (const { file, inners } of parts) {
    starts.set(file.path, innerMaps.length);
    for (const inner of inners) innerMaps.push(inner);
  }
  for (const { kept } of parts) for (const item of kept) if ('innerMap' in item) innerMaps.push(item);
  const hiding = parts
    .filter(({ isWrong, before }) => isWrong && !before.wasWhole)
    .map(({ file }) => file.path);
  const refusals = [...around.refusals, ...parts.flatMap(problemsIn)];
  const wanted: Wanted = {
    ...{ outerMaps, innerMaps, refusals, releases },
    complete: complete && hiding.length === 0,
    ...(hiding.length === 0 ? {} : { hiding }),
    ...faultyOf(parts, outerMaps),
  };
  const standing = new Map(parts.map(part => [part.file.path, standingOf(part, complete)]));
  const isPlain = parts.every(({ fades, isWrong, problems }) => !fades && !isWrong && problems.length === 0);
  return { wanted: Object.freeze(wanted), layouts, standing, ...(isPlain ? { starts } : {}) };
}

function faultyOf(parts: readonly Part[], outerMaps: readonly OuterMap[]): Pick<Wanted, 'faulty'> {
  const rejected = parts.flatMap(({ file }) => file.rejected.map(({ identity = '' }) => identity));
  const names = rejected.flatMap(identity => /^OuterMap (\S+)$/.exec(identity)?.[1] ?? []);
  const good = new Set(outerMaps.map(({ metadata }) => metadata.name));
  const faulty = names.filter(name => !good.has(name));
  return faulty.length === 0 ? {} : { faulty: new Set(faulty) };
}

function problemsIn({ file, fades, problems, kept }: Part): readonly ManifestProblem[] {
  if (fades) return [];
  if (kept.length === 0) return problems;
  const message = `Keeps what it declared before, until everything in it is taken: ${listText(kept.slice(0, NAMED).map(identityOf), kept.length)}`;
  return [...problems, { origin: file.path, message }];
}

/** So many objects that stay are named. */
const NAMED = 3;

/** Conflicts show once everything is read: only then a file counts as whole. */
function standingOf({ file, fades, before, misplaced, isWrong }: Part, complete: boolean): Standing {
  if (fades) return before;
  const own = declarationsOf(file);
  if (!isWrong) return { declarations: own, wasWhole: before.wasWhole || complete };
  const good = [...own].filter(([, item]) => 'outerMap' in item || !misplaced.has(item));
  return { ...before, declarations: new Map([...before.declarations, ...good]) };
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
  const { path } = next;
  const start = assembly.starts?.get(path);
  if (start === undefined || previous === undefined || !isPatchable(previous, next)) return undefined;
  if (staleFiles([next], assembly.layouts).length > 0) return undefined;
  const innerMaps = assembly.wanted.innerMaps.slice();
  next.innerMaps.forEach((inner, index) => {
    innerMaps[start + index] = inner;
  });
  const standing = new Map(assembly.standing);
  standing.set(path, { ...(standing.get(path) ?? NOTHING), declarations: declarationsOf(next) });
  return { ...assembly, standing, wanted: Object.freeze({ ...assembly.wanted, innerMaps }) };
}

/** Whether both have the same objects in the same order and at the same keys, none of them rejected. */
function isPatchable(a: FileState, b: FileState): boolean {
  return (
    a.rejected.length + b.rejected.length === 0 &&
    sameItems(a.outerMaps, b.outerMaps) &&
    sameItems(
      a.innerMaps,
      b.innerMaps,
      (inner, other) => identityOf(inner) === identityOf(other) && isSamePlace(inner, other),
    )
  );
}
