import { ledgerPaths } from '../core/ledgerrecord.ts';
import type { UndeclaredLedger } from '../core/observed.ts';
import type { Pins } from '../kernel/pins.ts';
import { isLeftover, ledgerNamed, ledgerNames, recordAt } from './ledger.ts';

/**
 * Ledgers without a declared OuterMap of which something must be removed: those whose record says Delete, and those
 * that a crash left without a record. Ledgers that say Retain stay, and would only be listed again on every turn.
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
