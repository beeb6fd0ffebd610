import type { Pins } from '../../kernel/pins.ts';
import { AgentFixture } from './fixture.ts';

/** The ledger's pin of the outer map `tenants`. */
export const LEDGER = '/sys/fs/bpf/innermap/tenants/outer';

export function twoTenants(): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { pin: 'tenants' })
    .inner('a/web', 'tenants', 1, { 10: 1, 20: 2 })
    .inner('b/web', 'tenants', 2, { 10: 3 });
}

/** rm -r of all that is in a directory. */
export function removeBelow(pins: Pins, directory: string): void {
  for (const [name, kind] of pins.kinds(directory)) {
    const path = `${directory}/${name}`;
    if (kind !== 'directory') pins.unlink(path);
    else {
      removeBelow(pins, path);
      pins.removeDirectory(path);
    }
  }
}
