import { ledgerPaths } from '../core/ledgerrecord.ts';
import type { UndeclaredLedger } from '../core/observed.ts';
import type { Pins } from '../kernel/pins.ts';
import { isLeftover, ledgerNamed, ledgerNames, recordAt } from './ledger.ts';

/**
 * Ledgers that no declared OuterMap claims, and of which something must go: those that say Delete, and what a crash
 * left before there was a record. Retain leaves all of it, and is not even listed: it would be, on every turn.
 */
export function abandonedLedgers(pins: Pins, declared: ReadonlySet<string>): readonly UndeclaredLedger[] {
  const abandoned: UndeclaredLedger[] = [];
  for (const name of ledgerNames(pins)) {
    if (declared.has(name)) continue;
    const record = recordAt(pins, ledgerPaths(pins.root, name).spec);
    if (record !== undefined && record.deletionPolicy !== 'Delete') continue;
    const ledger = ledgerNamed(pins, name);
    if (record !== undefined) abandoned.push({ name, record, innerPins: ledger.innerPins });
    else if (isLeftover(pins, ledger)) abandoned.push({ name, innerPins: [] });
  }
  return abandoned;
}
