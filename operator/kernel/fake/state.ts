import type { KernelState } from '../../api/status.ts';
import type { FakeCapabilities } from './process.ts';

/** What a probe finds on Linux 6.18 with these capabilities. */
export function linux618(capabilities: FakeCapabilities): KernelState {
  return {
    release: '6.18.0-fake',
    outerBatch: 'once',
    gracePeriodMs: 8,
    features: {
      arrayOfMapsDeleteBatch: false,
      freeze: true,
      innerMapFlag: true,
      openById: capabilities.sysAdmin,
      readTemplate: capabilities.perfmon,
    },
  };
}
