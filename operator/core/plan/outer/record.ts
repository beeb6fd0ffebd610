import type { DesiredOuter } from '../../desired/desired.ts';
import { shapeDigest } from '../../layout/difference.ts';
import type { LedgerRecord } from '../../ledgerrecord.ts';

/** The record of an outer map that is made by this declaration. */
export function recordOf({ outerMap, layout }: DesiredOuter): LedgerRecord {
  const { provision, deletionPolicy, maxRemoval, pin, type, maxEntries, key, flags, inner } = outerMap.spec;
  const policies = { provision, deletionPolicy, maxRemoval };
  const declared = { type, maxEntries, key, flags, inner };
  const made = { layoutDigest: layout.digest, shape: shapeDigest(layout) };
  const record = { version: 1, ...made, ...policies, declared } as const;
  return pin === undefined ? record : { ...record, pin };
}
