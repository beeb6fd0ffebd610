import { expect } from 'chai';
import fc from 'fast-check';
import { innerMapName } from '../api/innermap.ts';
import { type DesiredOuter, desiredState } from '../core/desired/desired.ts';
import { planLines } from '../core/plan/print.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { apply } from './apply/apply.ts';
import { dryRun } from './dryrun.ts';
import { AgentFixture, type Pairs, startedAgent } from './testing/fixture.ts';

const LEDGER = '/sys/fs/bpf/innermap/tenants/outer';
const NODE = { name: 'here', labels: {} };

interface Declared {
  readonly name: string;
  readonly key: number;
  readonly pairs: Pairs;
  readonly update: 'Swap' | 'InPlace';
  readonly sealed: boolean;
}

const pairs = fc.dictionary(fc.integer({ min: 0, max: 9 }).map(String), fc.integer({ min: 0, max: 3 }), {
  maxKeys: 6,
});
/** Contents that several have, so that one inner map serves them. */
const contents = fc.oneof(pairs, fc.constantFrom({ 1: 1 }, { 1: 1, 2: 2 }));
const declared: fc.Arbitrary<Declared> = fc.record({
  name: fc.constantFrom('a/p', 'a/q', 'b/r', 'b/s', 'c/t'),
  key: fc.integer({ min: 0, max: 3 }),
  pairs: contents,
  update: fc.constantFrom('Swap' as const, 'InPlace' as const),
  sealed: fc.boolean(),
});
const kind = fc.constantFrom({ type: 'HashOfMaps', maxEntries: 8 }, { type: 'ArrayOfMaps', maxEntries: 4 });
const wanted = fc.tuple(kind, fc.array(declared, { maxLength: 5 }));

function sceneOf([spec, inners]: readonly [object, readonly Declared[]], outer: object = {}): AgentFixture {
  return inners.reduce(
    (fixture, { name, key, pairs, update, sealed }) =>
      fixture.inner(name, 'tenants', key, pairs, sealed ? { sealed } : { update }),
    new AgentFixture().outer('tenants', { ...spec, ...outer }),
  );
}

/** What programs should see: of those that have their key what they declare; of those whose key another has what they had. */
function expected(fixture: AgentFixture, before?: AgentFixture): object {
  const desired = tenantsOf(fixture);
  const winners = new Set([...desired.inners.values()].map(({ innerMap }) => innerMapName(innerMap)));
  const others = fixture.wanted().innerMaps.map(({ innerMap }) => innerMapName(innerMap));
  const contents = fixture.without(...others.filter(name => !winners.has(name))).contents('tenants');
  if (before === undefined) return contents;
  const displaced = new Set([...desired.displaced.values()].map(innerMapName));
  const had = Object.entries(expected(before)).filter(([key]) => displaced.has(ownerIn(before, key)));
  return { ...Object.fromEntries(had), ...contents };
}

function tenantsOf(fixture: AgentFixture): DesiredOuter {
  return desiredState(fixture.wanted(), NODE).outers.get('tenants')!;
}

function ownerIn(fixture: AgentFixture, key: string): string {
  return innerMapName(tenantsOf(fixture).inners.get(key)!.innerMap);
}

describe('plan', () => {
  it('applied makes the kernel as desired, from whatever it held before; the plan after that is empty', async () => {
    await fc.assert(
      fc.asyncProperty(wanted, fc.array(declared, { maxLength: 5 }), async ([spec, first], second) => {
        const machine = new FakeMachine();
        const before = sceneOf([spec, first]);
        await (await startedAgent(machine.openKernel(), before)).turn();
        const fixture = sceneOf([spec, second]);
        const acting = await startedAgent(machine.openKernel(), fixture);
        await acting.turn();
        expect(machine.dump(LEDGER)).to.deep.equal(expected(fixture, before));
        const { plan } = await dryRun(fixture.wanted(), machine.openKernel(), NODE);
        expect(planLines(plan)).to.deep.equal([]);
        expect((await acting.resync()).plan.steps).to.deep.equal([]);
      }),
      { numRuns: 150 },
    );
  });

  it('of one process that knows what it did makes each change, whatever failed before', async () => {
    const change = fc.record({ at: fc.nat(3), pairs: contents, sealed: fc.boolean(), fails: fc.nat(19) });
    await fc.assert(
      fc.asyncProperty(kind, fc.array(change, { minLength: 2, maxLength: 6 }), async (spec, changes) => {
        const machine = new FakeMachine();
        const first = [0, 1, 2].reduce(
          (fixture, key) => fixture.inner(`a/m${key}`, 'tenants', key, { 1: key }),
          new AgentFixture().outer('tenants', spec),
        );
        const acting = await startedAgent(machine.openKernel(), first);
        await acting.turn();
        let fixture = first;
        for (const { at, pairs, sealed, fails } of changes) {
          fixture = fixture.inner(`a/m${at}`, 'tenants', at, pairs, sealed ? { sealed } : {});
          machine.failMutation(fails < 5 ? fails : undefined, 'EIO');
          await acting.turn(fixture);
        }
        machine.failMutation(undefined);
        await acting.turn();
        await acting.turn();
        expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
        const { plan } = await dryRun(fixture.wanted(), machine.openKernel(), NODE);
        expect(planLines(plan)).to.deep.equal([]);
      }),
      { numRuns: 150 },
    );
  });

  it('is the same for any order of the inputs', async () => {
    await fc.assert(
      fc.asyncProperty(wanted, fc.infiniteStream(fc.nat()), async (declared, ranks) => {
        const fixture = sceneOf(declared);
        const rank = new Map(
          fixture
            .wanted()
            .innerMaps.map(({ innerMap }) => [innerMap.metadata.name, ranks.next().value as number]),
        );
        const shuffled = fixture.ordered(name => rank.get(name.split('/')[1] ?? '') ?? 0);
        const one = await dryRun(fixture.wanted(), new FakeMachine().openKernel(), NODE);
        const two = await dryRun(shuffled.wanted(), new FakeMachine().openKernel(), NODE);
        expect(planLines(two.plan)).to.deep.equal(planLines(one.plan));
      }),
      { numRuns: 100 },
    );
  });

  it('removes nothing while a source is incomplete', async () => {
    await fc.assert(
      fc.asyncProperty(wanted, fc.array(declared, { maxLength: 5 }), async ([spec, first], second) => {
        const machine = new FakeMachine();
        await (await startedAgent(machine.openKernel(), sceneOf([spec, first]))).turn();
        const before = Object.keys(machine.dump(LEDGER));
        await (await startedAgent(machine.openKernel(), sceneOf([spec, second]).incomplete())).turn();
        expect(Object.keys(machine.dump(LEDGER))).to.include.members(before);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps each key that stays declared readable after every prefix', async () => {
    await fc.assert(
      fc.asyncProperty(wanted, fc.array(declared, { maxLength: 5 }), async ([spec, first], second) => {
        const machine = new FakeMachine();
        await (await startedAgent(machine.openKernel(), sceneOf([spec, first]))).turn();
        const before = Object.keys(machine.dump(LEDGER));
        const fixture = sceneOf([spec, second]);
        const staying = Object.keys(expected(fixture)).filter(key => before.includes(key));
        const { plan } = await dryRun(fixture.wanted(), machine.openKernel(), NODE);
        for (const step of plan.steps) {
          await apply({ ...plan, steps: [step] }, machine.openKernel(), { now: 0, removed: new Map() });
          expect(Object.keys(machine.dump(LEDGER))).to.include.members(staying);
        }
      }),
      { numRuns: 60 },
    );
  });
});
