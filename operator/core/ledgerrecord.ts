import type { OuterMapSpec, Template } from '../api/outermap.ts';
import { pinProblem } from '../api/parse/pin.ts';
import { isObject } from '../api/parse/section.ts';
import { bytesOfHex } from './bytes/hex.ts';
import { sha256 } from './sha256.ts';

/**
 * Where the ledger lies in a bpffs: `innermap/<outer map's name>/` holds
 * `outer` (a second pin of the outer map), `spec` (the record), `inner/<key>` (a pin for each inner map that is ours), and
 * `removed` (the last minute's removals, for the brake).
 */
export const LEDGER = 'innermap';

export interface LedgerPaths {
  readonly directory: string;
  readonly outer: string;
  readonly spec: string;
  readonly inner: string;
  readonly removed: string;
  /** Where a new map's pin for programs is made, before it is renamed to its place. */
  readonly pin: string;
}

export function ledgerPaths(root: string, outerMap: string): LedgerPaths {
  const directory = `${root}/${LEDGER}/${outerMap}`;
  const at = (name: string): string => `${directory}/${name}`;
  const [outer, spec, inner] = [at('outer'), at('spec'), at('inner')];
  return { directory, outer, spec, inner, removed: at('removed'), pin: at('pin') };
}

/** Ends the name of a pin whose inner map is not in the outer map yet. */
export const TEMPORARY = '-new';

/** Names on a bpffs end at 255 bytes: longer keys are named by their digest. */
const LONGEST_NAMED_KEY = 100;

/** The name of an inner map's pin below `inner/`, by the outer map's key in hex. */
export function innerPinName(keyHex: string): string {
  return keyHex.length <= 2 * LONGEST_NAMED_KEY ? keyHex : sha256(bytesOfHex(keyHex) ?? new Uint8Array(0));
}

/** The inner pin with the id of the outer entry proves the entry ours, under its temporary name too. Undefined where none does. */
export function provingPin(
  keyHex: string,
  id: number,
  pins: ReadonlyMap<string, number>,
): string | undefined {
  const name = innerPinName(keyHex);
  if (pins.get(name) === id) return name;
  return pins.get(name + TEMPORARY) === id ? name + TEMPORARY : undefined;
}

export function ownsKey(keyHex: string, id: number, pins: ReadonlyMap<string, number>): boolean {
  return provingPin(keyHex, id, pins) !== undefined;
}

/**
 * One outer map's record: the target of the symlink `spec`. It serves while no manifest declares the outer map,
 * and its declarations let `get` and `clean` work without manifests.
 */
export interface LedgerRecord {
  readonly version: 1;
  readonly layoutDigest: string;
  readonly provision: OuterMapSpec['provision'];
  readonly deletionPolicy: OuterMapSpec['deletionPolicy'];
  readonly maxRemoval: OuterMapSpec['maxRemoval'];
  /** Relative to the bpffs. */
  readonly pin?: string;
  /**
   * This record is of the map under the temporary name, which is whole and takes the place of the one before it: a crash
   * from here on changes nothing of that. `unpin`: the pin of the one before, where the new one has another.
   */
  readonly taking?: { readonly id: number; readonly unpin?: string };
  /** A digest of the layout as the kernel sees it, in the place of declarations that do not fit. */
  readonly shape?: string;
  /** Absent where they do not fit into a symlink's target. */
  readonly declared?: {
    readonly type: OuterMapSpec['type'];
    readonly maxEntries: number;
    readonly key: string;
    readonly flags: OuterMapSpec['flags'];
    readonly inner: Template;
  };
}

/** A symlink's target ends at 4,095 bytes. */
const LONGEST_RECORD = 4000;

export function recordText(record: LedgerRecord): string {
  if (record.declared === undefined) return JSON.stringify(record);
  const { shape: _, ...whole } = record;
  const text = JSON.stringify(whole);
  if (new TextEncoder().encode(text).length <= LONGEST_RECORD) return text;
  const { declared: __, ...short } = record;
  return JSON.stringify(short);
}

/** Undefined where the text is not a record of ours: no field of a foreign symlink is trusted. */
export function parseRecord(text: string): LedgerRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? (value as unknown as LedgerRecord) : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): boolean {
  return (
    isObject(value) &&
    value['version'] === 1 &&
    typeof value['layoutDigest'] === 'string' &&
    (value['provision'] === 'Create' || value['provision'] === 'Adopt') &&
    (value['deletionPolicy'] === 'Retain' || value['deletionPolicy'] === 'Delete') &&
    isBrake(value['maxRemoval']) &&
    ['undefined', 'string'].includes(typeof value['shape']) &&
    (value['taking'] === undefined || isTaking(value['taking'])) &&
    (value['pin'] === undefined || isPin(value['pin'])) &&
    (value['declared'] === undefined || isDeclared(value['declared']))
  );
}

function isBrake(value: unknown): boolean {
  return isObject(value) && [value['percent'], value['keys']].some(limit => Number.isInteger(limit));
}

/** What no manifest may declare, no record has: it could lead out of the bpffs, or into the ledger. */
function isPin(value: unknown): boolean {
  return typeof value === 'string' && pinProblem(value) === undefined;
}

function isTaking(value: unknown): boolean {
  if (!isObject(value) || typeof value['id'] !== 'number') return false;
  return value['unpin'] === undefined || isPin(value['unpin']);
}

function isDeclared(value: unknown): boolean {
  if (!isObject(value)) return false;
  const texts = [value['type'], value['key']].every(text => typeof text === 'string');
  const isSized = typeof value['maxEntries'] === 'number' && Array.isArray(value['flags']);
  return texts && isSized && isObject(value['inner']) && typeof value['inner']['type'] === 'string';
}
