import type { MapSpec } from '../../core/mapspec.ts';
import { hex, numbered, u32 } from '../../kernel/testing/contract/fixture.ts';
import type { FakeKernel } from '../../kernel/testing/fake/kernel.ts';
import { linux618 } from '../../kernel/testing/fake/linux.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { type Acting, AgentFixture, startedAgent } from './fixture.ts';

export const PROGRAM_PIN = '/sys/fs/bpf/program/tenants';
/** The ledger's proof of the key 7. */
export const INNER_PIN = '/sys/fs/bpf/innermap/tenants/inner/07000000';
export const OUTER_SPEC = {
  type: 'HashOfMaps',
  keySize: 4,
  valueSize: 4,
  maxEntries: 64,
  flags: 0,
} as const;
/** CAP_BPF alone, as the chart and the unit give it. */
export const BPF_ALONE = { perfmon: false, sysAdmin: false };

export const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 };

/** What a loader has at key 7. */
export const SEVEN: readonly LoadedMap[] = [{ keys: [7], pairs: { 1: 70 } }];

/** The program's outer map, adopted. */
export function adopting(spec: object = {}): AgentFixture {
  return new AgentFixture().outer('tenants', { pin: 'program/tenants', provision: 'Adopt', ...spec });
}

/** With a tenant at key 7, as the loader has it. */
export function tenant(spec: object = {}, inner: object = {}): AgentFixture {
  return adopting(spec).inner('a/seven', 'tenants', 7, { 1: 70 }, inner);
}

export function agentOn(machine: FakeMachine, fixture: AgentFixture, capabilities: object): Promise<Acting> {
  return startedAgent(machine.openKernel({ capabilities }), fixture);
}

/** An inner map that a loader makes: `pairs` are words, of which a value may have several. */
export interface LoadedMap {
  readonly keys: readonly number[];
  readonly pairs?: Readonly<Record<number, number | readonly number[]>>;
  readonly maxEntries?: number;
}

/** A program's loader: makes its outer map and inner maps, and pins the outer one. Returns itself and the inner maps' ids. */
export async function loadedBy(
  machine: FakeMachine,
  template: MapSpec,
  maps: readonly LoadedMap[],
): Promise<{ readonly loader: FakeKernel; readonly ids: readonly number[] }> {
  const loader = machine.openKernel();
  const outer = loader.createOuter(OUTER_SPEC, template, 'tenants');
  const ids: number[] = [];
  for (const [at, map] of maps.entries()) ids.push(await putMap(loader, outer, { ...map, template, at }));
  loader.pins.makeDirectory('/sys/fs/bpf/program');
  loader.pins.unlink(PROGRAM_PIN);
  loader.pins.pin(outer, PROGRAM_PIN, 0o600);
  outer.close();
  return { loader, ids };
}

async function putMap(
  loader: FakeKernel,
  outer: ReturnType<FakeKernel['open']>,
  {
    keys,
    pairs = {},
    template,
    at,
    maxEntries = template.maxEntries,
  }: LoadedMap & { template: MapSpec; at: number },
): Promise<number> {
  const scratch = `/sys/fs/bpf/scratch${at}`;
  const spec = { ...template, maxEntries };
  const entries = entriesOf(pairs, spec);
  const [inner] = await loader.build([
    { spec, name: 'own', label: 'own', entries, freeze: false, pins: [scratch] },
  ]);
  if (inner === undefined || inner instanceof Error) throw inner;
  const places = Buffer.concat(keys.map(key => u32(key)));
  await loader.replace(
    outer,
    places,
    keys.map(() => inner),
  );
  inner.close();
  loader.pins.unlink(scratch);
  return inner.id;
}

function entriesOf(pairs: NonNullable<LoadedMap['pairs']>, { type, keySize }: MapSpec) {
  const all = Object.entries(pairs);
  if (all.length === 0) return numbered(1, 0);
  const words = (some: readonly number[]) => Buffer.concat(some.map(word => u32(word)));
  // A trie's key begins with the prefix's length
  const keyOf = (key: string) =>
    type === 'LPMTrie' ? words([keySize * 8 - 32, Number(key)]) : words([Number(key)]);
  return {
    count: all.length,
    keys: new Uint8Array(Buffer.concat(all.map(([key]) => keyOf(key)))),
    values: new Uint8Array(Buffer.concat(all.map(([, value]) => words([value].flat())))),
  };
}

/** Key in hex → id, of the program's outer map. */
export async function idsOf(machine: FakeMachine): Promise<Readonly<Record<string, number>>> {
  const kernel = machine.openKernel();
  const outer = kernel.open(PROGRAM_PIN);
  const { count, keys, ids } = await kernel.readOuter(outer);
  outer.close();
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [hex(keys.subarray(at * 4, at * 4 + 4)), ids[at]!]),
  );
}

/** Somebody else puts an empty inner map of his own at a key. Returns its id. */
export async function putEmpty(loader: FakeKernel, key: number, spec: MapSpec): Promise<number> {
  const outer = loader.open(PROGRAM_PIN);
  const id = await putMap(loader, outer, { keys: [key], template: spec, at: key });
  outer.close();
  return id;
}

/** Somebody else puts the inner map with this id at a key. */
export async function putAt(loader: FakeKernel, key: number, id: number): Promise<void> {
  const [outer, map] = [loader.open(PROGRAM_PIN), loader.openById(id)];
  await loader.replace(outer, u32(key), [map]);
  for (const opened of [map, outer]) opened.close();
}

/** A machine whose kernel walks no inner maps. */
export function withoutWalk(): FakeMachine {
  const state = linux618({ bpf: true, sysAdmin: false, perfmon: false, dacOverride: true });
  return new FakeMachine({ state: { ...state, features: { ...state.features, walk: false } } });
}
