import { readFileSync } from 'node:fs';
import type { InnerMapReport, OuterMapReport, Report } from '../../core/report/report.ts';

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export const WEB: InnerMapReport = {
  namespace: 'team-a',
  name: 'web',
  outerMap: 'tenants',
  key: '10.1.0.7',
  entries: 2,
  ready: true,
  reason: 'Programmed',
  message: '',
};
export const TENANTS: OuterMapReport = {
  name: 'tenants',
  type: 'HashOfMaps',
  inner: 'Hash 4→16',
  pin: '/sys/fs/bpf/tenants',
  innerMaps: 1,
  entries: 2,
  ready: true,
  reason: 'Programmed',
  message: '',
};

/** A report of an agent for which all is well, but for `change`. */
export function report(change: Partial<Report> = {}): Report {
  return {
    bpffs: '/sys/fs/bpf',
    state: {
      node: { name: 'node-1', bootID: BOOT, labelsHash: '' },
      outerMaps: [],
      failures: [],
      drift: { found: 0, repaired: 0 },
      conditions: [],
      kernel: { release: '6.18.0', outerBatch: 'once', gracePeriodMs: 8, features: {} },
    },
    outerMaps: [TENANTS],
    innerMaps: [],
    refusals: [],
    turn: {
      number: 3,
      startedAt: '2026-01-02T03:00:05Z',
      milliseconds: 4,
      steps: 1,
      inserted: 1,
      replaced: 0,
      edited: 0,
      removed: 0,
      failed: 0,
      driftFound: 0,
      driftRepaired: 0,
    },
    ...change,
  };
}

/** One outer map and one inner map that are not ready. */
export const FAILED: Partial<Report> = {
  outerMaps: [
    { ...TENANTS, name: 'aaa' },
    { ...TENANTS, ready: false, reason: 'PinInUse', message: 'Pin tenants holds a foreign map' },
  ],
  innerMaps: [
    {
      ...WEB,
      name: 'bad',
      ready: false,
      reason: 'InvalidEntries',
      message: 'spec.entries[3].value: 70000 is too large',
    },
  ],
};
