import type { OuterMap } from '../../api/outermap.ts';
import type { LedgerRecord } from '../ledgerrecord.ts';
import { differenceText, layoutDifference, shapeDigest } from './difference.ts';
import { digestWithOwned } from './digest.ts';
import { type OuterLayout, outerLayout } from './outer.ts';

/** The layout that a record's declarations give; undefined where it holds none, or none that can be read. */
export function recordedLayout(name: string, { declared }: LedgerRecord): OuterLayout | undefined {
  if (declared === undefined) return undefined;
  const layout = outerLayout(outerMapOf(name, declared));
  return layout.ok ? layout.value : undefined;
}

/**
 * How the layout that a map was made with differs from the declared one, as text; undefined where maps of both are the
 * same to the kernel. Records of earlier releases are taken: their digest may have the program-owned bytes in it.
 */
export function recordedDifference(
  name: string,
  record: LedgerRecord,
  layout: OuterLayout,
): string | undefined {
  if ([layout.digest, digestWithOwned(layout)].includes(record.layoutDigest)) return undefined;
  const before = recordedLayout(name, record);
  if (before !== undefined) {
    const difference = layoutDifference(before, layout);
    return difference === undefined ? undefined : differenceText(difference);
  }
  if (record.shape === shapeDigest(layout)) return undefined;
  return 'the map was made with other declarations, which are too long for the ledger to show';
}

/** An OuterMap that only lends its declarations. */
function outerMapOf(name: string, declared: NonNullable<LedgerRecord['declared']>): OuterMap {
  const rules = { provision: 'Adopt', undeclaredKeys: 'Keep', deletionPolicy: 'Retain', access: [] } as const;
  return {
    kind: 'OuterMap',
    metadata: { name, labels: {}, annotations: {} },
    spec: { ...declared, ...rules, pinMode: 0o600, maxRemoval: { percent: 50 } },
  };
}
