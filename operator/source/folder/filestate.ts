import { objectText } from '../../api/metadata.ts';
import { sameItems } from '../../core/items.ts';
import type { WantedInner } from '../../core/wanted.ts';
import type { Signature } from './disk/scan.ts';
import type { DeclaredOuter, FileReading, RejectedObject } from './manifests.ts';
import { isSame } from './same.ts';

/** One reading of one file. */
export interface ReadFile {
  readonly path: string;
  readonly signature: Signature;
  readonly reading: FileReading;
}

/** The last reading of one file. */
export interface FileState extends FileReading {
  readonly path: string;
  readonly signature: Signature;
}

export type DeclaredObject = DeclaredOuter | WantedInner;

/** FileDeclarations by what they are of: `InnerMap team-a/web`. */
export type FileDeclarations = ReadonlyMap<string, DeclaredObject>;

export function identityOf(item: DeclaredObject): string {
  return objectText('outerMap' in item ? item.outerMap : item.innerMap);
}

const known = new WeakMap<FileReading, FileDeclarations>();

export function declarationsOf(file: FileReading): FileDeclarations {
  const before = known.get(file);
  if (before !== undefined) return before;
  const { outerMaps, innerMaps } = file;
  const declarations = new Map([...outerMaps, ...innerMaps].map(item => [identityOf(item), item] as const));
  known.set(file, declarations);
  return declarations;
}

/** The state of a file after a reading: what equals an earlier declaration stays the same object. */
export function stateAfter(
  { path, signature, reading }: ReadFile,
  ...earlier: readonly (FileDeclarations | undefined)[]
): FileState {
  const before = (item: DeclaredObject) => {
    for (const declarations of earlier) {
      const found = declarations?.get(identityOf(item));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    ...{ ...reading, path, signature },
    outerMaps: reading.outerMaps.map(outer => sameOuter(before(outer) as DeclaredOuter | undefined, outer)),
    innerMaps: reading.innerMaps.map(inner => sameInner(before(inner) as WantedInner | undefined, inner)),
  };
}

/** The reading of a file that cannot be read at present. */
export function unreadReading(path: string, message: string): FileReading {
  const rejected: readonly RejectedObject[] = [{ origin: path, message, foreign: false }];
  return { outerMaps: [], innerMaps: [], rejected, encodedBy: {}, sizes: [] };
}

/** What a reading takes away: something that was declared, perhaps something that an earlier run declared, or nothing. */
export type Taken = 'declared' | 'unknown' | 'nothing';

/**
 * Judges a reading by what stands of the file: an object, a key or entries may be missing. While something in it is wrong,
 * objects and keys stay; wrong contents leave the last good ones.
 */
export function takenBy(
  previous: FileState | undefined,
  next: FileState,
  standing: FileDeclarations = NOTHING,
): Taken {
  const isWrong = next.rejected.some(({ foreign }) => !foreign);
  const [before, now] = [previous === undefined ? NOTHING : declarationsOf(previous), declarationsOf(next)];
  if (before.size + standing.size === 0) return isWrong || now.size === 0 ? 'unknown' : 'nothing';
  if ([...standing, ...before].some(([name, item]) => isLess(item, now.get(name), isWrong)))
    return 'declared';
  const isWorse = isWrong && next.rejected.length > (previous?.rejected.length ?? 0);
  return isWorse || next.innerMaps.some(({ content }) => content.kind === 'invalid') ? 'unknown' : 'nothing';
}

const NOTHING: FileDeclarations = new Map();

function isLess(before: DeclaredObject, now: DeclaredObject | undefined, isWrong: boolean): boolean {
  if (now === undefined) return !isWrong;
  if ('outerMap' in before || 'outerMap' in now) return false;
  if (!isWrong && !isSamePlace(before, now)) return true;
  return now.content.kind === 'encoded' && entriesOf(now) < entriesOf(before);
}

function entriesOf({ content }: WantedInner): number {
  return content.kind === 'encoded' ? content.entries.count : 0;
}

/** Whether both want the same key of the same outer map, on the same nodes. */
export function isSamePlace(a: WantedInner, b: WantedInner | undefined): boolean {
  if (b === undefined) return false;
  const [{ spec: one }, { spec: other }] = [a.innerMap, b.innerMap];
  return (
    one.outerMap === other.outerMap &&
    isSame(one.key, other.key) &&
    isSame(one.nodeSelector, other.nodeSelector)
  );
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
    isSame(a.rejected, b.rejected)
  );
}

/** Files with contents that were encoded by another layout than the one that counts. */
export function staleFiles(
  files: readonly FileState[],
  layouts: ReadonlyMap<string, { readonly digest: string }>,
): readonly string[] {
  const isStale = ({ encodedBy }: FileState) =>
    Object.entries(encodedBy).some(([name, digest]) => (layouts.get(name)?.digest ?? digest) !== digest);
  return files.filter(isStale).map(({ path }) => path);
}
