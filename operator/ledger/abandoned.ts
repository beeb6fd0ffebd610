import { type LedgerRecord, ledgerPaths } from '../core/ledgerrecord.ts';
import type { RetainedLedger, UndeclaredLedger } from '../core/observed.ts';
import type { Pins } from '../kernel/pins.ts';
import { isLeftover, ledgerNamed, ledgerNames, recordAt } from './ledger.ts';

/** Ledgers without a declared OuterMap. */
export interface UndeclaredLedgers {
  /** Of which something must be removed: the record says Delete, or a crash left none. */
  readonly abandoned: readonly UndeclaredLedger[];
  /** Which stay: the record says Retain, or there is none to say whose the pins are. */
  readonly retained: readonly RetainedLedger[];
}

/** `known`: the retained ledgers of the last turn, which are not counted again. */
export function undeclaredLedgers(
  pins: Pins,
  declared: ReadonlySet<string>,
  known: readonly RetainedLedger[] = [],
): UndeclaredLedgers {
  const abandoned: UndeclaredLedger[] = [];
  const retained: RetainedLedger[] = [];
  for (const name of ledgerNames(pins)) {
    if (declared.has(name)) continue;
    const record = recordAt(pins, ledgerPaths(pins.root, name).spec);
    if (record?.deletionPolicy === 'Delete')
      abandoned.push({ name, record, innerPins: ledgerNamed(pins, name).innerPins });
    else if (record === undefined && isLeftover(pins, ledgerNamed(pins, name)))
      abandoned.push({ name, innerPins: [] });
    else retained.push(known.find(each => each.name === name) ?? retainedLedger(pins, name, record));
  }
  return { abandoned, retained };
}

function retainedLedger(pins: Pins, name: string, record: LedgerRecord | undefined): RetainedLedger {
  const innerMaps = ledgerNamed(pins, name).innerPins.length;
  return { name, innerMaps, ...(record?.pin === undefined ? {} : { pin: record.pin }) };
}
