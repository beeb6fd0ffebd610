import type { Pins } from '../../kernel/pins.ts';
import type { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { AgentFixture } from './fixture.ts';

/** The ledger's pin of the outer map `tenants`. */
export const LEDGER = '/sys/fs/bpf/innermap/tenants/outer';

export function twoTenants(): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { pin: 'tenants' })
    .inner('a/web', 'tenants', 1, { 10: 1, 20: 2 })
    .inner('b/web', 'tenants', 2, { 10: 3 });
}

/** Programs, or somebody else, write so many entries that nobody declared, of 4 + 4 bytes, into an inner map of `tenants`. */
export async function writeOther(
  machine: FakeMachine,
  keyHex: string,
  { count, from = 1000 }: { readonly count: number; readonly from?: number },
): Promise<void> {
  const kernel = machine.openKernel();
  const inner = kernel.open(`/sys/fs/bpf/innermap/tenants/inner/${keyHex}`);
  const words = new Uint8Array(Uint32Array.from({ length: count }, (_, at) => from + at).buffer);
  await kernel.edit(inner, { upserts: { count, keys: words, values: words }, deletes: new Uint8Array(0) });
  inner.close();
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
