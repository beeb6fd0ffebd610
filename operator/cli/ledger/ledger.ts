import {
  LEDGER,
  type LedgerPaths,
  type LedgerRecord,
  ledgerPaths,
  parseRecord,
  TEMPORARY,
} from '../../core/ledger.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import type { Pins } from '../../kernel/pins.ts';
import { suggestion } from '../terminal/nearest.ts';

/** What this operator wrote down of one outer map on this node. */
export interface Ledger {
  readonly name: string;
  readonly paths: LedgerPaths;
  /** Absent where a crash left none, or where it is not ours. */
  readonly record?: LedgerRecord;
  /** Names below `inner/`, those of unfinished work left out. */
  readonly innerPins: readonly string[];
}

/** Every outer map that this operator knows on this node, by name. */
export function ledgers(pins: Pins): readonly Ledger[] {
  const names = [...pins.list(`${pins.root}/${LEDGER}`)].sort();
  return names.map(name => ledgerNamed(pins, name));
}

/** The ledger of one outer map; an error that names those that are there. */
export function ledgerOf(pins: Pins, name: string): Ledger {
  const names = pins.list(`${pins.root}/${LEDGER}`);
  if (names.includes(name)) return ledgerNamed(pins, name);
  const known = names.length === 0 ? 'there is none' : `there are ${[...names].sort().join(', ')}`;
  const near = suggestion(name, names);
  throw new Error(`Cannot find outer map ${name} in ${pins.root}/${LEDGER}: ${known}${near}`);
}

function ledgerNamed(pins: Pins, name: string): Ledger {
  const paths = ledgerPaths(pins.root, name);
  const text = pins.readRecord(paths.spec);
  const record = text === undefined ? undefined : parseRecord(text);
  const innerPins = pins.list(paths.inner).filter(pin => !pin.endsWith(TEMPORARY));
  return { name, paths, innerPins, ...(record === undefined ? {} : { record }) };
}

/** The map at a pin while `use` runs; undefined where nothing is pinned there. */
export async function withMap<T>(
  kernel: Kernel,
  pin: string,
  use: (map: OpenMap) => Promise<T>,
): Promise<T | undefined> {
  const map = openIfThere(kernel, pin);
  if (map === undefined) return undefined;
  try {
    return await use(map);
  } finally {
    map.close();
  }
}

function openIfThere(kernel: Kernel, pin: string): OpenMap | undefined {
  try {
    return kernel.open(pin);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}

/** The id of the map at a pin; undefined where nothing is pinned there. */
export function idAt(kernel: Kernel, pin: string): number | undefined {
  const map = openIfThere(kernel, pin);
  map?.close();
  return map?.id;
}
