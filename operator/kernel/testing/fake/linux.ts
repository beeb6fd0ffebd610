import { CONTENT_TYPES, INNER_TYPES } from '../../../api/outermap.ts';
import type { KernelState } from '../../../api/status.ts';
import type { FakeCapabilities } from './process.ts';

/** The result of a probe on Linux 6.18 with these capabilities. */
export function linux618(capabilities: FakeCapabilities): KernelState {
  return {
    release: '6.18.0-fake',
    outerBatch: 'once',
    gracePeriodMs: 8,
    features: {
      arrayOfMapsDeleteBatch: false,
      hashOfMapsDeleteBatch: true,
      outerLookupsWait: false,
      replaceVisible: false,
      walk: true,
      innerTypesCompared: false,
      innerLock: true,
      freeze: true,
      innerMapFlag: true,
      openById: capabilities.sysAdmin,
      readTemplate: capabilities.perfmon,
      ...Object.fromEntries(INNER_TYPES.map(type => [`inner.${type}`, true])),
      ...Object.fromEntries(
        CONTENT_TYPES.map(type => [`exactEdit.${type}`, ['Hash', 'Array'].includes(type)]),
      ),
    },
  };
}
