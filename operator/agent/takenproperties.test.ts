import { expect } from 'chai';
import fc from 'fast-check';
import type { MapSpec } from '../core/mapspec.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import type { AgentFixture } from './testing/fixture.ts';
import { adopting, agentOn, BPF_ALONE, idsOf, loadedBy, withoutWalk } from './testing/loaded.ts';

const SPECS = {
  Hash: { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 },
  LRUHash: { type: 'LRUHash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 },
  Array: { type: 'Array', keySize: 4, valueSize: 4, maxEntries: 4, flags: 0 },
  LPMTrie: { type: 'LPMTrie', keySize: 8, valueSize: 4, maxEntries: 16, flags: 1 },
  RingBuf: { type: 'RingBuf', keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0 },
} as const satisfies Record<string, MapSpec>;
type Type = keyof typeof SPECS;

const DECLARED: Readonly<Record<Type, object>> = {
  Hash: { key: 'u32', value: 'u32' },
  LRUHash: { key: 'u32', value: 'u32' },
  Array: { value: 'u32' },
  LPMTrie: { key: 'cidr4', value: 'u32', flags: ['NoPrealloc'] },
  RingBuf: {},
};

/** An inner map of the program's, at some keys; and what is declared at each: nothing, the same, or another value. */
const map = fc.record({
  keys: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
  value: fc.integer({ min: 1, max: 9 }),
});
const world = fc.record({
  type: fc.constantFrom(...(Object.keys(SPECS) as Type[])),
  maps: fc.array(map, { maxLength: 4 }),
  declared: fc.dictionary(fc.nat(7).map(String), fc.constantFrom('same', 'other'), { maxKeys: 6 }),
  update: fc.constantFrom('Swap', 'InPlace'),
  may: fc.constantFrom({}, BPF_ALONE),
  walks: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** By key: the last map that was put there has it. */
function valuesOf({ maps }: World): ReadonlyMap<number, number> {
  return new Map(maps.flatMap(({ keys, value }) => keys.map(key => [key, value] as const)));
}

function fixtureOf(one: World, keys = Object.keys(one.declared)): AgentFixture {
  const { maxEntries } = SPECS[one.type];
  const inner = { type: one.type, maxEntries, ...DECLARED[one.type] };
  const values = valuesOf(one);
  return keys.reduce(
    (fixture, key) => {
      const value = (values.get(Number(key)) ?? 5) + (one.declared[key] === 'same' ? 0 : 10);
      const at = one.type === 'LPMTrie' ? '1.0.0.0/32' : '1';
      const pairs = one.type === 'RingBuf' ? {} : { [at]: value };
      return fixture.inner(
        `a/k${key}`,
        'tenants',
        Number(key),
        pairs,
        one.type === 'RingBuf' ? {} : { update: one.update },
      );
    },
    adopting({ inner, maxRemoval: '100%' }),
  );
}

async function machineOf(one: World): Promise<FakeMachine> {
  const machine = one.walks ? new FakeMachine() : withoutWalk();
  const pairs = (value: number) => (one.type === 'RingBuf' ? {} : { pairs: { 1: value } });
  await loadedBy(
    machine,
    SPECS[one.type],
    one.maps.map(({ keys, value }) => ({ keys, ...pairs(value) })),
  );
  return machine;
}

describe('turn, adopting any outer map', () => {
  const hexOf = (key: string) => `0${key}000000`;

  it('plans nothing more; keeps each inner map that is as declared; and leaves no key that was Ready once its InnerMap is gone', async () => {
    await fc.assert(
      fc.asyncProperty(world, async one => {
        const machine = await machineOf(one);
        const before = await idsOf(machine);
        const acting = await agentOn(machine, fixtureOf(one), one.may);
        const { report } = await acting.turn();
        const after = await idsOf(machine);
        for (const again of [acting, await agentOn(machine, fixtureOf(one), one.may)])
          expect((await again.resync()).plan.steps).to.deep.equal([]);
        const failed = new Set(report.innerMaps.map(({ key }) => key));
        for (const [key, how] of Object.entries(one.declared)) {
          const there = before[hexOf(key)];
          const isKept = how === 'same' || failed.has(key) || one.type === 'RingBuf';
          if (there !== undefined && isKept) expect(after[hexOf(key)], key).to.equal(there);
        }
        await acting.resync(fixtureOf(one, []));
        const left = new Set(Object.keys(await idsOf(machine)));
        for (const key of Object.keys(one.declared))
          expect(left.has(hexOf(key)), `key ${key} is left`).to.equal(failed.has(key));
        for (const key of Object.keys(before))
          if (one.declared[String(Number(key.slice(0, 2)))] === undefined)
            expect((await idsOf(machine))[key], 'nobody declared it').to.equal(before[key]);
      }),
      { numRuns: 150 },
    );
  });

  it('changes no id by a plan without a change of contents, and in place by none at all', async () => {
    await fc.assert(
      fc.asyncProperty(world, async one => {
        const machine = await machineOf(one);
        const acting = await agentOn(machine, fixtureOf(one), one.may);
        await acting.turn();
        const ids = await idsOf(machine);
        for (const labels of [{ x: '1' }, { x: '2' }]) {
          await acting.turn(relabelled(fixtureOf(one), Object.keys(one.declared), labels));
          expect(await idsOf(machine)).to.deep.equal(ids);
        }
        if (one.update !== 'InPlace') return;
        const twice = new Set(Object.values(ids).filter((id, at, all) => all.indexOf(id) !== at));
        const changed = {
          ...one,
          declared: Object.fromEntries(Object.keys(one.declared).map(key => [key, 'other' as const])),
        };
        await acting.turn(fixtureOf(changed));
        const now = await idsOf(machine);
        for (const [key, id] of Object.entries(ids)) if (!twice.has(id)) expect(now[key], key).to.equal(id);
      }),
      { numRuns: 100 },
    );
  });
});

/** Other objects that declare the same. */
function relabelled(fixture: AgentFixture, keys: readonly string[], labels: object): AgentFixture {
  return keys.reduce((all, key) => all.stored(`a/k${key}`, { labels } as never), fixture);
}
