import type { BuildRequest, OpenMap } from '../../kernel.ts';
import { HASH, numbered, openMap, u32 } from '../contract/fixture.ts';
import type { FakeKernel } from './kernel.ts';
import type { FakeMachine } from './machine.ts';

/** The fixture of the fake's own tests. */
export const ROOT = '/sys/fs/bpf';
export const OUTER = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 } as const;

/** An inner map of two entries, pinned by its name. */
export function request(name: string, changes: Partial<BuildRequest> = {}): BuildRequest {
  const entries = numbered(1, 2);
  return {
    spec: HASH,
    name,
    label: `team-a/${name}`,
    entries,
    freeze: false,
    pins: [`${ROOT}/${name}`],
    ...changes,
  };
}

export async function built(kernel: FakeKernel, name: string): Promise<OpenMap> {
  return openMap((await kernel.build([request(name)]))[0]);
}

/** An outer map pinned as `outer` with one inner map pinned as `a` at key 1, by a process that still runs. */
export async function tenants(machine: FakeMachine): Promise<FakeKernel> {
  const kernel = machine.openKernel();
  const outer = kernel.createOuter(OUTER, HASH, 'tenants');
  kernel.pins.pin(outer, `${ROOT}/outer`, 0o600);
  await kernel.replace(outer, u32(1), [await built(kernel, 'a')]);
  return kernel;
}

/** The error that a promise is rejected with; undefined where it is fulfilled. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
