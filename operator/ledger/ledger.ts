import { suggestion } from '../api/nearest.ts';
import { parseRemovals, type RecentRemoval } from '../core/brake/recent.ts';
import { idInRecord, isIdRecordFile, isInnerPin } from '../core/ledger/innerpin.ts';
import {
  LEDGER,
  type LedgerPaths,
  type LedgerRecord,
  ledgerPaths,
  parseRecord,
  TEMPORARY,
} from '../core/ledgerrecord.ts';
import { KernelError } from '../kernel/error.ts';
import { type PinKind, type Pins, RECORD_BESIDE } from '../kernel/pins.ts';

/** The state that this operator keeps of one outer map on this node. */
export interface Ledger {
  readonly name: string;
  readonly paths: LedgerPaths;
  /** Absent where a crash left none, or where it is not ours. */
  readonly record?: LedgerRecord;
  /** Names of our pins below `inner/`, without those of unfinished work. */
  readonly innerPins: readonly string[];
  /** Paths below the ledger's directory that others made: they stay. */
  readonly strangers: readonly string[];
}

/** The ledgers of all outer maps on this node, by name. */
export function ledgersIn(pins: Pins): readonly Ledger[] {
  return ledgerNames(pins).map(name => ledgerNamed(pins, name));
}

/** Sorted. Only directories are ledgers, that of requests aside: an OuterMap's name is a DNS label. */
export function ledgerNames(pins: Pins): readonly string[] {
  const kinds = [...pins.kinds(`${pins.root}/${LEDGER}`)];
  return kinds
    .flatMap(([name, kind]) => (kind === 'directory' && !name.startsWith('~') ? [name] : []))
    .toSorted();
}

/** The ledger of one outer map. Where it does not exist, the error names those that do. */
export function ledgerOf(pins: Pins, name: string): Ledger {
  const names = ledgerNames(pins);
  if (names.includes(name)) return ledgerNamed(pins, name);
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  const near = suggestion(name, names);
  throw new Error(`Cannot find outer map ${name} in ${pins.root}/${LEDGER}: ${known}${near}`);
}

/** The ledger of one outer map; empty where it does not exist. */
export function ledgerNamed(pins: Pins, name: string): Ledger {
  const paths = ledgerPaths(pins.root, name);
  const record = recordAt(pins, paths.spec);
  const ours = new Set(innerPinsIn(pins, paths.inner));
  const innerPins = [...ours].filter(pin => !pin.endsWith(TEMPORARY) && !pin.endsWith(RECORD_BESIDE));
  const strangers = [
    ...pathsOf(paths.directory, pins.kinds(paths.directory), (name, kind) => !isOurs(name, kind)),
    ...pathsOf(paths.inner, pins.kinds(paths.inner), name => !ours.has(name)),
  ];
  return { name, paths, innerPins, strangers, ...(record === undefined ? {} : { record }) };
}

/** Undefined where nothing is at the path, or something other than a record of ours. */
export function recordAt(pins: Pins, path: string): LedgerRecord | undefined {
  const text = recordTextAt(pins, path);
  return text === undefined ? undefined : parseRecord(text);
}

/** The last minute's removals, as far as the ledger tells. */
export function removalsAt(pins: Pins, path: string): readonly RecentRemoval[] {
  return parseRemovals(recordTextAt(pins, path) ?? '');
}

function recordTextAt(pins: Pins, path: string): string | undefined {
  try {
    return pins.readRecord(path);
  } catch (error) {
    // A pin or a directory of others, which is no symlink
    if (error instanceof KernelError && error.errno === 'EINVAL') return undefined;
    throw error;
  }
}

/** A crash came before the record was written, or after it was removed: the kernel has no map of it. */
export function isLeftover(pins: Pins, { record, paths }: Ledger): boolean {
  if (record !== undefined || pins.list(paths.inner).length > 0) return false;
  const others = pins.list(paths.directory).filter(name => !LEFT_OVER.has(name));
  return (
    others.length === 0 || (others.length === 1 && others[0] === 'inner' && pins.isDirectory(paths.inner))
  );
}

/** Throws where something else is in the place of a ledger's directories: a symlink would lead anywhere. */
export function requireDirectories(pins: Pins, { directory, inner }: LedgerPaths): void {
  for (const path of [directory, inner]) {
    if (!pins.exists(path) || pins.isDirectory(path)) continue;
    throw new KernelError(
      'use the ledger at',
      path,
      'ENOTDIR',
      'it is no directory: look what it is, and remove it',
    );
  }
}

/**
 * The names that this operator gives below `inner/`: a key, or its digest, in hex, and what follows. A link is ours where it
 * is a record of an id; no other is followed.
 */
export function* innerPinsIn(pins: Pins, directory: string): Generator<string> {
  for (const [name, kind] of pins.kinds(directory)) {
    const isOurs = isOurPin(name, kind) || recordedIdAt(pins, `${directory}/${name}`, kind) !== undefined;
    if (isOurs) yield name;
  }
}

export function isOurPin(name: string, kind: PinKind): boolean {
  return kind === 'pin' && isInnerPin(name);
}

/** The id that a link below `inner/` records; undefined where it is none of ours. */
export function recordedIdAt(pins: Pins, path: string, kind: PinKind = 'link'): number | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (kind !== 'link' || !isIdRecordFile(name)) return undefined;
  return idInRecord(recordTextAt(pins, path) ?? '');
}

const LEFT_OVER = new Set([`spec${RECORD_BESIDE}`, 'removed', `removed${RECORD_BESIDE}`]);
/** The names that it gives beside them. */
const OURS = new Set(['outer', `outer${TEMPORARY}`, `pin${TEMPORARY}`, 'spec', ...LEFT_OVER]);

function isOurs(name: string, kind: PinKind): boolean {
  return name === 'inner' ? kind === 'directory' : OURS.has(name);
}

function pathsOf(
  directory: string,
  kinds: ReadonlyMap<string, PinKind>,
  chosen: (name: string, kind: PinKind) => boolean,
): readonly string[] {
  return [...kinds].flatMap(([name, kind]) => (chosen(name, kind) ? [`${directory}/${name}`] : []));
}
